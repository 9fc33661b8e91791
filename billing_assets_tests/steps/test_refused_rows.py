"""A term whose row was refused is not billed on as if nothing had been said."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.store.problems import open_problems
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import billing_over
from billing_assets_tests.store.intake import MAPPING, book, import_text, query, with_company

CHANGES = replace(MAPPING, row_count_tolerance_percent=100)
OTHER = {"no": "P2", "payer": "K2"}
CANCELLED = {"cover_to": "2024-04-01"}


def prepare(database: Database, home: Path) -> None:
    """The program over a book of two monthly policies, billed in January."""
    with_company(database)
    import_text(database, home, book({}, OTHER), mapping=CHANGES)
    with ExitStack() as stack:
        made = billing_over(database, home, stack)
        made.invoice(made.order(date(2024, 1, 2)))


def take(billing: Billing, folder: Path, *rows: dict[str, str]) -> None:
    import_text(billing.database, folder, book(*rows), mapping=CHANGES)


def outcomes(billing: Billing, day: date) -> list[tuple[object, ...]]:
    """Bill a day; return policy, outcome, reason and end of period of everything that was due."""
    billing.invoice(billing.order(day))
    return query(
        billing.database,
        "select policy_number, outcome, reason_code, period_to_date from due_charge "
        "join billing_run r using (run_id) join policy_term using (policy_term_id) "
        f"join policy using (policy_id) where r.billing_date = '{day}' order by 1, 4",
    )


def test_a_cancellation_that_was_refused_holds_the_term_until_it_is_corrected(
    billing: Billing, tmp_path: Path
) -> None:
    take(billing, tmp_path, {**CANCELLED, "premium": "12o.00"})
    assert outcomes(billing, date(2024, 2, 1)) == [
        ("P1", "held", "row_is_problem", date(2024, 3, 1)),
        ("P2", "invoiced", None, date(2024, 3, 1)),
    ]
    take(billing, tmp_path, CANCELLED)
    assert outcomes(billing, date(2024, 5, 2))[:2] == [
        ("P1", "invoiced", None, date(2024, 3, 1)),
        ("P1", "invoiced", None, date(2024, 4, 1)),
    ]
    assert {row[0] for row in outcomes(billing, date(2024, 6, 3))} == {"P2"}


def test_a_person_who_closes_the_problem_lets_the_term_be_billed_as_before(
    billing: Billing, tmp_path: Path
) -> None:
    take(billing, tmp_path, {**CANCELLED, "from": "2024-01-32"})
    assert outcomes(billing, date(2024, 2, 1))[0][:3] == ("P1", "held", "row_is_problem")
    with billing.database.transaction() as connection:
        (problem_id,) = open_problems(connection, 1)["problem_id"]
    Desk(billing).close_problem(problem_id, note="seen", closed_by="Ann")
    assert outcomes(billing, date(2024, 2, 2)) == [("P1", "invoiced", None, date(2024, 3, 1))]


def test_a_run_reads_the_holds_as_of_its_batch(billing: Billing, tmp_path: Path) -> None:
    take(billing, tmp_path, {**CANCELLED, "premium": "12o.00"})
    whole = Shard(shard_number=0, from_policy_id=1, to_policy_id=1_000)
    books = {batch: billing.runs.read_book(1, batch, whole, date(2024, 2, 1)) for batch in (1, 2)}
    codes = {
        batch: dict(found.terms.select("policy_number", "hold_code").rows()) for batch, found in books.items()
    }
    assert codes == {1: {"P1": None, "P2": None}, 2: {"P1": "row_is_problem", "P2": None}}
