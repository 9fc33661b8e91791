"""Invoices replaced in books of every kind: charges, bills of a payer, other payers, later changes."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.replacements import Change
from billing_assets.steps.replace_invoice import ReplacementOutcome
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.replacements import regenerate, replacement_order
from billing_assets_tests.billed_store import as_owner
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import broken, change_row, documented, explained, import_changes, queried
from billing_assets_tests.steps.test_bills_per_payer import fleet_plan
from billing_assets_tests.steps.test_charge_lines import MAPPING, A, B, split_book
from billing_assets_tests.store.intake import book, import_text, with_company

JANUARY, FEBRUARY, BEGUN = date(2025, 1, 2), date(2025, 2, 3), date(2025, 1, 1)
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "monthly"}
BOOK: tuple[dict[str, str], ...] = (
    {"no": "A1", "payer": "K1", "premium": "120.00"},
    {"no": "A2", "payer": "K1", "premium": "333.33"},
)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a company without a book."""
    with_company(database)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def bring(billing: Billing, folder: Path, *rows: dict[str, str], plan: str = "monthly") -> None:
    import_text(billing.database, folder, book(*(TERM | {"plan": plan} | row for row in rows)))


def again(billing: Billing, number: str, day: date = FEBRUARY) -> ReplacementOutcome:
    order = replacement_order(billing, number, reason="a wrong premium", approved_by="ana", billing_date=day)
    return regenerate(billing, order)


def number_of(billing: Billing, policy: str) -> str:
    """The newest invoice of a policy."""
    query = """
        select document_number(s.prefix, i.invoice_number) from invoice i join number_series s
            using (number_series_id) join invoice_line l using (invoice_id)
        join policy_term t on t.policy_term_id = l.policy_term_id join policy p using (policy_id)
        where p.policy_number = :policy and i.document_kind = 'invoice' order by i.invoice_id desc limit 1
    """
    return str(queried(billing, query, policy=policy)[0][0])


def differences(billing: Billing, last: date) -> int:
    return len(billing.replay(JANUARY, last).differences)


def test_charges_that_were_split_wrongly_are_billed_anew_one_installment_after_the_other(
    billing: Billing, tmp_path: Path
) -> None:
    import_text(billing.database, tmp_path, split_book(A, B), mapping=MAPPING)
    for day in (JANUARY, FEBRUARY):
        billing.invoice(billing.order(day))
    wrong = [
        number
        for (number,) in queried(
            billing,
            "select distinct document_number(s.prefix, i.invoice_number) from invoice i join number_series s "
            "using (number_series_id) join invoice_line l using (invoice_id) join policy_term using "
            "(policy_term_id) join policy using (policy_id) where policy_number = 'A' order by 1",
        )
    ]
    mended = A | {"liability": "300.00", "damage": "128.55"}
    import_text(billing.database, tmp_path, split_book(mended, B), mapping=MAPPING)
    for number in wrong:
        again(billing, number)
        assert broken(billing) == {}
    for month in range(3, 13):
        billing.invoice(billing.order(date(2025, month, 3)))
    assert documented(billing, "A")[0] == 458_45
    sums = queried(
        billing,
        "select c.charge_code, sum(l.net_minor)::int from invoice_line l join policy_term_charge c "
        "using (policy_term_version_id, charge_number) where l.credited_invoice_id is null and not exists "
        "(select from invoice r where r.replaced_invoice_id = l.invoice_id) and l.policy_term_id = "
        "(select policy_term_id from policy_term join policy using (policy_id) where policy_number = 'A') "
        "group by 1 order by 1",
    )
    assert sums == [("legal", 29_90), ("liability", 300_00), ("own_damage", 128_55)]
    assert broken(billing) == {}
    assert differences(billing, date(2025, 12, 31)) == 0
    assert explained(billing) > 16


def test_the_bill_of_a_payer_is_replaced_as_a_whole(billing: Billing, tmp_path: Path) -> None:
    fleet_plan(billing.database)
    bring(billing, tmp_path, *BOOK, plan="fleet")
    billing.invoice(billing.order(JANUARY))
    bring(billing, tmp_path, BOOK[0], BOOK[1] | {"premium": "240.00"}, plan="fleet")
    outcome = again(billing, number_of(billing, "A1"))
    new = Desk(billing).invoice(outcome.invoice_number).invoice
    assert [(line.policy_number, line.net_minor) for line in new.lines] == [("A1", 10_00), ("A2", 20_00)]
    billing.invoice(billing.order(FEBRUARY))
    assert broken(billing) == {}
    assert differences(billing, FEBRUARY) == 0
    explained(billing)


def test_another_payer_gets_the_new_invoice_and_the_old_one_the_credit_note(
    billing: Billing, tmp_path: Path
) -> None:
    bring(billing, tmp_path, BOOK[0])
    billing.invoice(billing.order(JANUARY))
    bring(billing, tmp_path, BOOK[0] | {"payer": "K9", "name": "Zoe Day"})
    outcome = again(billing, number_of(billing, "A1"))
    assert Change.PAYER in outcome.changes
    note, new = (
        Desk(billing).invoice(number).invoice for number in (outcome.note_number, outcome.invoice_number)
    )
    assert (note.payer.payer_key, new.payer.payer_key) == ("K1", "K9")
    assert broken(billing) == {}


def test_a_corrected_tax_row_is_charged_and_nothing_else_changes(billing: Billing, tmp_path: Path) -> None:
    bring(billing, tmp_path, BOOK[0])
    billing.invoice(billing.order(JANUARY))
    as_owner(
        billing,
        "update tax_rule set valid_to = '2025-01-01' where tax_code = 'ES-IPS' and valid_to is null",
        "insert into tax_rule (tax_code, place_code, line_of_business, category_code, rate_ppm, "
        "exemption_reason, valid_from, source) "
        "values ('ES-IPS', 'ES', '*', 'S', 90000, '', '2025-01-01', 'a test')",
    )
    outcome = again(billing, number_of(billing, "A1"))
    new = Desk(billing).invoice(outcome.invoice_number).invoice
    assert {tax.rate_ppm for tax in new.taxes} >= {90_000}
    assert new.net_minor == 10_00
    assert broken(billing) == {}
    assert differences(billing, JANUARY) == 0
    explained(billing)


def test_a_change_of_terms_after_a_replacement_goes_by_what_stands(billing: Billing, tmp_path: Path) -> None:
    bring(billing, tmp_path, BOOK[0])
    billing.invoice(billing.order(JANUARY))
    bring(billing, tmp_path, BOOK[0] | {"premium": "240.00"})
    again(billing, number_of(billing, "A1"), JANUARY)
    dearer = change_row("A1", 1, "endorsement", date(2025, 2, 1), premium="360.00", effective=BEGUN)
    import_changes(billing, tmp_path, dearer)
    for month in range(2, 13):
        billing.invoice(billing.order(date(2025, month, 3)))
    # 240.00 for 31 of 365 days, 360.00 for the rest.
    assert documented(billing, "A1")[0] == 240_00 + round(120_00 * 334 / 365)
    assert broken(billing) == {}
    assert differences(billing, date(2025, 12, 31)) == 0
    explained(billing)
    with pytest.raises(BillingError) as refused:
        again(billing, number_of(billing, "A1"), date(2025, 12, 31))
    assert refused.value.code == "replacement_unsupported"


def test_an_installment_that_cover_does_not_reach_any_more_is_not_replaced(
    billing: Billing, tmp_path: Path
) -> None:
    bring(billing, tmp_path, BOOK[0])
    billing.invoice(billing.order(JANUARY))
    billing.invoice(billing.order(FEBRUARY))
    number = number_of(billing, "A1")
    bring(billing, tmp_path, BOOK[0] | {"cover_to": "2025-01-20"})
    with pytest.raises(BillingError) as refused:
        again(billing, number)
    assert refused.value.code == "replacement_not_due"
    assert broken(billing) == {}
