"""Changes come in once; a bad row is a problem that holds its term until it is answered."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, end_cover, fill_book
from billing_assets_tests.changes import broken, change_row, documented, import_changes, queried
from billing_assets_tests.state import business_state
from billing_assets_tests.store.intake import book, import_text, with_company

FEBRUARY, JULY = date(2024, 2, 1), date(2024, 7, 1)


def prepare(database: Database, home: Path) -> None:
    fill_book(database, 6)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))


BAD_ROWS = [
    (",2024-02-01,1,endorsement,2024-07-01,1.00,", "key_empty", "policy_number"),
    ("POL-99999999,2024-02-01,1,endorsement,2024-07-01,1.00,", "term_unknown", "effective_date"),
    ("POL-00000001,2024-02-30,1,endorsement,2024-07-01,1.00,", "date_invalid", "effective_date"),
    ("POL-00000001,2024-02-01,0,endorsement,2024-07-01,1.00,", "change_number_invalid", "change_number"),
    ("POL-00000001,2024-02-01,40000,endorsement,2024-07-01,1.00,", "change_number_invalid", "change_number"),
    ("POL-00000001,2024-02-01,1,refund,2024-07-01,1.00,", "change_kind_unknown", "change_kind"),
    ("POL-00000001,2024-02-01,1,endorsement,01/07/24,1.00,", "date_invalid", "change_date"),
    ("POL-00000001,2024-02-01,1,endorsement,,1.00,", "date_empty", "change_date"),
    ("POL-00000001,2024-02-01,1,endorsement,2025-02-01,1.00,", "change_outside_term", "change_date"),
    ("POL-00000001,2024-02-01,1,endorsement,2024-07-01,,", "amount_empty", "premium"),
    ("POL-00000001,2024-02-01,1,endorsement,2024-07-01,1.001,", "amount_too_fine", "premium"),
    ("POL-00000001,2024-02-01,1,endorsement,2024-07-01,1e309,", "amount_not_a_number", "premium"),
    ("POL-00000001,2024-02-01,1,endorsement,2024-07-01,-1.00,", "amount_negative", "premium"),
    ("POL-00000001,2024-02-01,1,endorsement,2024-07-01,1.00,flat", "field_unexpected", "method"),
    ("POL-00000001,2024-02-01,1,cancellation,2024-07-01,1.00,flat", "field_unexpected", "premium"),
    ("POL-00000001,2024-02-01,1,cancellation,2024-07-01,,", "method_unknown", "method"),
    ("POL-00000001,2024-02-01,1,cancellation,2024-07-01,,guess", "method_unknown", "method"),
    ("POL-00000001,2024-02-01", "row_shape", ""),
]


def test_every_bad_row_is_a_problem_with_code_field_and_bytes_and_the_others_go_on(
    billing: Billing, tmp_path: Path
) -> None:
    good = change_row(2, 1, "endorsement", JULY, premium="700.00")
    result = import_changes(billing, tmp_path, *(row for row, _, _ in BAD_ROWS), good)
    assert (result.facts["new_count"], result.facts["problem_count"]) == (1, len(BAD_ROWS))
    found = queried(
        billing,
        "select original_row, problem_code, field_name from problem where is_open order by row_number",
    )
    assert found == BAD_ROWS
    assert broken(billing) == {}


def test_a_change_said_again_is_known_and_said_otherwise_is_a_problem(
    billing: Billing, tmp_path: Path
) -> None:
    first = change_row(1, 1, "endorsement", JULY, premium="700.00")
    assert import_changes(billing, tmp_path, first, first).facts["duplicate_count"] == 1
    other = change_row(1, 1, "endorsement", JULY, premium="700.01")
    again = import_changes(billing, tmp_path, first, other, name="b.csv").facts
    assert (again["new_count"], again["unchanged_count"], again["problem_count"]) == (0, 0, 2)
    only = import_changes(billing, tmp_path, other, name="c.csv").facts
    assert (only["new_count"], only["problem_count"]) == (0, 1)
    assert queried(billing, "select premium_minor from policy_change") == [(700_00,)]
    assert broken(billing) == {}


def test_the_same_file_again_writes_nothing_bad_rows_or_not(billing: Billing, tmp_path: Path) -> None:
    rows = (change_row(1, 1, "endorsement", JULY, premium="700.00"), BAD_ROWS[5][0])
    import_changes(billing, tmp_path, *rows)
    before = business_state(billing.database)
    again = import_changes(billing, tmp_path, *rows).facts
    assert (again["is_repeat"], again["row_count"]) == (1, 0)
    assert business_state(billing.database) == before


def test_a_refused_row_holds_its_term_until_a_good_row_of_the_change_is_taken(
    billing: Billing, tmp_path: Path
) -> None:
    import_changes(billing, tmp_path, change_row(3, 1, "cancellation", JULY, method="guess"))
    held = "select reason_code from due_charge where outcome = 'held'"
    billing.invoice(billing.order(date(2024, 3, 1)))
    assert queried(billing, held) == [("row_is_problem",)]
    good = change_row(3, 1, "cancellation", JULY, method="pro_rata")
    import_changes(billing, tmp_path, good, name="b.csv")
    assert queried(billing, "select count(*) from problem where is_open") == [(0,)]
    billing.invoice(billing.order(date(2024, 3, 4)))
    assert queried(billing, held) == [("row_is_problem",)]
    assert broken(billing) == {}


@pytest.mark.long
def test_a_change_that_comes_before_its_term_holds_the_term_when_it_comes(
    database: Database, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        billing = billing_over(with_company(database), tmp_path, stack)
        row = change_row("P1", 1, "cancellation", JULY, method="pro_rata", effective=date(2024, 1, 1))
        import_changes(billing, tmp_path, row)
        import_text(database, tmp_path, book({}, {"no": "P2"}))
        held = (
            "select distinct p.policy_number, d.outcome, d.reason_code from due_charge d "
            "join policy_term t using (policy_term_id) join policy p using (policy_id) order by 1"
        )
        billing.invoice(billing.order(date(2024, 1, 8)))
        assert queried(billing, held) == [("P1", "held", "row_is_problem"), ("P2", "invoiced", None)]
        import_changes(billing, tmp_path, row, name="again.csv")
        assert queried(billing, "select count(*) from problem where is_open") == [(0,)]
        billing.invoice(billing.order(date(2024, 1, 9)))
        assert documented(billing, "P1")[0] > 0
        assert broken(billing) == {}


def test_an_end_of_cover_in_the_book_that_is_not_the_cancellation_holds_the_term(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    import_changes(billing, tmp_path, change_row(1, 1, "cancellation", JULY, method="pro_rata"))
    end_cover(database, 1, date(2024, 8, 1))
    billing.invoice(billing.order(date(2024, 7, 2)))
    held = "select charge_kind, reason_code from due_charge where outcome = 'held' and policy_term_id = 1"
    assert queried(billing, held) == [("premium_change", "cover_differs_from_changes")]
    assert queried(billing, "select count(*) from invoice where document_kind = 'credit_note'") == [(0,)]
    end_cover(database, 1, JULY)
    billing.invoice(billing.order(date(2024, 7, 3)))
    assert queried(billing, "select count(*) from invoice where document_kind = 'credit_note'") == [(1,)]
