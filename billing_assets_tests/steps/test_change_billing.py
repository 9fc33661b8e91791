"""Changes in the middle of a term are billed and given back to the cent, once, whatever their order."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.problem_listings import ProblemFilter
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.quotes import quote_cancellation, quote_endorsement
from billing_assets_tests.books import add_term, change_premium
from billing_assets_tests.changes import broken, change_row, documented, explained, import_changes, queried
from billing_assets_tests.state import business_state

FEBRUARY, MARCH, JULY, LATER = date(2024, 2, 1), date(2024, 3, 1), date(2024, 7, 1), date(2025, 3, 3)
YEARLY, QUARTERLY, MONTHLY = 1, 2, 3
PREMIUM = {number: 500_00 + number for number in (YEARLY, QUARTERLY, MONTHLY)}
DAYS = 366


def bill(billing: Billing, day: date) -> int:
    return int(billing.invoice(billing.order(day)).facts["invoice_count"])


def half_up(top: int, bottom: int) -> int:
    sign = -1 if top < 0 else 1
    return sign * ((2 * abs(top) + bottom) // (2 * bottom))


def own_plan(database: Database, change_billing: str) -> None:
    """Add a monthly plan that bills changes in another way."""
    with database.transaction() as connection:
        connection.execute(
            text(
                "insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, "
                "generate_roll, minimum_payment_days, valid_from, source, change_billing) values ('own', "
                "'monthly', 14, 0, 'following', 'preceding', 14, '1990-01-01', 'a test', :how)"
            ),
            {"how": change_billing},
        )


def test_additional_premium_is_billed_at_once_with_tax_as_of_the_change(
    billing: Billing, tmp_path: Path
) -> None:
    row = change_row(YEARLY, 1, "endorsement", JULY, premium="700.00")
    assert import_changes(billing, tmp_path, row).facts["new_count"] == 1
    assert bill(billing, date(2024, 7, 2)) > 0
    days = (date(2025, 2, 1) - JULY).days
    part = half_up((700_00 - PREMIUM[YEARLY]) * days, DAYS)
    assert documented(billing, YEARLY)[0] == PREMIUM[YEARLY] + part
    lines = queried(
        billing,
        "select l.net_minor, l.revision, l.period_from_date, l.period_to_date, i.tax_point_date from "
        "invoice_line l join invoice i using (invoice_id) where l.charge_kind = 'premium_change'",
    )
    assert lines == [(part, 1, JULY, date(2025, 2, 1), JULY)]
    ((number,),) = queried(
        billing,
        "select document_number(s.prefix, i.invoice_number) from invoice i join number_series s using "
        "(number_series_id) join invoice_line l using (invoice_id) where l.charge_kind = 'premium_change'",
    )
    assert [line.change_number for line in Desk(billing).invoice(number).invoice.lines] == [1]
    assert not broken(billing)


def test_a_second_run_of_the_date_and_the_same_file_again_write_nothing(
    billing: Billing, tmp_path: Path
) -> None:
    rows = (
        change_row(YEARLY, 1, "endorsement", JULY, premium="700.00"),
        change_row(QUARTERLY, 1, "cancellation", JULY, method="pro_rata"),
    )
    import_changes(billing, tmp_path, *rows)
    bill(billing, date(2024, 7, 2))
    before = business_state(billing.database)
    assert import_changes(billing, tmp_path, *rows).facts["is_repeat"] == 1
    assert bill(billing, date(2024, 7, 2)) == 0
    assert business_state(billing.database) == before


def test_return_premium_of_a_paid_term_comes_back_by_a_credit_note(billing: Billing, tmp_path: Path) -> None:
    import_changes(billing, tmp_path, change_row(YEARLY, 1, "endorsement", JULY, premium="300.00"))
    bill(billing, date(2024, 7, 2))
    part = half_up((300_00 - PREMIUM[YEARLY]) * (date(2025, 2, 1) - JULY).days, DAYS)
    assert documented(billing, YEARLY)[0] == PREMIUM[YEARLY] + part
    notes = queried(
        billing, "select net_minor, credit_reason from invoice where document_kind = 'credit_note'"
    )
    assert notes == [(-part, "endorsement 2024-07-01 (1)")]


@pytest.mark.long
def test_return_premium_first_lowers_what_is_not_billed_yet(billing: Billing, tmp_path: Path) -> None:
    import_changes(billing, tmp_path, change_row(MONTHLY, 1, "endorsement", JULY, premium="300.00"))
    for month in range(3, 13):
        bill(billing, date(2024, month, 1))
    bill(billing, LATER)
    part = half_up((300_00 - PREMIUM[MONTHLY]) * (date(2025, 2, 1) - JULY).days, DAYS)
    assert documented(billing, MONTHLY)[0] == PREMIUM[MONTHLY] + part
    assert queried(billing, "select count(*) from invoice where document_kind = 'credit_note'") == [(0,)]
    lowest = "select min(total_minor) from invoice"
    assert queried(billing, lowest)[0][0] > 0


@pytest.mark.long
@pytest.mark.parametrize("policy", [YEARLY, QUARTERLY, MONTHLY])
def test_a_cancelled_term_comes_to_what_is_earned_and_bills_no_more(
    billing: Billing, tmp_path: Path, policy: int
) -> None:
    bill(billing, date(2024, 5, 2))
    import_changes(billing, tmp_path, change_row(policy, 1, "cancellation", JULY, method="pro_rata"))
    bill(billing, date(2024, 7, 2))
    earned = half_up(PREMIUM[policy] * (JULY - FEBRUARY).days, DAYS)
    assert documented(billing, policy)[0] == earned
    bill(billing, LATER)
    assert documented(billing, policy)[0] == earned


@pytest.mark.long
@pytest.mark.parametrize("policy", [YEARLY, QUARTERLY, MONTHLY])
def test_a_reinstatement_without_a_lapse_ends_as_if_nothing_had_been(
    billing: Billing, tmp_path: Path, policy: int
) -> None:
    import_changes(billing, tmp_path, change_row(policy, 1, "cancellation", JULY, method="pro_rata"))
    bill(billing, date(2024, 7, 2))
    bill(billing, date(2024, 9, 2))
    import_changes(billing, tmp_path, change_row(policy, 2, "reinstatement", JULY), name="b.csv")
    bill(billing, date(2024, 9, 9))
    bill(billing, LATER)
    assert documented(billing, policy)[0] == PREMIUM[policy]


def test_a_lapse_is_not_charged(billing: Billing, tmp_path: Path) -> None:
    rows = (
        change_row(MONTHLY, 1, "cancellation", JULY, method="pro_rata"),
        change_row(MONTHLY, 2, "reinstatement", date(2024, 7, 31)),
    )
    import_changes(billing, tmp_path, *rows)
    bill(billing, date(2024, 8, 2))
    bill(billing, LATER)
    assert documented(billing, MONTHLY)[0] == PREMIUM[MONTHLY] - half_up(PREMIUM[MONTHLY] * 30, DAYS)


@pytest.mark.long
@pytest.mark.parametrize("change_billing", ["now", "next", "spread"])
def test_a_plan_says_when_additional_premium_is_billed(
    billing: Billing, database: Database, tmp_path: Path, change_billing: str
) -> None:
    own_plan(database, change_billing)
    add_term(database, "OWN-1", effective=FEBRUARY, plan="own", premium_minor=500_00)
    bill(billing, JULY)
    import_changes(billing, tmp_path, change_row("OWN-1", 1, "endorsement", JULY, premium="900.00"))
    counts = []
    for day in (date(2024, 7, 2), *(date(2024, month, 9) for month in (8, 9, 10, 12)), LATER):
        bill(billing, day)
        count = "select count(*) from invoice_line where charge_kind = 'premium_change'"
        counts.append(queried(billing, count)[0][0])
    part = half_up(400_00 * (date(2025, 2, 1) - JULY).days, DAYS)
    assert documented(billing, "OWN-1")[0] == 500_00 + part
    expected = {"now": [1] * 6, "next": [0, *[1] * 5], "spread": [0, 1, 2, 3, 5, 6]}
    assert counts == expected[change_billing]
    assert broken(billing).keys() <= {"I18"}  # the term came past any import


@pytest.mark.long
def test_the_order_in_which_changes_arrive_does_not_matter(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    rows = {
        1: ("endorsement", date(2024, 4, 1), "800.00", ""),
        2: ("endorsement", date(2024, 6, 1), "650.00", ""),
        3: ("endorsement", date(2024, 5, 1), "400.00", ""),
    }
    for policy, order in ((YEARLY, (1, 2, 3)), (4, (3, 1, 2)), (7, (2, 3, 1))):
        for place, number in enumerate(order):
            kind, day, premium, method = rows[number]
            row = change_row(policy, number, kind, day, premium=premium, method=method)
            import_changes(billing, tmp_path, row, name=f"{policy}-{number}.csv")
            bill(billing, date(2024, 6, 3 + place))
    for policy in (YEARLY, 4, 7):
        assert documented(billing, policy)[0] == owed(500_00 + policy, rows)
    assert broken(billing) == {}


def owed(premium: int, rows: dict[int, tuple[str, date, str, str]]) -> int:
    total = in_force = premium
    for _, day, written, _ in sorted(rows.values(), key=lambda row: row[1]):
        new = int(written.replace(".", ""))
        total += half_up((new - in_force) * (date(2025, 2, 1) - day).days, DAYS)
        in_force = new
    return total


def test_a_credit_by_hand_is_neither_repeated_nor_billed_again(billing: Billing, tmp_path: Path) -> None:
    desk = Desk(billing)
    ((number,),) = queried(
        billing,
        "select document_number(s.prefix, i.invoice_number) from invoice i join number_series s using "
        "(number_series_id) join invoice_line l using (invoice_id) join policy_term t using (policy_term_id) "
        "join policy p using (policy_id) where p.policy_number = 'POL-00000001'",
    )
    assert desk.invoice(number).invoice.net_minor == PREMIUM[YEARLY]
    wanted = WantedCredit(invoice_number=number, line_number=1, net_minor=100_00)
    order = billing.credit_order([wanted], reason="kindness", approved_by="ana", billing_date=MARCH)
    billing.credit(order)
    import_changes(billing, tmp_path, change_row(YEARLY, 1, "endorsement", JULY, premium="500.01"))
    bill(billing, date(2024, 7, 2))
    assert documented(billing, YEARLY)[0] == PREMIUM[YEARLY] - 100_00
    import_changes(
        billing, tmp_path, change_row(YEARLY, 2, "cancellation", JULY, method="pro_rata"), name="b.csv"
    )
    bill(billing, date(2024, 7, 3))
    assert documented(billing, YEARLY)[0] == half_up(PREMIUM[YEARLY] * (JULY - FEBRUARY).days, DAYS)


def test_a_run_with_credit_notes_is_rehearsed_approved_printed_and_reported(
    billing: Billing, tmp_path: Path
) -> None:
    rows = (
        change_row(YEARLY, 1, "cancellation", JULY, method="pro_rata"),
        change_row(QUARTERLY, 1, "endorsement", JULY, premium="700.00"),
    )
    import_changes(billing, tmp_path, *rows)
    order, desk = billing.order(date(2024, 7, 2)), Desk(billing)
    run_id = int(billing.plan(order).facts["run_id"])
    rehearsal = desk.run(run_id).rehearsal
    assert rehearsal is not None
    credited = [row for row in rehearsal["charges"] if row["outcome"] == "credited"]
    assert [(row["charge_count"], row["net_minor"] < 0) for row in credited] == [(1, True)]
    results = {result.step: result for result in billing.run(order, is_quiet=True)}
    assert (
        results["print_documents"].facts["document_count"] == results["raise_invoices"].facts["invoice_count"]
    )
    report = desk.run(run_id).report
    assert report["outcome_counts"]["credited"] == 1
    assert [row["count"] for row in report["credit_notes"]] == [1]
    assert credited[0]["net_minor"] == -report["credit_notes"][0]["net_minor"]
    assert desk.invoice("CRN-00000001").invoice.credited is not None


@pytest.mark.long
def test_a_fixed_tax_of_the_term_is_not_charged_again_by_a_change(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    add_term(database, "IE-1", effective=FEBRUARY, line="motor", place="IE", premium_minor=500_00)
    bill(billing, MARCH)
    import_changes(billing, tmp_path, change_row("IE-1", 1, "endorsement", JULY, premium="700.00"))
    bill(billing, date(2024, 7, 2))
    stamps = (
        "select l.charge_kind from invoice_tax x join tax_rule r using (tax_rule_id) "
        "join invoice_line l using (invoice_id) where r.tax_code = 'IE-STAMP'"
    )
    assert queried(billing, stamps) == [("premium",)]
    taxed = "select count(*) from invoice_line where charge_kind = 'premium_change' and tax_minor > 0"
    assert queried(billing, taxed) == [(1,)]
    assert broken(billing).keys() <= {"I18"}  # the term came past any import
    explained(billing)


@pytest.mark.long
def test_more_than_was_billed_here_is_not_given_back_but_told_once_until_the_term_changes_again(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    add_term(database, "OLD-1", effective=FEBRUARY, premium_minor=500_00, cut_over=date(2024, 6, 1))
    import_changes(billing, tmp_path, change_row("OLD-1", 1, "cancellation", JULY, method="pro_rata"))
    failed = "select reason_code, net_minor from due_charge where outcome = 'failed' order by run_id"
    back = half_up(500_00 * (JULY - FEBRUARY).days, DAYS) - 500_00
    for day in (date(2024, 7, 2), date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 4)):
        bill(billing, day)
        assert queried(billing, failed) == [("billed_elsewhere", back)]
    desk = Desk(billing)
    assert desk.problem_counts() == {"billed_elsewhere": 1}
    (told,) = desk.problems(ProblemFilter())
    desk.close_problem(told.problem_id, note="given back by the old system", closed_by="ana")
    bill(billing, date(2024, 7, 5))
    assert desk.problem_counts() == {}
    rows = (
        change_row("OLD-1", 2, "reinstatement", JULY),
        change_row("OLD-1", 3, "cancellation", date(2024, 8, 1), method="pro_rata"),
    )
    import_changes(billing, tmp_path, *rows, name="b.csv")
    bill(billing, date(2024, 7, 8))
    bill(billing, date(2024, 7, 9))
    assert len(queried(billing, failed)) == 2
    assert desk.problem_counts() == {"billed_elsewhere": 1}
    assert billing.replay(FEBRUARY, LATER).differences == ()
    assert broken(billing).keys() <= {"I18"}  # the term came past any import


def test_a_change_that_the_book_takes_back_its_own_way_is_held_with_the_term(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    import_changes(billing, tmp_path, change_row(YEARLY, 1, "endorsement", JULY, premium="700.00"))
    change_premium(database, YEARLY, 700_00)
    bill(billing, date(2024, 7, 2))
    held = "select charge_kind, reason_code from due_charge where outcome = 'held'"
    assert queried(billing, held) == [("premium_change", "changed_after_billing")]
    assert documented(billing, YEARLY)[0] == PREMIUM[YEARLY]


def test_a_quote_counts_the_changes_that_were_imported(billing: Billing, tmp_path: Path) -> None:
    import_changes(billing, tmp_path, change_row(YEARLY, 1, "endorsement", JULY, premium="700.00"))
    bill(billing, date(2024, 7, 2))
    desk, october = Desk(billing), date(2024, 10, 1)
    part = half_up((700_00 - PREMIUM[YEARLY]) * (date(2025, 2, 1) - JULY).days, DAYS)
    term, (quote,) = quote_cancellation(desk, "POL-00000001", october, ["pro_rata"])
    days, left = (october - JULY).days, (date(2025, 2, 1) - JULY).days
    earned = half_up(PREMIUM[YEARLY] * (october - FEBRUARY).days, DAYS) + half_up(part * days, left)
    assert (term.billed_net_minor, quote.earned_minor) == (PREMIUM[YEARLY] + part, earned)
    import_changes(
        billing, tmp_path, change_row(YEARLY, 2, "cancellation", october, method="pro_rata"), name="b.csv"
    )
    bill(billing, date(2024, 10, 2))
    assert documented(billing, YEARLY)[0] == earned
    for quote_after_the_end in (
        lambda: quote_endorsement(desk, "POL-00000001", october, "900.00"),
        lambda: quote_cancellation(desk, "POL-00000001", october, ["flat"]),
    ):
        with pytest.raises(BillingError, match=r"is cancelled from 2024-10-01: .* would change nothing"):
            quote_after_the_end()
    _, endorsement = quote_endorsement(desk, "POL-00000001", JULY, "900.00")
    assert endorsement.written_minor == half_up(PREMIUM[YEARLY] * (october - FEBRUARY).days, DAYS) + sum(
        half_up(amount * days, left) for amount in (part, half_up((900_00 - 700_00) * left, DAYS))
    )
    assert endorsement.change_minor == endorsement.written_minor - earned
    _, endorsement = quote_endorsement(desk, "POL-00000002", JULY, "700.00")
    assert endorsement.change_minor == half_up((700_00 - PREMIUM[QUARTERLY]) * left, DAYS)


@pytest.mark.long
def test_what_changes_have_ended_stays_ended_when_the_book_brings_the_term_again(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    import_changes(billing, tmp_path, change_row(MONTHLY, 1, "cancellation", MARCH, method="pro_rata"))
    bill(billing, date(2024, 5, 2))
    of_zero = "select policy_term_version_id, installment_number from due_charge where outcome = 'zero'"
    zeros = f"{of_zero} order by 1, 2"
    ended = queried(billing, zeros)
    change_premium(database, MONTHLY, PREMIUM[MONTHLY])
    versions = "select count(*) from policy_term_version where policy_id = :policy"
    assert queried(billing, versions, policy=MONTHLY) == [(2,)]
    bill(billing, date(2024, 5, 3))
    assert queried(billing, zeros) == ended != []
    bill(billing, LATER)
    import_changes(billing, tmp_path, change_row(MONTHLY, 2, "reinstatement", MARCH), name="b.csv")
    bill(billing, date(2025, 3, 4))
    assert documented(billing, MONTHLY)[0] == PREMIUM[MONTHLY]
    assert queried(billing, "select count(*) from invoice where document_kind = 'credit_note'") == [(1,)]
    assert billing.replay(FEBRUARY, date(2025, 3, 4)).differences == ()
    assert broken(billing).keys() <= {"I18"}  # the second version came past any import
