"""A store that issued documents before there was a ledger gets the entries that it would have written."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from billing_assets.domain.ledger import ACCOUNTS, AccountKind
from billing_assets.store import rule_rows, schema
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.revisions import newest_revision
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import AT
from billing_assets_tests.databases import run_sql
from billing_assets_tests.posted_books import bill_some
from billing_assets_tests.state import business_state

OF_THEN = tuple(account for account in ACCOUNTS if account.account_kind is not AccountKind.EXPENSE)
_BEFORE = """
begin;
set local search_path = billing;
drop table ledger_posting, ledger_entry, ledger_account;
drop function refuse_unbalanced;
update alembic_version set version_num = '0022';
commit;
"""
_AFTER = "update billing.alembic_version set version_num = '{newest}'"


def make_the_ledger_anew(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the step of the ledger alone: what came after it stands in the store as it was."""

    def to_the_ledger(config: Config, _revision: str) -> None:
        command.upgrade(config, "0023")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "command", SimpleNamespace(upgrade=to_the_ledger))
        # A later step allows accounts of further kinds.
        patch.setattr(rule_rows, "ACCOUNTS", OF_THEN)
        upgrade(url)
    run_sql(url, _AFTER.format(newest=newest_revision()))


@pytest.mark.long
def test_an_upgrade_writes_the_entries_of_documents_that_were_issued_before(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_some(database, tmp_path)
    posted = business_state(database)["postings"]
    url = database.engine.url.render_as_string(hide_password=False)
    run_sql(url, _BEFORE)
    make_the_ledger_anew(url, monkeypatch)
    assert business_state(database)["postings"] == posted
    # Three invoices and a credit note, each of three postings, a fee's one more and two pairs of rounding.
    assert len(posted) == 4 * 3 + 1 + 2 * 2
    with database.transaction() as connection:
        checks = run_checks(connection, at=AT)
        count = connection.execute(text("select count(*) from ledger_account")).scalar_one()
    # The guards that a later step gives the ledger are not those of its own step.
    broken = [each.examples for each in checks if each.offender_count and each.check.check_id != "I22"]
    assert broken == []
    assert count == len(OF_THEN)
