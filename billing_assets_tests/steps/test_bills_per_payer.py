"""The policies of a payer on one bill, where their plan says so: from the book to credit notes and replay."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.invoices import Invoice
from billing_assets.domain.runs import CatchUp
from billing_assets.feeds.mapping import mapping_from
from billing_assets.steps import plan_due_charges
from billing_assets.steps.replay_runs import ReplayOrder, replay_runs
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.replays import SqlReplayStore
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import COMPANY, billing_over
from billing_assets_tests.changes import broken, change_row, explained, import_changes, queried
from billing_assets_tests.store.intake import COLUMNS, ROW, book, import_text, with_company

JANUARY, FEBRUARY, MARCH = date(2025, 1, 2), date(2025, 2, 3), date(2025, 3, 3)
BEGUN = date(2025, 1, 1)
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "fleet"}
BOOK: tuple[dict[str, str], ...] = (
    {"no": "A1", "payer": "K1", "premium": "120.00"},
    {"no": "B1", "payer": "K2", "name": "Bob Roe", "premium": "240.05"},
    {"no": "A2", "payer": "K1", "premium": "333.33"},
    {"no": "C1", "payer": "K1", "premium": "60.00", "plan": "monthly"},
    {"no": "B2", "payer": "K2", "name": "Bob Roe", "premium": "99.99"},
    {"no": "A3", "payer": "K1", "premium": "12.00", "currency": "USD"},
)
LINES = """
select document_number(s.prefix, i.invoice_number), p.policy_number, l.net_minor
from invoice i join number_series s using (number_series_id) join invoice_line l using (invoice_id)
join policy_term t on t.policy_term_id = l.policy_term_id join policy p using (policy_id)
join billing_run r using (run_id) where r.billing_date = :day and i.document_kind = :kind
order by i.invoice_id, l.line_number
"""


def fleet_plan(database: Database, **fields: Any) -> None:
    """Add a monthly plan that gathers the policies of a payer."""
    row = {
        "plan_code": "fleet",
        "frequency_code": "monthly",
        "lead_days": 14,
        "due_days": 0,
        "due_roll": "following",
        "generate_roll": "preceding",
        "minimum_payment_days": 14,
        "valid_from": "1990-01-01",
        "source": "a test",
        "bill_per": "payer",
        **fields,
    }
    names = ", ".join(row)
    with database.transaction() as connection:
        connection.execute(
            text(f"insert into payment_plan ({names}) values ({', '.join(f':{name}' for name in row)})"), row
        )


@pytest.fixture(params=[25_000, 1], ids=["one shard of payers", "a shard for each payer"])
def billing(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Billing]:
    """Six policies of two payers, whose policies lie far apart, billed from January on."""
    monkeypatch.setattr(plan_due_charges, "SHARD_TERMS", request.param)
    fleet_plan(with_company(database))
    import_text(database, tmp_path, book(*(TERM | row for row in BOOK)))
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def billed(billing: Billing, day: date, kind: str = "invoice") -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the documents of a date in the order of their ids, each with policy and net of its lines."""
    documents: dict[str, list[tuple[str, int]]] = {}
    for number, policy, net in queried(billing, LINES, day=day, kind=kind):
        documents.setdefault(number, []).append((policy, net))
    return list(documents.items())


def run(billing: Billing, day: date) -> int:
    return int(billing.invoice(billing.order(day)).facts["invoice_count"])


def differing(billing: Billing, first: date, last: date) -> int:
    order = ReplayOrder(company_code=COMPANY.company_code, from_date=first, to_date=last)
    return int(replay_runs(order, store=SqlReplayStore(billing.database)).result.facts["difference_count"])


def invoice(database: Database, number: str) -> Invoice:
    with database.transaction() as connection:
        return find_invoice(connection, 1, number)


@pytest.mark.long
def test_a_payer_has_one_bill_for_all_policies_of_the_plan_and_currency(billing: Billing) -> None:
    assert run(billing, JANUARY) == 4
    assert sorted(lines for _, lines in billed(billing, JANUARY)) == [
        [("A1", 10_00), ("A2", 27_78)],
        [("A3", 1_00)],
        [("B1", 20_00), ("B2", 8_33)],
        [("C1", 5_00)],
    ]
    assert run(billing, JANUARY) == 0
    assert run(billing, FEBRUARY) == 4
    assert broken(billing) == {}
    assert differing(billing, JANUARY, FEBRUARY) == 0
    assert explained(billing) == 8


def test_the_document_adds_up_its_policies_and_names_each(billing: Billing) -> None:
    run(billing, JANUARY)
    number = next(number for number, lines in billed(billing, JANUARY) if lines[0][0] == "B1")
    document = invoice(billing.database, number)
    assert [line.policy_number for line in document.lines] == ["B1", "B2"]
    # 8 % Spanish premium tax and 0.15 % surcharge, each rounded once over both policies.
    assert document.net_minor == 28_33
    assert [(tax.base_minor, tax.tax_minor) for tax in document.taxes] == [(28_33, 4), (28_33, 2_27)]
    assert document.payer.name == "Bob Roe"


@pytest.mark.long
def test_a_policy_that_fails_leaves_the_bill_of_the_others(billing: Billing, tmp_path: Path) -> None:
    beyond = {"no": "A2", "payer": "K1", "premium": "333.33", "plan": "unplanned"}
    fleet_plan(billing.database, plan_code="unplanned", currency="USD", minimum_bill_minor=1)
    rows = [TERM | (beyond if row["no"] == "A2" else row) for row in BOOK]
    import_text(billing.database, tmp_path, book(*rows))
    assert run(billing, JANUARY) == 4
    assert [lines for _, lines in billed(billing, JANUARY) if lines[0][0] == "A1"] == [[("A1", 10_00)]]
    ((reason,),) = queried(billing, "select reason_code from due_charge where outcome = 'failed'")
    assert reason == "plan_currency_differs"


@pytest.mark.long
def test_one_invoice_catches_all_periods_of_the_payer_up(billing: Billing) -> None:
    order = billing.order(MARCH, catch_up=CatchUp.ONE_INVOICE)
    preview = billing.preview_catch_up(order)
    issued = int(billing.invoice(order).facts["invoice_count"])
    assert (preview.per_period_count, preview.one_invoice_count, issued) == (12, 4, 4)
    of_b = next(lines for _, lines in billed(billing, MARCH) if lines[0][0] == "B1")
    assert [policy for policy, _ in of_b] == ["B1"] * 3 + ["B2"] * 3
    assert broken(billing) == {}
    assert differing(billing, MARCH, MARCH) == 0
    assert explained(billing) == 4


@pytest.mark.long
def test_a_cancelled_policy_is_given_back_alone(billing: Billing, tmp_path: Path) -> None:
    run(billing, JANUARY)
    ended = change_row("B2", 1, "cancellation", date(2025, 1, 17), method="pro_rata", effective=BEGUN)
    import_changes(billing, tmp_path, ended)
    run(billing, FEBRUARY)
    ((_, given),) = billed(billing, FEBRUARY, "credit_note")
    assert [policy for policy, _ in given] == ["B2"]
    assert [lines for _, lines in billed(billing, FEBRUARY) if lines[0][0] == "B1"] == [[("B1", 20_00)]]
    assert broken(billing) == {}
    assert differing(billing, JANUARY, FEBRUARY) == 0
    explained(billing)


@pytest.mark.long
def test_an_amount_due_once_for_a_term_comes_back_with_the_policy_and_not_with_the_bill(
    database: Database, tmp_path: Path
) -> None:
    """French motor damage bears 6.50 a year for the fund of victims of terrorism, for each policy."""
    fleet_plan(with_company(database))
    french = {"payer": "K1", "place": "FR", "line": "motor_damage"}
    header = {"place_code": "place", "line_of_business": "line"}
    mapping = mapping_from({"columns": COLUMNS | header, "constants": {"payer_language": "en"}})
    rows = [ROW | TERM | french | {"no": policy, "premium": "120.00"} for policy in ("A1", "A2")]
    content = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows), ""])
    import_text(database, tmp_path, content, mapping=mapping)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        assert run(billing, JANUARY) == 1
        ((number, _),) = billed(billing, JANUARY)
        fund = [tax for tax in invoice(database, number).taxes if tax.tax_code == "FR-FGTI"]
        assert [tax.tax_minor for tax in fund] == [13_00]
        import_changes(
            billing, tmp_path, change_row("A2", 1, "cancellation", BEGUN, method="flat", effective=BEGUN)
        )
        run(billing, FEBRUARY)
        ((note, given),) = billed(billing, FEBRUARY, "credit_note")
        assert given == [("A2", 10_00)]
        back = [tax for tax in invoice(database, note).taxes if tax.tax_code == "FR-FGTI"]
        assert [tax.tax_minor for tax in back] == [6_50]
        # What A2 had back is not taken again as the other policy of the bill is given back too.
        import_changes(
            billing, tmp_path, change_row("A1", 1, "cancellation", BEGUN, method="flat", effective=BEGUN)
        )
        run(billing, MARCH)
        ((note, given), _) = billed(billing, MARCH, "credit_note")
        assert given == [("A1", 10_00)]
        back = [tax for tax in invoice(database, note).taxes if tax.tax_code == "FR-FGTI"]
        assert [(tax.base_minor, tax.tax_minor) for tax in back] == [(10_00, 6_50)]
        explained(billing)
        assert broken(billing) == {}
        assert differing(billing, JANUARY, MARCH) == 0


@pytest.mark.long
def test_two_policies_cancelled_at_once_are_one_credit_note_of_their_bill(
    billing: Billing, tmp_path: Path
) -> None:
    run(billing, JANUARY)
    rows = [
        change_row(policy, 1, "cancellation", BEGUN, method="flat", effective=BEGUN)
        for policy in ("A1", "A2")
    ]
    import_changes(billing, tmp_path, *rows)
    run(billing, FEBRUARY)
    ((number, given),) = billed(billing, FEBRUARY, "credit_note")
    assert given == [("A1", 10_00), ("A2", 27_78)]
    note = invoice(billing.database, number)
    assert note.credited is not None
    assert note.total_minor == invoice(billing.database, note.credited.invoice_number).total_minor
    assert broken(billing) == {}
    assert differing(billing, JANUARY, FEBRUARY) == 0
