"""Blocks of numbers are one chain by constraint: no gap, no overlap, no date that runs backwards."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.store import schema
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.numbering import draw_numbers
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import fill_book
from billing_assets_tests.databases import run_sql

JANUARY, FEBRUARY, MARCH = date(2024, 1, 2), date(2024, 2, 1), date(2024, 3, 1)
BLOCKS = """
select prefix, first_number, b.last_number, issue_date, previous_last_number, previous_issue_date
from number_block b join number_series using (number_series_id) order by prefix, first_number
"""


def draw(database: Database, count: int, day: date, prefix: str = "INV-") -> None:
    with database.transaction() as connection:
        draw_numbers(connection, 1, count, "invoice", prefix, day)


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def drawn(database: Database) -> Database:
    """A series with a block of 3 in January and one of 2 in March."""
    fill_book(database, 1)
    draw(database, 3, JANUARY)
    draw(database, 2, MARCH)
    return database


def test_each_block_names_the_end_and_the_date_of_the_one_before(drawn: Database) -> None:
    draw(drawn, 1, FEBRUARY)
    draw(drawn, 4, FEBRUARY, "X-")
    assert rows(drawn, BLOCKS) == [
        ("INV-", 1, 3, JANUARY, None, None),
        ("INV-", 4, 5, MARCH, 3, JANUARY),
        ("INV-", 6, 6, MARCH, 5, MARCH),
        ("X-", 1, 4, FEBRUARY, None, None),
    ]


@pytest.mark.parametrize(
    ("block", "constraint"),
    [
        ("7, 9, '2024-03-01', '2024-03-01'", "number_block_follows"),  # a gap: 6 is in no block
        ("5, 9, '2024-03-01', '2024-01-02'", "number_block_follows"),  # an overlap: 5 is in two
        ("4, 5, '2024-03-01', '2024-01-02'", "number_block_pkey"),  # the same again
        ("4, 9, '2024-03-01', '2024-01-02'", "number_block_pkey"),  # another that follows the same one
        ("1, 5, '2024-03-01', null", "number_block_pkey"),  # a second beginning
        ("6, 9, '2024-03-01', null", "number_block_check2"),  # another beginning
        ("6, 9, '2024-02-29', '2024-03-01'", "number_block_check1"),  # dated before the one before it
        ("6, 9, '2024-02-29', '2024-02-28'", "number_block_follows"),  # so as well, and not told
        ("6, 5, '2024-03-01', '2024-03-01'", "number_block_check"),  # of no number
        ("0, 5, '2024-03-01', '2024-03-01'", "number_block_first_number_check"),
    ],
)
def test_a_block_that_is_not_the_next_one_is_refused(drawn: Database, block: str, constraint: str) -> None:
    columns = "number_series_id, first_number, last_number, issue_date, previous_issue_date"
    with pytest.raises(IntegrityError, match=f'"{constraint}"'), drawn.transaction() as connection:
        connection.execute(text(f"insert into number_block ({columns}) values (1, {block})"))


def test_after_a_counter_was_changed_nothing_is_numbered(drawn: Database) -> None:
    run_sql(
        drawn.engine.url.render_as_string(hide_password=False),
        "update billing.number_series set last_number = last_number + 1",
    )
    with pytest.raises(BillingError, match="its counter gives 7, which is not") as caught:
        draw(drawn, 1, MARCH)
    assert caught.value.code == "numbers_broken"
    assert len(rows(drawn, BLOCKS)) == 2


_DOCUMENTS = """
begin;
set local search_path = billing;
insert into company (company_code) values ('demo');
insert into number_series (company_id, document_kind, prefix, last_number, last_issue_date)
values (1, 'invoice', 'INV-', 7, '2024-03-01'), (1, 'credit_note', 'CRN-', 2, '2024-02-01'),
    (1, 'invoice', 'NEW-', 0, null);
insert into invoice (invoice_id, company_id, run_id, number_series_id, invoice_number, document_kind,
    issue_date, due_date, tax_point_date, currency, net_minor, tax_minor, total_minor, payer_id,
    payer_version_id, company_version_id, template_version_id, snapshot_sha256)
select 100 * series + number, 1, 1, series, number, 'invoice', cast(day as date), '2024-12-31', '2024-01-01',
    'EUR', 1, 0, 1, 1, 1, 1, 1, 'x'
from (values (1, 1, '2024-01-02'), (1, 2, '2024-01-02'), (1, 3, '2024-01-02'), (1, {four}, '2024-02-01'),
    (1, 5, '2024-03-01'), (1, 6, '{sixth}'), (1, 7, '2024-03-01'), (2, 1, '2024-02-01'),
    (2, 2, '2024-02-01')) as d (series, number, day);
commit
"""


def upgraded(url: str, monkeypatch: pytest.MonkeyPatch, **documents: object) -> Database:
    """Return a store that had documents before its numbers had blocks."""

    def to_one_without_blocks(config: Config, _revision: str) -> None:
        command.upgrade(config, "0022")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "command", SimpleNamespace(upgrade=to_one_without_blocks))
        # The rows shipped now may have columns that these tables have not.
        patch.setattr(schema, "seed_rules", lambda _connection: None)
        upgrade(url)
    run_sql(url, _DOCUMENTS.format(**documents))
    upgrade(url)
    return Database(url)


@pytest.mark.long
def test_numbers_of_before_are_a_block_for_each_date_and_the_next_block_follows(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = upgraded(empty_url, monkeypatch, four=4, sixth="2024-03-01")
    draw(database, 2, FEBRUARY)
    draw(database, 1, MARCH, "NEW-")
    assert rows(database, BLOCKS) == [
        ("CRN-", 1, 2, FEBRUARY, None, None),
        ("INV-", 1, 3, JANUARY, None, None),
        ("INV-", 4, 4, FEBRUARY, 3, JANUARY),
        ("INV-", 5, 7, MARCH, 4, FEBRUARY),
        ("INV-", 8, 9, MARCH, 7, MARCH),
        ("NEW-", 1, 1, MARCH, None, None),
    ]
    database.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("four", "sixth", "named"),
    [
        (8, "2024-03-01", "series INV-: its block from 4 to 8 has 4 documents"),
        (4, "2024-02-15", "series INV-: its block from 5 to 6 has 2 documents"),
        (4, "2024-01-02", "INV-00000006: it is dated before the number before it"),
    ],
    ids=["a gap", "a date that runs backwards", "a date that runs far backwards"],
)
def test_a_store_with_broken_numbers_is_upgraded_and_what_is_broken_is_named(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, four: int, sixth: str, named: str
) -> None:
    database = upgraded(empty_url, monkeypatch, four=four, sixth=sixth)
    with database.transaction() as connection:
        (result,) = run_checks(connection, at=datetime(2025, 1, 2, tzinfo=UTC), check_ids=["I08"])
    assert any(example.startswith(named) for example in result.examples), result.examples
    database.close()
