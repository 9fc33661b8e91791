"""When a difference is billed: at once, with the next installment, or in shares; who is held says so."""

from datetime import date

import polars as pl
import pytest

from billing_assets_tests.changed_books import ChangedBook
from billing_assets_tests.frames.rows import plan, plans, tax_rule, tax_rules, term
from billing_assets_tests.frames.test_policy_changes import cancelled, endorsed, reinstated

JULY = date(2024, 7, 1)
DEARER = endorsed(1, JULY, 1800_00)
PART = 301_64  # 600.00 x 184 / 366


def book(change_billing: str = "now", **values: object) -> ChangedBook:
    row = plan("quarterly", change_billing=change_billing, **values)
    return ChangedBook(
        term=term("2024-01-01", "2025-01-01", plan_code="quarterly"),
        plans=plans(row),
        tax_rules=tax_rules(tax_rule(1)),
    )


def billed(book: ChangedBook, *days: date) -> list[list[tuple[str, int, int]]]:
    book.run(date(2024, 1, 2), [])
    return [book.run(day, [DEARER]) for day in days]


def test_now_is_a_line_of_its_own_with_the_next_run() -> None:
    assert billed(book(), date(2024, 2, 5)) == [[("change", 1, PART)]]


def test_next_waits_for_the_next_installment_and_stands_beside_it() -> None:
    found = billed(book("next"), date(2024, 2, 5), date(2024, 4, 2))
    assert found == [[], [("premium", 0, 300_00), ("change", 1, PART)]]


def test_spread_is_shared_to_the_cent_by_the_installments_that_are_left() -> None:
    days = (date(2024, 2, 5), date(2024, 4, 2), date(2024, 7, 2), date(2024, 10, 2))
    shares = [[row for row in found if row[0] == "change"] for found in billed(book("spread"), *days)]
    nets = [net for rows in shares for _, _, net in rows]
    assert [len(rows) for rows in shares] == [0, 1, 1, 1]
    assert (sum(nets), max(nets) - min(nets)) == (PART, 1)


@pytest.mark.long
@pytest.mark.parametrize("how", ["now", "next", "spread"])
def test_with_no_installment_left_each_way_bills_at_once(how: str) -> None:
    late = book(how)
    for month in (1, 4, 7, 10):
        late.run(date(2024, month, 2), [])
    assert late.run(date(2024, 11, 5), [DEARER]) == [("change", 1, PART)]


def test_a_reduction_is_taken_off_the_installments_that_are_left() -> None:
    lower = endorsed(1, JULY, 600_00)
    found = book()
    found.run(date(2024, 1, 2), [])
    rows = [row for month in (4, 7, 10) for row in found.run(date(2024, month, 2), [lower])]
    assert sum(net for what, _, net in rows if what == "change") == -PART
    assert found.documented[0] == 1200_00 - PART


@pytest.mark.long
def test_the_installments_of_a_cancelled_term_are_zero_with_the_reason() -> None:
    found = book()
    found.run(date(2024, 1, 2), [])
    ended = [cancelled(1, date(2024, 2, 1))]
    charges = found.drafts(date(2024, 4, 2), ended).charges
    assert charges.filter(pl.col("outcome") == "zero")["reason_code"].to_list() == ["cancelled"]
    assert found.run(date(2024, 4, 2), ended) == [("back", 0, 300_00 - 101_64)]


def test_a_term_of_which_nothing_is_left_to_bill_says_so() -> None:
    found = book()
    found.run(date(2024, 1, 2), [])
    nothing = [endorsed(1, date(2024, 1, 1), 0)]
    charges = found.drafts(date(2024, 4, 2), nothing).charges
    assert charges.filter(pl.col("outcome") == "zero")["reason_code"].to_list() == ["nothing_left"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "nets"), [("now", [600_00, 0, 0, 0]), ("next", [600_00, 0, 0, 0]), ("spread", [150_00] * 4)]
)
def test_what_is_raised_again_from_nothing_comes_with_the_installments(how: str, nets: list[int]) -> None:
    """Nothing of the term was billed when it was lowered to nothing and raised again."""
    found = book(how)
    start = date(2024, 1, 1)
    changes = [endorsed(1, start, 0), endorsed(2, start, 600_00)]
    assert found.run(date(2023, 12, 1), changes) == []
    charges = [found.run(date(2024, month, 2), changes) for month in (1, 4, 7, 10)]
    assert [sum(net for _, _, net in rows) for rows in charges] == nets
    assert found.documented[0] == 600_00


def test_a_held_term_is_held_with_its_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = book()
    found.run(date(2024, 1, 2), [])
    found.term["hold_code"] = "changed_after_billing"
    charges = found.drafts(date(2024, 2, 5), [DEARER]).charges
    assert charges.select("charge_kind", "outcome", "reason_code", "net_minor").rows() == [
        ("premium_change", "held", "changed_after_billing", PART)
    ]


def test_a_closed_day_settles_only_plans_that_hold_the_sending() -> None:
    sunday = date(2024, 2, 4)
    for behaviour, expected in (("next_open_day", []), ("hold_sending", [("change", 1, PART)])):
        found = book(holiday_behaviour=behaviour)
        found.run(date(2024, 1, 2), [])
        assert found.run(sunday, [DEARER]) == expected


def test_a_reinstated_term_is_billed_again_what_was_given_back() -> None:
    found = book()
    found.run(date(2024, 1, 2), [])
    off = cancelled(1, date(2024, 2, 1))
    assert found.run(date(2024, 2, 5), [off]) == [("back", 0, 198_36)]
    on = [off, reinstated(2, date(2024, 2, 1))]
    assert found.run(date(2024, 2, 6), on) == [("change", 0, 198_36)]


def test_a_share_that_fails_takes_no_number_from_those_that_are_billed() -> None:
    found = ChangedBook(
        term=term("2019-12-02", "2020-12-02"), plans=plans(plan()), tax_rules=tax_rules(tax_rule(1))
    )
    lower = [endorsed(1, date(2019, 12, 2), 600_00)]
    charges = found.drafts(date(2020, 1, 20), lower).charges
    shares = charges.filter(pl.col("charge_kind") == "premium_change").sort("installment_number")
    assert shares.select("installment_number", "outcome", "reason_code", "period_from_date").rows() == [
        (1, "invoiced", None, date(2020, 1, 2)),
        (2, "invoiced", None, date(2020, 2, 2)),
        (3, "failed", "no_tax_rule", date(2019, 12, 2)),
    ]
    found.run(date(2020, 1, 20), lower)
    found.run(date(2020, 3, 2), lower)
    numbers = [row["installment_number"] for row in found.lines if row["charge_kind"] == "premium_change"]
    assert numbers == list(range(1, len(numbers) + 1))


def monthly(change_billing: str = "now", *rules: dict[str, object]) -> ChangedBook:
    row = plan(change_billing=change_billing)
    rows = rules or (tax_rule(1),)
    return ChangedBook(term=term("2024-01-01", "2025-01-01"), plans=plans(row), tax_rules=tax_rules(*rows))


def billed_until(found: ChangedBook, month: int) -> ChangedBook:
    for each in range(1, month + 1):
        found.run(date(2024, each, 2), [])
    return found


def changes_of(found: ChangedBook) -> list[tuple[date, date, int, int]]:
    names = ("period_from_date", "period_to_date", "net_minor", "tax_minor")
    return [
        tuple(row[name] for name in names) for row in found.lines if row["charge_kind"] == "premium_change"
    ]


def test_a_cancellation_to_come_leaves_open_what_is_billed_before_it_and_settles_the_rest_with_the_last() -> (
    None
):
    found = billed_until(monthly(), 5)
    off = [cancelled(1, date(2024, 9, 11))]
    runs = [
        found.run(date(2024, month, day), off) for month, day in ((6, 3), (7, 2), (8, 2), (9, 2), (10, 2))
    ]
    premium = [("premium", 0, 100_00)]
    # 1200.00 x 254 / 366 is earned, less eight months.
    assert runs == [premium, premium, [*premium, ("change", 0, 32_79)], [], []]
    assert changes_of(found) == [(date(2024, 9, 1), date(2024, 9, 11), 32_79, 2_62)]
    assert [row["installment_number"] for row in found.zeros] == [9, 10]


def test_periods_that_were_given_back_are_billed_again_each_with_the_tax_of_its_days() -> None:
    later = {"rate_ppm": 200_000, "valid_from": JULY}
    found = billed_until(monthly("now", tax_rule(1, valid_to=JULY), tax_rule(2, **later)), 8)
    off = cancelled(1, date(2024, 6, 1))
    found.run(date(2024, 8, 5), [off])
    on = [off, reinstated(2, date(2024, 6, 1))]
    found.run(date(2024, 8, 6), on)
    periods = [(day.month, net, tax) for day, _, net, tax in changes_of(found)]
    # 1200.00 x 152 / 366 is earned by the day of the cancellation.
    assert periods == [(5, 1_64, 13), (6, 100_00, 8_00), (7, 100_00, 20_00), (8, 100_00, 20_00)]


def test_cover_that_lapsed_is_not_what_a_reinstatement_bills_again() -> None:
    found = billed_until(monthly(), 5)
    off = cancelled(1, date(2024, 3, 1))
    found.run(date(2024, 5, 6), [off])
    found.run(date(2024, 5, 7), [off, reinstated(2, date(2024, 4, 1))])
    # Of 1200.00, 31 days of 366 lapsed; two months stay billed, seven are to come.
    assert [(day.month, net) for day, _, net, _ in changes_of(found)][-2:] == [(4, 100_00), (5, 98_36)]


@pytest.mark.long
def test_an_installment_of_which_a_share_takes_all_is_zero_and_not_on_an_invoice_of_zero() -> None:
    found = monthly()
    almost_nothing = [endorsed(1, date(2024, 1, 1), 1)]
    for month in range(1, 13):
        drafts = found.drafts(date(2024, month, 2), almost_nothing)
        assert (drafts.invoices["total_minor"] > 0).all()
        found.run(date(2024, month, 2), almost_nothing)
    assert len(found.zeros) + len({row["original_invoice_id"] for row in found.lines}) == 12
    assert found.documented[0] == 1


def test_nothing_is_added_to_a_term_before_its_first_bill() -> None:
    found = monthly()
    assert found.run(date(2023, 11, 2), [DEARER]) == []
    assert found.run(date(2024, 1, 2), [DEARER]) == [("premium", 0, 100_00), ("change", 1, PART)]


def test_a_part_runs_to_the_end_of_cover() -> None:
    found = billed_until(monthly(), 12)
    found.run(date(2024, 12, 5), [DEARER, cancelled(2, date(2024, 12, 1))])
    assert changes_of(found)[0][:2] == (JULY, date(2024, 12, 1))


def test_a_late_reduction_comes_off_open_installments_at_their_tax_which_is_a_limit() -> None:
    later = {"rate_ppm": 200_000, "valid_from": JULY}
    found = billed_until(monthly("now", tax_rule(1, valid_to=JULY), tax_rule(2, **later)), 7)
    lower = [endorsed(1, date(2024, 1, 1), 1000_00)]
    for month in range(8, 13):
        found.run(date(2024, month, 15), lower)
    found.run(date(2025, 1, 15), lower)
    # 600.00 at 8 % and 400.00 at 20 %; known at first, it would be 500.00 at each.
    assert found.documented == (1000_00, 128_00)


def test_what_is_left_until_a_cancellation_has_the_tax_of_its_days() -> None:
    later = {"rate_ppm": 200_000, "valid_from": JULY}
    found = billed_until(monthly("now", tax_rule(1, valid_to=JULY), tax_rule(2, **later)), 7)
    net, tax = found.documented
    for day in (date(2024, 7, 10), date(2024, 8, 1), date(2024, 9, 2), date(2024, 12, 2)):
        found.run(day, [cancelled(1, date(2024, 10, 1))])
    # 1200.00 x 274 / 366 is earned; each of two months has 99.18 of it, at 20 %, rounded by itself.
    assert (found.documented[0] - net, found.documented[1] - tax) == (198_36, 39_68)
