"""Books of several charges: every currency, tax of every kind, a first part of a month, a run that waits."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.book_mapping import BookMapping
from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.payment_plans import PaymentPlan, Residual
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets.domain.term_days import TermDayCount
from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.charge_listings import ChargeFilter
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.reference.test_store_agreement import add_plans
from billing_assets_tests.steps.test_charge_lines import MAPPING, A, B, offenders, split_book
from billing_assets_tests.store.checks.test_taxes import ROWS
from billing_assets_tests.store.intake import COLUMNS, CONSTANTS, book, import_text, query, with_company

JANUARY, DECEMBER = date(2025, 1, 1), date(2026, 1, 31)
FIRST = date(2024, 12, 20)
ANY_COUNT = replace(MAPPING, row_count_tolerance_percent=100)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a store with a company and no book yet."""
    with ExitStack() as stack:
        yield billing_over(with_company(database), tmp_path, stack)


def mapped(place: str, liability: str = "liability", damage: str = "motor", legal: str = "") -> BookMapping:
    lines = {
        "liability": ("liability", liability),
        "own_damage": ("damage", damage),
        "legal": ("legal", legal),
    }
    charges = {
        code: {"column": column, "name": code.replace("_", " "), "line_of_business": line}
        for code, (column, line) in lines.items()
    }
    constants = CONSTANTS | {"place_code": place, "payer_language": "es"}
    columns = COLUMNS | {"anchor_date": "anchor"}
    return replace(
        mapping_from({"columns": columns, "constants": constants, "charges": charges}),
        row_count_tolerance_percent=100,
    )


def mapped_as_before() -> BookMapping:
    """Return the mapping of the whole premiums, with charges of the policy's own line of business."""
    charges = {name: {"column": name, "name": name} for name in ("liability", "damage", "legal")}
    return mapping_from({"columns": COLUMNS, "constants": CONSTANTS, "charges": charges})


def import_one(
    billing: Billing, folder: Path, mapping: BookMapping, anchor: str = "", *, no: str = "A", **row: str
) -> None:
    header, line, *_ = split_book({"no": no, **row}).splitlines()
    content = f"{header},anchor\n{line},{anchor}\n"
    assert import_text(billing.database, folder, content, mapping=mapping).facts["problem_count"] == 0


def bill_year(billing: Billing, year: int = 2025) -> None:
    """Bill a year in four runs: each bills what fell due since the one before it."""
    for month in (1, 5, 9, 12):
        billing.invoice(billing.order(date(year, month, 2)))


def sums(database: Database) -> list[tuple[int, int]]:
    return query(
        database,
        "select charge_number, sum(net_minor + contained_tax_minor)::int from invoice_line "
        "where credited_invoice_id is null and charge_kind = 'premium' group by 1 order by 1",
    )


def assert_proven(billing: Billing, *numbers: str) -> None:
    """Every document is explained to the last unit, the year is replayed, and an audit finds nothing."""
    count = query(billing.database, "select count(*) from invoice where document_kind = 'invoice'")[0][0]
    for number in (*(f"INV-{each:08}" for each in range(1, count + 1)), *numbers):
        assert Desk(billing).explain(number).explanation.differences == ()
    assert billing.replay(date(2024, 1, 1), DECEMBER).differences == ()
    assert offenders(billing.database) == {}


@pytest.mark.long
@pytest.mark.parametrize(
    ("currency", "place", "amounts", "minor"),
    [
        ("JPY", "JP", ("10007", "6001", "4000", "6"), [6001, 4000, 6]),
        ("KWD", "KW", ("100.007", "60.001", "40.000", "0.006"), [60001, 40000, 6]),
        ("CHF", "GB", ("100.07", "60.01", "40.00", "0.06"), [6001, 4000, 6]),
    ],
)
def test_charges_come_out_in_currencies_of_any_digits_and_in_cash_amounts(
    billing: Billing, tmp_path: Path, currency: str, place: str, amounts: tuple[str, ...], minor: list[int]
) -> None:
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, cash_rounding=("CHF",)), AT)
    names = dict(zip(("premium", "liability", "damage", "legal"), amounts, strict=True))
    import_one(billing, tmp_path, mapped(place), currency=currency, **names)
    bill_year(billing)
    assert sums(billing.database) == list(enumerate(minor, start=1))
    formats = query(billing.database, "select distinct record_format from invoice")
    assert formats == [(9 if currency == "CHF" else 7,)]
    part = WantedCredit(invoice_number="INV-00000002", line_number=1, net_minor=7)
    for wanted in (part, WantedCredit(invoice_number="INV-00000002")):
        order = billing.credit_order((wanted,), reason="sold", approved_by="ana", billing_date=DECEMBER)
        billing.credit(order)
    notes = "select distinct record_format from invoice where document_kind = 'credit_note'"
    assert query(billing.database, notes) == [(10 if currency == "CHF" else 8,)]
    assert_proven(billing, "CRN-00000001", "CRN-00000002")


@pytest.mark.long
def test_a_charge_that_is_exempt_stands_beside_one_that_is_taxed(billing: Billing, tmp_path: Path) -> None:
    mapping = mapped("NL", "motor_liability", "accident")
    import_one(billing, tmp_path, mapping, premium="120.00", liability="100.00", damage="20.00")
    bill_year(billing)
    first = Desk(billing).invoice("INV-00000001").invoice
    assert [(line.net_minor, line.tax_minor) for line in first.lines] == [(8_33, 1_75), (1_67, 0)]
    assert [(tax.rate_ppm, tax.base_minor) for tax in first.taxes] == [(210_000, 8_33), (0, 1_67)]
    assert_proven(billing)


@pytest.mark.long
@pytest.mark.parametrize("plan", ["monthly", "quarterly"])
def test_taxes_of_every_kind_fall_on_the_charges_of_one_term(
    billing: Billing, tmp_path: Path, plan: str
) -> None:
    """In the price, on top, by line, term and document, compound, fixed: each by the line of its charge."""
    names = list(asdict(ROWS[0]))
    statement = (
        f"insert into tax_rule ({', '.join(names)}) values ({', '.join(f':{each}' for each in names)})"
    )
    with billing.database.transaction() as connection:
        connection.execute(text(statement), [asdict(each) for each in ROWS])
    mapping = mapped("KW", "motor", "home", "travel")
    amounts = {"premium": "1000.007", "liability": "700.003", "damage": "299.001", "legal": "1.003"}
    import_one(billing, tmp_path, mapping, currency="KWD", plan=plan, **amounts)
    bill_year(billing)
    assert sums(billing.database) == [(1, 700_003), (2, 299_001), (3, 1_003)]
    once = "select count(*) from invoice_tax join tax_rule using (tax_rule_id) where tax_code = 'A-3'"
    assert query(billing.database, once) == [(1,)]
    order = billing.credit_order(
        (WantedCredit(invoice_number="INV-00000001"),),
        reason="sold",
        approved_by="ana",
        billing_date=DECEMBER,
    )
    billing.credit(order)
    assert_proven(billing, "CRN-00000001")


@pytest.mark.long
def test_a_contract_owes_its_fixed_amount_once_whichever_of_its_charges_meet_it(
    billing: Billing, tmp_path: Path
) -> None:
    """The contribution to the FGTI is 6.50 for each contract of property insurance, fire and damage alike."""
    mapping = mapped("FR", "motor_liability", "motor_damage", "fire")
    amounts = {"premium": "120.00", "liability": "60.00", "damage": "36.00", "legal": "24.00"}
    import_one(billing, tmp_path, mapping, **amounts)
    bill_year(billing)
    fund = (
        "select t.tax_minor from invoice_tax t join tax_rule using (tax_rule_id) where tax_code = 'FR-FGTI'"
    )
    assert query(billing.database, fund) == [(6_50,)]
    for line_number in (2, 3, None):
        wanted = WantedCredit(invoice_number="INV-00000001", line_number=line_number)
        order = billing.credit_order((wanted,), reason="sold", approved_by="ana", billing_date=DECEMBER)
        billing.credit(order)
    assert_proven(billing, "CRN-00000001", "CRN-00000002", "CRN-00000003")


@pytest.mark.parametrize("line", ["motor", "motor_liability"])
def test_the_fee_of_an_installment_is_taxed_by_the_line_of_the_policy(
    billing: Billing, tmp_path: Path, line: str
) -> None:
    """The law of France names no rate for a whole motor contract: nothing of the installment is billed."""
    fee = PaymentPlan(
        plan_code="with_fee",
        frequency_code="monthly",
        lead_days=14,
        installment_fee_minor=2_00,
        currency="EUR",
        source="x",
    )
    add_plans(billing.database, (fee,))
    constants = CONSTANTS | {"place_code": "FR", "line_of_business": line, "plan_code": "with_fee"}
    columns = {name: column for name, column in COLUMNS.items() if name != "plan_code"}
    parts = {
        "damage": {"column": "damage", "name": "Damage", "line_of_business": "motor_damage"},
        "legal": {"column": "legal", "name": "Legal", "line_of_business": "legal_expenses"},
    }
    mapping = mapping_from({"columns": columns, "constants": constants, "charges": parts})
    import_one(billing, tmp_path, mapping, premium="120.00", damage="90.00", legal="30.00")
    billing.invoice(billing.order(date(2025, 1, 2)))
    outcomes = "select distinct outcome, coalesce(reason_code, '') from due_charge"
    if line == "motor":
        assert query(billing.database, outcomes) == [("failed", "no_tax_rule")]
        advice = [row.advice for row in Desk(billing).charges(ChargeFilter(run_id=1))]
        assert advice[:2] == [
            f"{name}, {line} in FR, has a tax rule now: it is billed once every charge of its invoice has one"
            for name, line in (("Damage (damage)", "motor_damage"), ("Legal (legal)", "legal_expenses"))
        ]
        assert advice[2].startswith(
            "no tax rule covers installment fee, motor in FR on 2025-01-01: add a dated"
        )
        return
    lines = Desk(billing).invoice("INV-00000001").invoice.lines
    assert [(each.charge_name, each.net_minor, each.tax_minor) for each in lines] == [
        ("Damage", 7_50, 1_35 + 6_50),
        ("Legal", 2_50, 34),
        ("", 2_00, 66),
    ]
    assert_proven(billing)


PLANS: list[dict[str, Any]] = [
    {"down_payment_ppm": 200_000, "maximum_installment_count": 5, "residual": Residual.LARGEST},
    {"maximum_installment_count": 3, "weights": "40 35 25", "residual": Residual.FIRST, "blackout_days": 30},
    {"day_count": TermDayCount.ACTUAL_365_FIXED, "residual": Residual.FIRST},
    {"day_count": TermDayCount.THIRTY_360},
    {"minimum_bill_minor": 20_00, "installment_fee_minor": 1_50, "currency": "EUR"},
]


# The others take their turn with the slow tests.
@pytest.mark.parametrize(
    "arranged", [PLANS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in PLANS[1:])]
)
def test_charges_of_plans_of_every_kind_come_out_and_are_explained_where_cover_ends_too(
    billing: Billing, tmp_path: Path, arranged: dict[str, Any]
) -> None:
    shared: dict[str, Any] = {"frequency_code": "monthly", "lead_days": 14, "source": "x"}
    add_plans(billing.database, (PaymentPlan(plan_code="own", **shared, **arranged),))
    days = {"from": "2024-01-10", "to": "2025-01-10", "plan": "own"}
    amounts = {"premium": "1000.01", "liability": "666.67", "damage": "333.33", "legal": "0.01"}
    mapping = mapped("ES")
    import_one(billing, tmp_path, mapping, "2024-01-31", **amounts, **days)
    bill_year(billing, 2024)
    billing.invoice(billing.order(date(2025, 1, 2)))
    assert sums(billing.database) == [(1, 666_67), (2, 333_33), (3, 1)]
    import_one(billing, tmp_path, mapping, "2024-01-31", no="C", cover_to="2024-09-12", **amounts, **days)
    billing.invoice(billing.order(date(2025, 1, 3)))
    assert_proven(billing)


@pytest.mark.long
def test_a_first_and_last_part_of_a_month_are_split_as_whole_months_are(
    billing: Billing, tmp_path: Path
) -> None:
    amounts = {"premium": "100.01", "liability": "66.67", "damage": "33.33", "legal": "0.01"}
    days = {"from": "2025-01-10", "to": "2025-12-20"}
    import_one(billing, tmp_path, mapped("ES"), "2025-01-01", **amounts, **days)
    bill_year(billing)
    assert sums(billing.database) == [(1, 66_67), (2, 33_33), (3, 1)]
    ends = query(
        billing.database,
        "select installment_number, sum(net_minor)::int from invoice_line where installment_number in (1, 2) "
        "group by 1 order by 1",
    )
    # The weights are 22/31, ten whole months and 19/31.
    assert ends == [(1, 6_27), (2, 8_83)]
    assert_proven(billing)


def test_a_run_is_rehearsed_and_approved_with_its_charges_as_they_were_shown(
    billing: Billing, tmp_path: Path
) -> None:
    database = billing.database
    import_text(database, tmp_path, split_book(A, B), mapping=MAPPING)
    dry = billing.plan(billing.order(FIRST), is_dry_run=True)
    assert query(database, "select count(*) from due_charge") == [(0,)]
    billing.invoice(billing.order(FIRST))
    assert query(database, "select count(*) from due_charge") == [(dry.facts["due_count"],)] == [(5,)]
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, safety_bounds=SafetyBounds(minimum_invoices=1)), AT)
    new = {**A, "no": "C", "from": "2025-02-01", "to": "2026-02-01"}
    import_text(database, tmp_path, split_book(A, B, new), mapping=ANY_COUNT)
    order = billing.order(date(2025, 1, 20))
    run_id = int(billing.plan(order).facts["run_id"])
    held = Desk(billing).run(run_id)
    # An installment is one bill, however many charges it has.
    assert sum(figure["charge_count"] for figure in held.rehearsal["figures"]) == 2  # type: ignore[index]
    assert query(database, f"select state from billing_run where run_id = {run_id}") == [("held",)]
    decision = RunDecisionOrder(
        run_id=run_id, decision=RunDecision.APPROVE, reason="seen", decided_by="ana", shown_sha256=""
    )
    billing.decide(decision)
    billing.invoice(order)
    billed = "select count(*) from invoice_line join invoice using (invoice_id) where run_id = "
    assert query(database, f"{billed}{run_id}") == [(6,)]
    assert offenders(database) == {}


def test_a_line_of_a_charge_is_told_in_spanish(billing: Billing, tmp_path: Path) -> None:
    amounts = {"premium": "100.01", "liability": "66.67", "damage": "33.34"}
    import_one(billing, tmp_path, mapped("ES"), **amounts)
    billing.invoice(billing.order(date(2025, 1, 2)))
    view = Desk(billing).explain("INV-00000001", line_number=2, language="es")
    told = [each for section in view.sections for each in section.results]
    words = "\n".join(" ".join((each.title, *each.reasons, each.figures, each.rounding)) for each in told)
    assert "La prima del periodo de seguro se compone de varios conceptos." in words
    assert "{" not in words


def test_a_term_that_was_billed_whole_is_held_where_a_book_tells_its_charges_later(
    billing: Billing, tmp_path: Path
) -> None:
    """Its next lines would be taxed otherwise than those before; a term that was not billed yet changes."""
    whole = {"premium": "458.45", "from": "2025-01-01", "to": "2026-01-01"}
    later = {"from": "2025-03-01", "to": "2026-03-01"}
    import_text(billing.database, tmp_path, book({**whole, "no": "A"}, {**whole, **later, "no": "C"}))
    billing.invoice(billing.order(date(2025, 1, 2)))
    told = import_text(
        billing.database, tmp_path, split_book(A, {**A, **later, "no": "C"}), mapping=mapped_as_before()
    )
    assert (told.facts["changed_count"], told.facts["held_count"]) == (2, 1)
    held = "select problem_code, field_name, record_key from problem where is_open"
    assert query(billing.database, held) == [("changed_after_billing", "charges", "A 2025-01-01")]
    billing.invoice(billing.order(date(2025, 3, 3)))
    found = "select policy_number, outcome, count(*)::int from due_charge join policy_term using "
    found += "(policy_term_id) join policy using (policy_id) where run_id = 2 group by 1, 2 order by 1"
    assert query(billing.database, found) == [("A", "held", 2), ("C", "invoiced", 3)]
    assert offenders(billing.database) == {}


def test_a_term_beside_them_whose_premium_is_whole_is_billed_as_without_them(
    billing: Billing, tmp_path: Path
) -> None:
    whole = {"no": "W", "premium": "100.00", "payer": "K9", "from": "2025-01-01", "to": "2026-01-01"}
    import_text(billing.database, tmp_path, book(whole))
    mapping = mapping_from(
        {"columns": COLUMNS, "constants": CONSTANTS, "charges": {"a": {"column": "liability", "name": "A"}}}
    )
    row = {"no": "A", "premium": "12.00", "liability": "12.00"}
    any_count = replace(mapping, row_count_tolerance_percent=100)
    import_text(billing.database, tmp_path, split_book(row), mapping=any_count)
    billing.invoice(billing.order(date(2025, 1, 2)))
    lines = "select record_format, charge_number, split_number, charge_count from invoice join invoice_line "
    lines += "using (invoice_id) join policy_term_version using (policy_term_version_id) order by 1"
    assert query(billing.database, lines) == [(3, 0, 0, 0), (7, 1, 0, 1)]
    assert offenders(billing.database) == {}
