"""Cover that lapsed and came back is billed without the days of the lapse, in their own period."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.changes import change_row, import_changes, queried

LINES = """
select l.period_from_date, sum(case i.document_kind when 'invoice' then l.net_minor else -l.net_minor end)
from invoice_line l join invoice i using (invoice_id) join policy_term t using (policy_term_id)
join policy p using (policy_id) where p.policy_number = 'LAPSE-1' group by 1 order by 1
"""


@pytest.mark.long
def test_the_days_of_a_lapse_are_left_out_where_they_lie_and_not_at_the_end(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 1)
    begun = date(2024, 10, 1)
    add_term(database, "LAPSE-1", effective=begun, premium_minor=730_00, plan="quarterly")
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2025, 1, 3)))
        end = date(2024, 11, 10)
        row = change_row("LAPSE-1", 1, "cancellation", end, method="pro_rata", effective=begun)
        import_changes(billing, tmp_path, row)
        billing.invoice(billing.order(date(2025, 1, 8)))
        assert queried(billing, LINES) == [(date(2024, 10, 1), 80_00), (date(2025, 1, 1), 0)]
        again = change_row("LAPSE-1", 2, "reinstatement", date(2024, 12, 10), effective=begun)
        import_changes(billing, tmp_path, again, name="b.csv")
        billing.invoice(billing.order(date(2025, 1, 9)))
        # 30 of 365 days lapsed: 60.00 of the 182.50 of the first quarter, nothing of the second.
        assert queried(billing, LINES) == [(date(2024, 10, 1), 122_50), (date(2025, 1, 1), 182_50)]
