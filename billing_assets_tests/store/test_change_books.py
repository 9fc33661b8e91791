"""A shard without changes has no book of them; one with some has every line of their invoices."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.steps.run_ports import Shard
from billing_assets.store.change_books import ChangeRange, read_change_book, read_change_source
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.changes import change_row, import_changes

FEBRUARY, JULY = date(2024, 2, 1), date(2024, 7, 1)


def test_a_book_of_changes_is_as_of_its_batch_and_its_shard(database: Database, tmp_path: Path) -> None:
    fill_book(database, 4)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        import_changes(billing, tmp_path, change_row(2, 1, "endorsement", JULY, premium="700.00"))
    whole = Shard(shard_number=0, from_policy_id=1, to_policy_id=5)
    other = Shard(shard_number=0, from_policy_id=3, to_policy_id=5)
    with database.transaction() as connection:
        assert read_change_book(connection, ChangeRange(1, 1, whole, FEBRUARY)) is None
        assert read_change_book(connection, ChangeRange(1, 2, other, FEBRUARY)) is None
        book = read_change_book(connection, ChangeRange(1, 2, whole, FEBRUARY))
        assert book is not None
        assert book.changes.select("policy_term_id", "premium_minor").rows() == [(2, 700_00)]
        assert book.lines["policy_term_id"].to_list() == [2]
        assert (
            book.taxes["original_invoice_id"].unique().to_list()
            == book.lines["original_invoice_id"].to_list()
        )
        with pytest.raises(BillingError, match="changes of policy term 3 are gone"):
            read_change_source(connection, int(book.lines["original_invoice_id"][0]), 3, 1)


@pytest.mark.long
def test_a_term_that_ended_long_ago_is_left_out_once_it_is_settled_until_it_changes_again(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 2)
    shard, after = Shard(shard_number=0, from_policy_id=1, to_policy_id=3), date(2027, 9, 2)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        import_changes(billing, tmp_path, change_row(1, 1, "endorsement", JULY, premium="700.00"))

        def terms(batch: int) -> list[int]:
            with database.transaction() as connection:
                book = read_change_book(connection, ChangeRange(1, batch, shard, after))
            return [] if book is None else book.changes["policy_term_id"].to_list()

        assert terms(2) == [1]
        for day, found in ((date(2024, 7, 2), [1]), (date(2027, 7, 1), [1]), (date(2027, 9, 1), [])):
            billing.invoice(replace(billing.order(FEBRUARY), billing_date=day, issuing_date=day))
            assert terms(2) == found
        import_changes(
            billing, tmp_path, change_row(1, 2, "endorsement", JULY, premium="800.00"), name="b.csv"
        )
        assert terms(3) == [1, 1]
        day = date(2027, 9, 3)
        billing.invoice(replace(billing.order(FEBRUARY), billing_date=day, issuing_date=day))
        assert terms(3) == []
        assert billing.replay(FEBRUARY, day).differences == ()
