"""The rows that an invoice was taxed by are those that its shard knew, with the ends that they had then."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.frames.columns import CHARGED_TAX_SCHEMA
from billing_assets.store.charged_rules import CHARGED_TAXES
from billing_assets.store.connection import Database, make_engine
from billing_assets.store.copy import copy_out
from billing_assets_tests.books import billing_over, fill_book

END = date(2023, 6, 1)
ENDED = "update tax_rule set valid_to = '2023-06-01' where tax_code = 'ES-CCS' and valid_to is null"
OTHER_SET = """
with kept as (
    insert into rule_set (content, content_sha256, recorded_at)
    select c, sha256(convert_to(c, 'UTF8')), now() from (values ('{"plans": {}, "tax_rules": {}}')) v (c)
    returning rule_set_id
)
insert into run_shard (run_id, shard_number, from_policy_id, to_policy_id, committed_at, rule_set_id)
select run_id, 99, 1000000, 1000001, now(), kept.rule_set_id from billing_run, kept
"""


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Iterator[Database]:
    """An invoice of Spanish motor; the levy of motor has a row that says the same for health."""
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        yield database


def as_owner(database: Database, *statements: str) -> None:
    engine = make_engine(database.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as owner:
        for statement in statements:
            owner.execute(text(statement))
    engine.dispose()


def charged(database: Database) -> list[tuple[str, str, str, date | None]]:
    """Return the tax, the line of the row on the invoice, that of a row it stands for, and its end."""
    with database.transaction() as connection:
        ids = connection.execute(text("select array_agg(invoice_id) from invoice")).scalar_one()
        rows = copy_out(connection, CHARGED_TAXES, {"ids": ids}, CHARGED_TAX_SCHEMA)
        told = connection.execute(text("select tax_rule_id, tax_code, line_of_business from tax_rule"))
        words = {row.tax_rule_id: (row.tax_code, row.line_of_business) for row in told}
    found = rows.select("charged_rule_id", "tax_rule_id", "valid_to").rows()
    return sorted((*words[own], words[other][1], end) for own, other, end in found)


def test_a_tax_stands_for_the_rows_of_its_group_as_they_were(billed: Database) -> None:
    as_owner(billed, ENDED)
    assert charged(billed) == [
        ("ES-CCS", "*", "*", None),
        ("ES-CCS", "*", "health", None),
        ("ES-IPS", "*", "*", None),
    ]


def test_an_invoice_of_before_rule_sets_has_its_own_rows_with_the_end_of_today(billed: Database) -> None:
    as_owner(billed, ENDED, "update run_shard set rule_set_id = null")
    assert charged(billed) == [("ES-CCS", "*", "*", END), ("ES-IPS", "*", "*", None)]


def test_a_set_of_before_groups_gives_each_row_for_itself_with_the_end_of_then(billed: Database) -> None:
    as_owner(
        billed,
        ENDED,
        "alter table rule_set disable trigger refuse_change",
        """update rule_set set content = c, content_sha256 = sha256(convert_to(c, 'UTF8')) from (
            select rule_set_id as id, (content::jsonb - 'tax_groups')::text as c from rule_set) w
        where id = rule_set_id""",
        "alter table rule_set enable trigger refuse_change",
    )
    assert charged(billed) == [("ES-CCS", "*", "*", None), ("ES-IPS", "*", "*", None)]


def test_of_a_run_with_several_sets_that_of_the_shard_counts(billed: Database) -> None:
    as_owner(billed, OTHER_SET)
    assert len(charged(billed)) == 3
