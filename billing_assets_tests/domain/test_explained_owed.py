"""What is owed of every part is what its cover, the method and later reductions leave, one by one."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest

from billing_assets.domain.business_days import add_months
from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.changed_terms import standing_cancellation
from billing_assets.domain.explained_cover import explain_part
from billing_assets.domain.explained_owed import explain_owed
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.domain.test_explained_cover import START, change, off, parts_of, source_of

BY_METHOD = {
    Formula.EARNED_BY_DAYS,
    Formula.EARNED_BY_MONTHS_OF_30,
    Formula.EARNED_BY_DAY_SCALE,
    Formula.EARNED_BY_MONTH_SCALE,
    Formula.PART_OF_RETURN,
    Formula.FLAT,
    Formula.COVER_NOT_BEGUN,
    Formula.COVER_TO_THE_END,
}


def agree(source: LineSource, changes: Sequence[TermChange]) -> list[Explained]:
    """Explain every part of a term; each result is what the part says."""
    found: list[Explained] = []
    for part in parts_of(source, changes):
        explained = explain_owed(source, part, changes)
        # Price and cover of a reduction that takes of the part stand after its own.
        results = {each.subject: each for each in reversed(explained)}
        own = {each.subject for each in explain_part(source, part, changes)}
        results = {key: each for key, each in results.items() if key in {*own, Subject.OWED}}
        taken = [each for each in explained if each.subject is Subject.TAKEN]
        assert sum(int(str(each.result)) for each in taken) == part.returned_minor
        assert results[Subject.PART].result == part.part_minor
        assert results[Subject.OWED].result == part.owed_minor
        for subject, amount in ((Subject.LAPSED, part.lapsed_minor), (Subject.UNEARNED, part.unearned_minor)):
            assert (results[subject].result if subject in results else 0) == amount
        is_cancelled = standing_cancellation(changes) is not None
        assert (Subject.UNEARNED in results) is is_cancelled
        found += explained
    return found


def random_term(rng: Random, number: int) -> LineSource:
    start = date(2023, 1, 1) + timedelta(rng.randrange(800))
    end = rng.choice([add_months(start, 12), add_months(start, 24), start + timedelta(rng.randrange(1, 800))])
    premium = rng.choice([0, 1, rng.randrange(900_00), rng.randrange(10**12)])
    return source_of(premium, start, end, list(TermDayCount)[number % 4])


def random_changes(rng: Random, source: LineSource) -> list[TermChange]:
    start, days = source.term.effective_date, (source.term.expiration_date - source.term.effective_date).days
    found = []
    for number in range(1, rng.randrange(7)):
        kind = rng.choice([ChangeKind.ENDORSEMENT, *ChangeKind])
        method = rng.choice(sorted(CANCELLATION_METHODS)) if kind is ChangeKind.CANCELLATION else ""
        premium = rng.choice([0, 1, rng.randrange(900_00)]) if kind is ChangeKind.ENDORSEMENT else 0
        # Now and then a day on which the term has ended, which no file may bring.
        day = start + timedelta(rng.choice([0, days, rng.randrange(days + 1)]))
        found.append(change(number, kind, day, method, premium))
    return found


@pytest.mark.long
def test_every_part_of_a_random_term_is_what_is_owed_of_it_by_every_method() -> None:
    rng = Random(23)
    found: Counter[Formula] = Counter()
    below_zero = 0
    for number in range(3000):
        source = random_term(rng, number)
        results = agree(source, random_changes(rng, source))
        found.update(each.formula for each in results)
        earned = [each for each in results if each.subject is Subject.EARNED]
        below_zero += sum(int(str(each.result)) < 0 for each in earned)
    by_returns = {Formula.REDUCTION, Formula.TAKEN_FROM_PART, Formula.OWN_REDUCTION}
    shared = {Formula.LAPSED_DAYS, Formula.NOT_EARNED}
    assert min(found[formula] for formula in {*BY_METHOD, *by_returns, *shared}) > 20
    assert below_zero > 20


@pytest.mark.long
@pytest.mark.parametrize("method", sorted(CANCELLATION_METHODS))
@pytest.mark.parametrize("count", TermDayCount)
def test_every_day_of_a_year_agrees_after_a_lapse_and_a_return(method: str, count: TermDayCount) -> None:
    source = source_of(365_17, count=count)
    before = (
        change(1, ChangeKind.ENDORSEMENT, date(2024, 3, 31), premium=200_01),
        off(date(2024, 4, 10), "flat", number=2),
        change(3, ChangeKind.REINSTATEMENT, date(2024, 5, 31)),
    )
    for days in range(367):
        day = START + timedelta(days)
        agree(source, (*before, off(day, method, number=4)))


def test_a_reduction_takes_from_the_latest_part_first_and_says_what_others_give() -> None:
    source = source_of(366_00)
    changes = (
        change(1, ChangeKind.ENDORSEMENT, date(2024, 7, 1), premium=400_00),
        change(2, ChangeKind.ENDORSEMENT, date(2024, 10, 1), premium=300_00),
    )
    first, second, third = parts_of(source, changes)
    taken = [each for each in explain_owed(source, first, changes) if each.subject is Subject.TAKEN]
    assert [
        [each.values[name] for name in ("reduction", "taken_before", "owed_before")] for each in taken
    ] == [[-third.part_minor, second.part_minor, 366_00]]
    (own,) = (each for each in explain_owed(source, third, changes) if each.subject is Subject.TAKEN)
    assert (own.formula, own.result) == (Formula.OWN_REDUCTION, third.part_minor)
