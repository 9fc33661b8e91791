"""Charge lines from the policy book to the credit note: each line comes to its charge, to the cent."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.explained_words import Formula
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.runs import CatchUp
from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.explanations import read_explanation
from billing_assets_tests.books import AT, billing_over
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.databases import copied_database
from billing_assets_tests.store.intake import (
    COLUMNS,
    CONSTANTS,
    ROW,
    book,
    import_text,
    query,
    table,
    with_company,
)
from billing_assets_tests.store.intake import MAPPING as WHOLE_MAPPING

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
CHARGES = {
    "liability": {
        "column": "liability",
        "name": "Third-party liability",
        "line_of_business": "motor_liability",
    },
    "own_damage": {"column": "damage", "name": "Own damage", "line_of_business": "motor_damage"},
    "legal": {"column": "legal", "name": "Legal expenses", "line_of_business": "legal_expenses"},
}
MAPPING = mapping_from(
    {
        "columns": COLUMNS,
        "constants": CONSTANTS | {"place_code": "FR", "payer_language": "en"},
        "charges": CHARGES,
    }
)
HEADER = (*ROW, "liability", "damage", "legal")
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "monthly"}


def split_book(*rows: dict[str, str]) -> str:
    return table(HEADER, *(ROW | TERM | row for row in rows))


A = {"no": "A", "premium": "458.45", "liability": "307.40", "damage": "121.15", "legal": "29.90"}
B = {
    "no": "B",
    "payer": "K2",
    "premium": "100.01",
    "liability": "80.00",
    "legal": "20.01",
    "plan": "quarterly",
}

DEARER = change_row("A", 1, "endorsement", date(2025, 3, 1), premium="500.00", effective=JANUARY)


def prepare(database: Database, home: Path) -> None:
    """Two French motor terms of several charges, billed from January on."""
    import_text(with_company(database), home, split_book(A, B), mapping=MAPPING)


@pytest.fixture(scope="module")
def year(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Billing]:
    """The two terms billed to their end, for tests that only look."""
    copied = copied_database(server_url, template_database, f"test_{uuid4().hex}")
    folder = tmp_path_factory.mktemp("year")
    with copied as database, ExitStack() as stack:
        import_text(with_company(database), folder, split_book(A, B), mapping=MAPPING)
        billing = billing_over(database, folder, stack)
        bill_year(billing)
        yield billing


def invoice(database: Database, number: int) -> Invoice:
    with database.transaction() as connection:
        return find_invoice(connection, 1, f"INV-{number:08}")


def offenders(database: Database) -> dict[str, tuple[str, ...]]:
    with database.transaction() as connection:
        results = run_checks(connection, at=AT)
    return {result.check.check_id: result.examples for result in results if result.offender_count}


def bill_year(billing: Billing, year: int = 2025) -> None:
    for month in range(1, 13):
        billing.invoice(billing.order(date(year, month, 2)))


def test_an_installment_is_what_the_plan_says_and_has_a_line_for_each_charge(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    first = invoice(database, 1)
    assert [(line.charge_name, line.net_minor) for line in first.lines] == [
        ("Third-party liability", 25_61),
        ("Own damage", 10_10),
        ("Legal expenses", 2_49),
    ]
    assert first.net_minor == 38_20
    assert {tax.tax_code: tax.rate_ppm for tax in first.taxes}
    assert offenders(database) == {}


def test_over_the_term_each_line_comes_to_its_charge(year: Billing) -> None:
    sums = query(
        year.database,
        "select policy_number, charge_number, sum(net_minor)::int, count(*)::int from invoice_line "
        "join policy_term using (policy_term_id) join policy using (policy_id) group by 1, 2 order by 1, 2",
    )
    assert sums == [
        ("A", 1, 307_40, 12),
        ("A", 2, 121_15, 12),
        ("A", 3, 29_90, 12),
        ("B", 1, 80_00, 4),
        ("B", 3, 20_01, 4),
    ]
    totals = query(year.database, "select distinct net_minor from invoice order by 1")
    assert totals == [(25_00,), (25_01,), (38_20,), (38_25,)]
    assert offenders(year.database) == {}


def test_every_amount_is_explained_and_comes_to_what_was_recorded(year: Billing) -> None:
    for number in range(1, 17):
        with year.database.transaction() as connection:
            explanation = read_explanation(connection, 1, f"INV-{number:08}")[1]
        assert explanation.differences == ()
        shares = [each for each in explanation.results if each.formula is Formula.CHARGE_SHARE]
        assert len(shares) in (2, 3)


def test_a_replay_of_the_year_finds_no_difference(year: Billing) -> None:
    replay = year.replay(JANUARY, date(2025, 12, 31))
    assert replay.differences == ()
    assert replay.result.facts["charge_count"] == 3 * 12 + 2 * 4


def test_only_documents_with_charge_lines_have_the_record_that_names_them(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    whole = {"no": "C", "premium": "100.00", "plan": "yearly", "payer": "K3", "from": "2025-01-01"}
    any_count = replace(WHOLE_MAPPING, row_count_tolerance_percent=100)
    import_text(database, tmp_path, book({**whole, "to": "2026-01-01"}), mapping=any_count)
    billing.invoice(billing.order(date(2025, 1, 2)))
    formats = "select record_format, max(charge_number) from invoice join invoice_line using (invoice_id) "
    assert query(database, formats + "group by invoice_id, 1 order by invoice_id") == [(7, 3), (7, 3), (3, 0)]
    assert offenders(database) == {}


def test_a_credit_note_gives_back_lines_by_their_own_taxes(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    line = WantedCredit(invoice_number="INV-00000001", line_number=2, net_minor=None)
    for wanted in (line, WantedCredit(invoice_number="INV-00000001")):
        order = billing.credit_order((wanted,), reason="sold", approved_by="ana", billing_date=FEBRUARY)
        billing.credit(order)
    with database.transaction() as connection:
        notes = [find_invoice(connection, 1, f"CRN-0000000{number}") for number in (1, 2)]
    assert [line.charge_name for note in notes for line in note.lines] == [
        "Own damage",
        "Third-party liability",
        # its fixed amount of a fund comes back with the last line of the invoice
        "Own damage",
        "Legal expenses",
    ]
    assert sum(note.total_minor for note in notes) == invoice(database, 1).total_minor
    assert (
        query(database, "select record_format from invoice where document_kind = 'credit_note'") == [(8,)] * 2
    )
    with database.transaction() as connection:
        assert read_explanation(connection, 1, "CRN-00000001")[1].differences == ()
    assert offenders(database) == {}


def test_cover_that_ends_inside_a_period_is_billed_by_the_day_in_every_line(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    ended = {**A, "cover_to": "2025-02-11"}
    import_text(database, tmp_path, split_book(ended, B), mapping=MAPPING)
    for month in (1, 2, 3):
        billing.invoice(billing.order(date(2025, month, 3)))
    cut = query(
        database,
        "select charge_number, net_minor from invoice_line join policy_term using (policy_term_id) "
        "join policy using (policy_id) where policy_number = 'A' and installment_number = 2 order by 1",
    )
    # 38.20 over 28 days, of which ten are covered, is 13.64.
    assert cut == [(1, 9_15), (2, 3_60), (3, 89)]
    for number in range(1, 4):
        with database.transaction() as connection:
            assert read_explanation(connection, 1, f"INV-{number:08}")[1].differences == ()
    assert offenders(database) == {}


def test_a_catch_up_on_one_invoice_keeps_the_lines_of_an_installment_together(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(date(2025, 4, 2), catch_up=CatchUp.ONE_INVOICE))
    lines = [(line.installment_number, line.charge_number) for line in invoice(database, 1).lines]
    assert lines == [(number, charge) for number in (1, 2, 3, 4) for charge in (1, 2, 3)]
    assert offenders(database) == {}


@pytest.mark.long
def test_a_line_that_has_no_part_of_an_installment_does_not_stand_on_it(
    database: Database, tmp_path: Path
) -> None:
    tiny = {"no": "T", "premium": "120.05", "liability": "120.00", "legal": "0.05"}
    import_text(with_company(database), tmp_path, split_book(tiny), mapping=MAPPING)
    with ExitStack() as stack:
        bill_year(billing_over(database, tmp_path, stack))
    found = query(
        database,
        "select charge_number, count(*)::int, sum(net_minor)::int from invoice_line group by 1 order by 1",
    )
    assert found == [(1, 12, 120_00), (3, 5, 5)]
    assert query(database, "select count(*) from due_charge where outcome <> 'invoiced'") == [(0,)]
    assert offenders(database) == {}


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"legal": "29.91"},
            ("charge_sum_differs", "premium", "458.45, but the charges come to 458.46"),
        ),
        ({"legal": "-29.90"}, ("amount_negative", "charges.legal", "-29.90")),
        ({"legal": "29.905"}, ("amount_too_fine", "charges.legal", "29.905")),
        (
            {"liability": "", "damage": "0", "legal": ""},
            ("charge_sum_differs", "premium", "458.45, but the charges come to 0.00"),
        ),
        ({"legal": "n/a"}, ("amount_not_a_number", "charges.legal", "n/a")),
    ],
)
def test_a_row_whose_charges_are_wrong_is_a_problem_with_its_value(
    database: Database, tmp_path: Path, change: dict[str, str], problem: tuple[str, str, str]
) -> None:
    result = import_text(with_company(database), tmp_path, split_book({**A, **change}, B), mapping=MAPPING)
    assert (result.facts["new_count"], result.facts["problem_count"]) == (1, 1)
    assert query(database, "select problem_code, field_name, original_value from problem") == [problem]
    assert offenders(database) == {}


def test_a_book_that_moves_premium_between_charges_after_billing_holds_the_term(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    moved = {**A, "liability": "306.40", "damage": "122.15"}
    result = import_text(database, tmp_path, split_book(moved, B), mapping=MAPPING)
    assert (result.facts["changed_count"], result.facts["held_count"]) == (1, 1)
    problem = "select problem_code, field_name, original_value from problem where is_open"
    moves = "liability 307.40 -> 306.40, own_damage 121.15 -> 122.15"
    assert query(database, problem) == [("changed_after_billing", "charges", moves)]
    billing.invoice(billing.order(date(2025, 2, 3)))
    held = "select outcome, charge_number, net_minor from due_charge where outcome <> 'invoiced'"
    assert query(database, held) == [("held", 0, 38_20)]
    import_text(database, tmp_path, split_book(A, B), mapping=MAPPING, is_again=True)
    assert query(database, problem) == []
    assert offenders(database) == {}


def test_another_name_of_a_charge_is_no_change_of_what_is_billed(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    renamed = replace(MAPPING, charges=tuple(replace(each, charge_name="Part") for each in MAPPING.charges))
    result = import_text(
        database, tmp_path, split_book(A, B), mapping=replace(renamed, content_sha256="other")
    )
    assert (result.facts["changed_count"], result.facts["held_count"]) == (2, 0)
    billing.invoice(billing.order(date(2025, 2, 3)))
    assert {line.charge_name for line in invoice(database, 1).lines} == {
        "Third-party liability",
        "Own damage",
        "Legal expenses",
    }
    assert {line.charge_name for line in invoice(database, 3).lines} == {"Part"}
    assert offenders(database) == {}


@pytest.mark.long
def test_a_mapping_that_numbers_the_charges_anew_is_no_change_of_what_is_billed(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    """A charge of which these terms have nothing comes to stand before theirs."""
    billing.invoice(billing.order(date(2025, 1, 2)))
    glass = replace(MAPPING.charges[0], charge_code="glass", column="cover_to")
    shifted = replace(MAPPING, charges=(glass, *MAPPING.charges), content_sha256="shifted")
    result = import_text(database, tmp_path, split_book(A, B), mapping=shifted)
    assert (result.facts["changed_count"], result.facts["held_count"]) == (2, 0)
    bill_year(billing)
    billed = "select charge_code, array_agg(distinct l.charge_number order by l.charge_number), "
    billed += (
        "sum(l.net_minor)::int from invoice_line l join policy_term_charge c using (policy_term_version_id, "
    )
    billed += "charge_number) where policy_term_id = 1 group by 1 order by 1"
    assert query(database, billed) == [
        ("legal", [3, 4], 29_90),
        ("liability", [1, 2], 307_40),
        ("own_damage", [2, 3], 121_15),
    ]
    assert billing.replay(JANUARY, date(2025, 12, 31)).differences == ()
    assert offenders(database) == {}


def test_another_order_of_the_charges_after_billing_holds_the_term(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    """Of charges that are alike the first is rounded first: in another order they would not come out."""
    billing.invoice(billing.order(date(2025, 1, 2)))
    turned = replace(MAPPING, charges=MAPPING.charges[::-1], content_sha256="turned")
    assert import_text(database, tmp_path, split_book(A, B), mapping=turned).facts["held_count"] == 2
    billing.invoice(billing.order(date(2025, 2, 3)))
    assert query(database, "select distinct run_id from invoice") == [(1,)]
    assert offenders(database) == {}


@pytest.mark.long
def test_a_change_of_a_term_with_several_charges_is_refused_and_holds_it(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    assert import_changes(billing, tmp_path, DEARER).problem_count == 1
    assert query(database, "select problem_code from problem where is_open") == [("several_charges",)]
    billing.invoice(billing.order(date(2025, 1, 2)))
    held = "select reason_code, charge_number, net_minor from due_charge where outcome = 'held'"
    assert query(database, held) == [("row_is_problem", 0, 38_20)]
    (problem_id,) = query(database, "select problem_id from problem where is_open")[0]
    Desk(billing).close_problem(problem_id, note="billed by hand", closed_by="ana")
    bill_year(billing)
    whole = "select sum(net_minor)::int from invoice_line join policy_term using (policy_term_id) "
    whole += "join policy using (policy_id) where policy_number = 'A'"
    assert query(database, whole) == [(458_45,)]
    assert offenders(database) == {}


def test_charges_that_come_after_a_change_hold_the_term(database: Database, tmp_path: Path) -> None:
    whole = {"no": "A", "premium": "458.45", "plan": "monthly", "from": "2025-01-01", "to": "2026-01-01"}
    import_text(with_company(database), tmp_path, book(whole))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        assert import_changes(billing, tmp_path, DEARER).problem_count == 0
        import_text(database, tmp_path, split_book(A), mapping=MAPPING)
        billing.invoice(billing.order(date(2025, 1, 2)))
    reasons = "select distinct reason_code, charge_kind from due_charge where outcome = 'held' order by 2"
    assert query(database, reasons) == [("several_charges", "premium"), ("several_charges", "premium_change")]
    assert offenders(database) == {}


@pytest.mark.long
@pytest.mark.parametrize("charge_number", [0, 1, 2, 3])
def test_the_key_refuses_an_installment_that_is_billed_again_whole_or_in_any_line(
    database: Database, billing: Billing, charge_number: int
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    again = (
        "insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, "
        "policy_term_version_id, payer_id, charge_kind, installment_number, installment_count, "
        "period_from_date, period_to_date, net_minor, tax_minor, charge_number) "
        "select 99, 1, company_id, policy_term_id, policy_term_version_id, payer_id, charge_kind, "
        f"installment_number, installment_count, period_from_date, period_to_date, 1, 0, {charge_number} "
        "from invoice_line order by invoice_id, line_number limit 1"
    )
    with (
        pytest.raises(IntegrityError, match="invoice_line_billed_once"),
        database.transaction() as connection,
    ):
        connection.execute(text(again))
