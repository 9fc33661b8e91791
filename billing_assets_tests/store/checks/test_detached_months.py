"""What is wrong with a month that is away is named by I27, and what the others say of it by theirs."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from billing_assets.store.connection import make_engine
from billing_assets_tests.closed_months import MONTH, bill_closed_terms, months_of
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.store.checks.conftest import broken, planted


@pytest.fixture(scope="module")
def away(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A superuser's connections to a store of which a month is away."""
    name = f"away_{uuid4().hex[:12]}"
    home: Path = tmp_path_factory.mktemp("away")
    with ExitStack() as stack:
        database = stack.enter_context(copied_database(server_url, template_database, name))
        bill_closed_terms(database, home)
        months_of(database).detach(MONTH, home / "month")
        database.close()
        engine = make_engine(url_of(server_url, name), "postgres")
        stack.callback(engine.dispose)
        yield engine


_OTHER_VERSION = """
insert into policy_term_version overriding system value select (jsonb_populate_record(v, jsonb_build_object(
    'policy_term_version_id', 999, 'away_months', array[]::date[], 'superseded_batch_id', 1))).*
from policy_term_version v where policy_term_id = 2
"""
PLANTS = [
    ("I27", "update detached_month set month = date '2020-09-01'", "month 2020-09: its record is of another"),
    (
        "I27",
        "update detached_document set net_minor = net_minor + 1 where document_kind = 'invoice'",
        "month 2020-02: its sums of kind invoice in EUR are not those of its record",
    ),
    (
        "I27",
        "delete from detached_number where first_number = 1",
        "month 2020-02: its numbers or charges are not as many as it says",
    ),
    (
        "I27",
        "update detached_charge set charge_count = charge_count + 1",
        "month 2020-02: its numbers or charges are not as many as it says",
    ),
    (
        "I27",
        "update detached_posting set debit_minor = debit_minor + 1 where debit_minor > 0",
        "month 2020-02: its postings in EUR do not add up to zero",
    ),
    (
        "I27",
        "update invoice set invoice_number = 1 where invoice_id = (select max(invoice_id) from invoice)",
        "month 2020-02: INV-00000001 is there",
    ),
    (
        "I27",
        "update billing_run set billing_date = date '2020-02-20' where billing_date = date '2020-04-01'",
        "month 2020-02: run ",
    ),
    (
        "I27",
        "update policy_term_version set away_months = '{2020-03-01}' where policy_term_id = 2",
        "policy term 2: it is of month 2020-03, which is not away",
    ),
    (
        "I27",
        _OTHER_VERSION,
        "policy term 2: its versions are of different months that are away",
    ),
    ("I08", "delete from detached_number where first_number = 1", "INV-000000"),
    ("I08", "update detached_number set issue_date = date '2031-01-01'", "INV-000000"),
    ("I17", "delete from detached_charge", "run 1: its charges"),
    ("I17", "delete from detached_document", "run 1: its shards do not add up to it"),
    ("I26", "delete from detached_document", "run 1: documents of kind"),
    ("I26", "update detached_charge set net_minor = net_minor + 1", "run 1: charges"),
]


@pytest.mark.parametrize(("check_id", "statement", "name"), PLANTS)
def test_what_is_wrong_is_named(check_id: str, statement: str, name: str, away: Engine) -> None:
    with planted(away, statement) as connection:
        found = broken(connection, check_ids=[check_id])[check_id]
    assert any(example.startswith(name) for example in found.examples), found.examples


def test_a_month_that_is_away_breaks_nothing_over_all_or_over_a_day(away: Engine) -> None:
    with planted(away) as connection:
        assert broken(connection) == {}
        assert broken(connection, MONTH.replace(day=3)) == {}
        assert broken(connection, MONTH.replace(month=3, day=2)) == {}
