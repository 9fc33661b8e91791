"""What a run gives back of a line is what is owed no longer, taken from the latest period first."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

from billing_assets.domain.explained_credits import explain_credit
from billing_assets.domain.explained_returns import explain_return
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import ChangeSource, LineSource, PartLine
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE, SAMPLE_CREDIT
from billing_assets.frames.change_credits import with_returned

PREMIUM = SAMPLE.lines[0].term.premium_minor  # 480.00 for 2024
FLAT = TermChange(
    policy_term_id=7,
    policy_id=1,
    change_number=1,
    change_kind=ChangeKind.CANCELLATION,
    change_date=date(2024, 3, 1),
    method_code="pro_rata",
)


def known(documented: int, lines: tuple[PartLine, ...], *changes: TermChange) -> ChangeSource:
    return ChangeSource(
        changes=changes,
        change_number=0,
        documented_minor=documented,
        corrected_minor=0,
        premium_documented_minor=documented,
        settled_numbers=frozenset(),
        part_lines=lines,
    )


def given_of(change: ChangeSource, line_number: int, net_minor: int) -> LineSource:
    """Return a line of a credit note that gives back so much of a line."""
    source = SAMPLE_CREDIT.note.lines[0]
    line = replace(source.line, net_minor=net_minor, credited_line_number=line_number)
    return replace(source, line=line, change=change)


def by_subject(results: tuple[Explained, ...]) -> dict[Subject, Explained]:
    return {each.subject: each for each in results}


def monthly(left: int = 40_00) -> tuple[PartLine, ...]:
    """Return three months of 40.00, each on an invoice of its own."""
    return tuple(
        PartLine(invoice_id=month, line_number=1, period_from_date=date(2024, month, 1), left_minor=left)
        for month in (1, 2, 3)
    )


def test_what_is_owed_no_longer_is_taken_from_the_latest_period_first() -> None:
    # 60 of 366 days are earned: 78.69; of 120.00 that were billed 41.31 come back, 1.31 of it of February.
    change = known(120_00, monthly(), FLAT)
    found = by_subject(explain_return(given_of(change, 1, 1_31), 2, ALWAYS_OPEN))
    assert found[Subject.EARNED].result == found[Subject.OWED].result == 78_69
    assert found[Subject.GIVEN_BACK].result == 41_31
    assert found[Subject.GIVEN_OF_INVOICE].values["later_left"] == 40_00
    assert (found[Subject.GIVEN_OF_LINE].result, found[Subject.GIVEN_OF_LINE].is_match) == (1_31, True)
    march = by_subject(explain_return(given_of(change, 1, 40_00), 3, ALWAYS_OPEN))
    assert march[Subject.GIVEN_OF_LINE].formula is Formula.WHOLE_LINE_GIVEN


def test_a_line_that_gives_back_something_else_is_a_difference() -> None:
    change = known(120_00, monthly(), FLAT)
    found = by_subject(explain_return(given_of(change, 1, 1_32), 2, ALWAYS_OPEN))
    assert [each.subject for each in found.values() if not each.is_match] == [Subject.GIVEN_OF_LINE]


def test_what_was_billed_elsewhere_counts_of_the_premium_at_the_beginning() -> None:
    change = known(80_00, monthly(), FLAT)
    source = given_of(change, 1, 1_31)
    taken_over = replace(source, term=replace(source.term, cut_over_date=date(2024, 1, 20)))
    found = by_subject(explain_return(taken_over, 2, ALWAYS_OPEN))
    assert found[Subject.GIVEN_BACK].values["billed_elsewhere"] == 40_00
    assert found[Subject.GIVEN_OF_LINE].is_match


def test_a_credit_note_of_a_run_says_the_return_before_its_net() -> None:
    (line,) = SAMPLE_CREDIT.note.lines
    months = tuple(replace(each, left_minor=35_00) for each in monthly()[:1])
    change = known(PREMIUM + 10_00, months)
    note = replace(SAMPLE_CREDIT.note, lines=(replace(line, change=change),))
    explanation = explain_credit(replace(SAMPLE_CREDIT, note=note), ALWAYS_OPEN)
    assert explanation.differences == ()
    subjects = [each.subject for each in explanation.results]
    assert subjects[: subjects.index(Subject.NET)] == [
        *(Subject.PART, Subject.OWED, Subject.GIVEN_BACK),
        *(Subject.GIVEN_OF_INVOICE, Subject.GIVEN_OF_LINE),
    ]


def random_lines(rng: Random) -> tuple[PartLine, ...]:
    places = [(invoice, number) for invoice in range(1, rng.randrange(2, 6)) for number in range(1, 4)]
    return tuple(
        PartLine(
            invoice_id=invoice,
            line_number=number,
            period_from_date=date(2024, 1, 1) + timedelta(rng.choice([0, 31, 60, 91])),
            left_minor=rng.choice([0, rng.randrange(1, 100), rng.randrange(1, 100), -rng.randrange(1, 50)]),
        )
        for invoice, number in places
        if rng.random() < 0.7
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_every_line_gives_what_the_formulas_of_billing_take_of_it(seed: int) -> None:
    rng = Random(seed)
    found: Counter[Formula] = Counter()
    for _ in range(60):
        lines = random_lines(rng)
        left = sum(each.left_minor for each in lines)
        if left <= 0:
            continue
        back = rng.choice([left, rng.randrange(1, left + 1)])
        part = {"policy_term_id": 7, "revision": 0}
        shared = {**part, "charge_kind": "premium", "credited_net_minor": 0}
        rows = [
            {
                **shared,
                "original_invoice_id": each.invoice_id,
                "line_number": each.line_number,
                "period_from_date": each.period_from_date,
                "net_minor": each.left_minor,
            }
            for each in lines
        ]
        returned = with_returned(pl.DataFrame(rows), pl.DataFrame([{**part, "back_minor": back}]))
        change = known(PREMIUM + back, lines)
        for row in returned.drop_nulls("wanted_net_minor").iter_rows(named=True):
            source = given_of(change, row["line_number"], row["wanted_net_minor"])
            last = explain_return(source, row["original_invoice_id"], ALWAYS_OPEN)[-1]
            assert last.is_match, (lines, back, row)
            found[last.formula] += 1
    assert min(found[each] for each in (Formula.GIVEN_OF_LINE, Formula.WHOLE_LINE_GIVEN)) > 10
