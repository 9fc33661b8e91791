"""Why a line that bills a change in the middle of a term is what it is.

Belongs here: what was documented of a part of the premium beside what is owed of it, and the difference or
the share of it that the line bills. Does not belong here: what is owed of a part (``explained_owed``), tax
(``explained_taxes``), the dates of an installment (``explained_dates``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_assets.domain.billing_grids import Calendars, grid_at
from billing_assets.domain.changed_terms import (
    OwedPart,
    covered_days,
    owed_parts,
    standing_cancellation,
)
from billing_assets.domain.explained_arrangements import bill_numbers
from billing_assets.domain.explained_cover import explain_lapsed_in_period
from billing_assets.domain.explained_dates import explain_dates, of_line
from billing_assets.domain.explained_installments import planned_of_term
from billing_assets.domain.explained_owed import explain_owed
from billing_assets.domain.explained_words import Formula, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, amount_of, minor
from billing_assets.domain.invoice_sources import ChangeSource, LineSource
from billing_assets.domain.payment_plans import ChangeBilling


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What a line rests on: the part, the open installments (number -> planned), what is billed elsewhere.

    ``planned`` are the installments that are billed here, open or not, with what they plan. ``bills`` says of
    every installment with which one it is due.
    """

    part: OwedPart
    open_minor: dict[int, int]
    elsewhere_minor: int
    planned: dict[int, int]
    bills: tuple[int, ...]

    @property
    def open_sum(self) -> int:
        return sum(self.open_minor.values())


def explain_change(source: LineSource, change: ChangeSource, calendars: Calendars) -> tuple[Explained, ...]:
    """Return why the period and the amount of a line of a change are what they are; the amount comes last.

    >>> from datetime import date
    >>> from billing_assets.domain.policy_changes import ChangeKind, TermChange
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> sample = SAMPLE.lines[0]
    >>> endorsement = TermChange(
    ...     policy_term_id=1,
    ...     policy_id=1,
    ...     change_number=1,
    ...     change_kind=ChangeKind.ENDORSEMENT,
    ...     change_date=date(2024, 7, 1),
    ...     premium_minor=sample.term.premium_minor + 366_00,
    ... )
    >>> known = ChangeSource(
    ...     changes=(endorsement,),
    ...     change_number=1,
    ...     documented_minor=0,
    ...     corrected_minor=0,
    ...     premium_documented_minor=0,
    ...     settled_numbers=frozenset({1}),
    ... )
    >>> explain_change(sample, known, ALWAYS_OPEN)[-1].result
    18400
    """
    state = _state_of(source, change, calendars)
    owed = explain_owed(source, state.part, change.changes)
    difference = _difference(source, change, state, amount_of(owed[-1]))
    carrier = _carrier(source, change, state, calendars, amount_of(difference))
    if change.change_number == 0 and amount_of(difference) > 0:
        portion = _portion(source, change, state, amount_of(difference), calendars)
        if portion is not None:
            number, nets = portion
            return (_period(source, change, state, number, calendars), *owed, difference, *nets)
    is_shared = carrier is not None and _is_shared(source, state, amount_of(difference))
    period = _period(source, change, state, carrier if is_shared else None, calendars)
    if carrier is None or not is_shared:
        whole = minor("difference", amount_of(difference))
        net = of_line(source, Subject.NET, Formula.WHOLE_DIFFERENCE, (whole,), source.line.net_minor)
        return (period, *owed, difference, net)
    share = _share(source, state, amount_of(difference), carrier)
    return (period, *owed, difference, share)


def explain_change_dates(
    source: LineSource, change: ChangeSource, calendars: Calendars, company_place_code: str
) -> tuple[Explained, ...]:
    """Return why a line of a change was billed when it was: at once, or with an installment.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> known = ChangeSource(
    ...     changes=(),
    ...     change_number=0,
    ...     documented_minor=0,
    ...     corrected_minor=0,
    ...     premium_documented_minor=0,
    ...     settled_numbers=frozenset(),
    ... )
    >>> explain_change_dates(SAMPLE.lines[0], known, ALWAYS_OPEN, "ES")[0].formula.value
    'at_once'
    """
    state = _state_of(source, change, calendars)
    difference = amount_of(_difference(source, change, state, state.part.owed_minor))
    carrier = _carrier(source, change, state, calendars, difference)
    if carrier is not None:
        carried = _as_installment(source, carrier)
        return explain_dates(carried, calendars, company_place_code, state.bills[carrier - 1])
    day = Input(name="run_billing_date", value=source.charge_billing_date, unit=Unit.DATE)
    return (of_line(source, Subject.PLANNED_DUE_DATE, Formula.AT_ONCE, (day,), source.charge_due_date),)


def _as_installment(source: LineSource, number: int) -> LineSource:
    return replace(source, line=replace(source.line, installment_number=number))


def _state_of(source: LineSource, change: ChangeSource, calendars: Calendars) -> _State:
    term = source.term
    parts = owed_parts(term.premium_minor, source.days, change.changes)
    part = next(each for each in parts if each.change_number == change.change_number)
    planned = dict(enumerate(planned_of_term(_as_installment(source, 1), calendars), start=1))
    bills = bill_numbers(list(planned.values()), source.plan.minimum_bill_minor)
    elsewhere = _elsewhere(source, bills, calendars)
    opened = {
        number: amount
        for number, amount in planned.items()
        if number not in elsewhere and number not in change.settled_numbers
    }
    elsewhere_minor = sum(planned[number] for number in elsewhere)
    standing = standing_cancellation(change.changes)
    if standing is not None:
        # Of a cancelled term, installments bill what ends before it.
        opened = {
            number: amount
            for number, amount in opened.items()
            if _planned_days(source, number, calendars, len(planned))[1] <= standing.change_date
        }
    # They bill no more once it owes nothing beside what was billed.
    first = next(each for each in parts if each.change_number == 0)
    left = first.owed_minor - elsewhere_minor - change.premium_documented_minor
    # What another part adds comes with them all the same, unless more was billed elsewhere than is owed.
    is_added = part.change_number > 0 and first.owed_minor >= elsewhere_minor
    is_ended = left <= 0 and sum(opened.values()) > 0 and not is_added
    return _State(
        part=part,
        open_minor={} if is_ended else opened,
        elsewhere_minor=elsewhere_minor,
        planned={number: amount for number, amount in planned.items() if number not in elsewhere},
        bills=bills,
    )


def billed_elsewhere(source: LineSource, calendars: Calendars) -> int:
    """Return what installments of the term of a line were due before the cut-over, and so billed elsewhere.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> taken_over = replace(SAMPLE.lines[0].term, cut_over_date=date(2024, 3, 15))
    >>> billed_elsewhere(replace(SAMPLE.lines[0], term=taken_over), ALWAYS_OPEN)
    12000
    """
    if source.term.cut_over_date <= source.term.effective_date:
        return 0
    planned = planned_of_term(_as_installment(source, 1), calendars)
    bills = bill_numbers(planned, source.plan.minimum_bill_minor)
    return sum(planned[number - 1] for number in _elsewhere(source, bills, calendars))


def _elsewhere(source: LineSource, bills: Sequence[int], calendars: Calendars) -> set[int]:
    """Return the installments that were due before the cut-over, each with the one that it is billed with."""
    return {number for number, bill in enumerate(bills, start=1) if _is_elsewhere(source, bill, calendars)}


def _is_elsewhere(source: LineSource, bill_number: int, calendars: Calendars) -> bool:
    """Tell whether what is due with an installment was due before the cut-over, by the day it fell due."""
    if source.term.cut_over_date <= source.term.effective_date:
        return False
    grid = grid_at(source, calendars, bill_number)
    return (source.term.cut_over_date - grid.due_from).days > source.plan.due_days


def _difference(source: LineSource, change: ChangeSource, state: _State, owed_minor: int) -> Explained:
    """Return what is to be billed beside the open installments, or to be taken off them, below zero."""
    is_first = change.change_number == 0
    still_open, elsewhere = (state.open_sum, state.elsewhere_minor) if is_first else (0, 0)
    is_off = source.line.net_minor < 0
    documented = change.documented_minor + (0 if is_off else change.corrected_minor)
    return of_line(
        source,
        Subject.DIFFERENCE,
        Formula.TO_TAKE_OFF if is_off else Formula.STILL_TO_BILL,
        (
            minor("owed", owed_minor),
            minor("documented", documented),
            minor("still_open", still_open),
            minor("billed_elsewhere", elsewhere),
        ),
    )


def _is_shared(source: LineSource, state: _State, difference: int) -> bool:
    is_spread = source.plan.change_billing is ChangeBilling.SPREAD and state.part.change_number > 0
    return state.open_sum > 0 and (difference < 0 or is_spread)


def _carrier(
    source: LineSource, change: ChangeSource, state: _State, calendars: Calendars, difference: int
) -> int | None:
    """Return the number of the installment that carries a line, None where it was billed at once."""
    waits = source.plan.change_billing is ChangeBilling.NEXT or not change.is_begun
    is_next = waits and bool(state.open_minor)
    if change.change_number == 0 and difference > 0 and state.open_minor:
        number = _number_of_period(source, change, state, calendars)
        if number is not None and number not in change.settled_numbers:
            return max(state.open_minor)
    if not (is_next or _is_shared(source, state, difference)):
        return None
    due = [
        number
        for number in state.open_minor
        if _planned_due(source, number, state.bills[number - 1], calendars) == source.charge_due_date
    ]
    if is_next and not _is_shared(source, state, difference):
        return min(due, default=min(state.open_minor))
    # Of several that fall due together, an installment that carries nothing has no line.
    carrying = [
        number
        for number in due or list(state.open_minor)
        if amount_of(_share(source, state, difference, number))
    ]
    fitting = [number for number in carrying if _period(source, change, state, number, calendars).is_match]
    same = [number for number in fitting if _share(source, state, difference, number).is_match]
    return min(same or fitting or carrying or list(state.open_minor))


def _share(source: LineSource, state: _State, difference: int, number: int) -> Explained:
    """Return the share of the difference that an installment carries."""
    to = sum(amount for each, amount in state.open_minor.items() if each <= number)
    return of_line(
        source,
        Subject.NET,
        Formula.SHARE_OF_DIFFERENCE,
        (
            minor("difference", difference),
            minor("open_to", to),
            minor("open_before", to - state.open_minor[number]),
            minor("still_open", state.open_sum),
        ),
        source.line.net_minor,
    )


def _planned_due(source: LineSource, number: int, bill_number: int, calendars: Calendars) -> object:
    installment = _as_installment(source, number)
    found = explain_dates(installment, calendars, source.term.place_code, bill_number)
    return next(each for each in found if each.subject is Subject.PLANNED_DUE_DATE).result


def _period(
    source: LineSource, change: ChangeSource, state: _State, number: int | None, calendars: Calendars
) -> Explained:
    term, standing = source.term, standing_cancellation(change.changes)
    end = term.expiration_date
    if standing is not None and standing.change_date > state.part.from_date:
        end = standing.change_date
    inputs: tuple[Input, ...] = (
        Input(name="part_from_date", value=state.part.from_date, unit=Unit.DATE),
        Input(name="part_to_date", value=end, unit=Unit.DATE),
    )
    if number is not None:
        first, to = _planned_days(source, number, calendars, len(state.bills))
        inputs = (
            *inputs,
            Input(name="planned_from_date", value=first, unit=Unit.DATE),
            Input(name="planned_to_date", value=to, unit=Unit.DATE),
        )
    recorded = (source.line.period_from_date, source.line.period_to_date)
    return of_line(source, Subject.PERIOD, Formula.CHANGE_PERIOD, inputs, recorded)


def _planned_days(source: LineSource, number: int, calendars: Calendars, count: int) -> tuple[date, date]:
    """Return the first day of the period of one of ``count`` installments, and the day after its last."""
    grid = grid_at(source, calendars, number)
    is_last = source.plan.is_arranged and number == count
    return grid.period_from, source.term.expiration_date if is_last else grid.period_end


def _covered(
    source: LineSource, change: ChangeSource, state: _State, calendars: Calendars
) -> dict[int, tuple[date, date]]:
    """Return the days of the installments in whose periods there is cover."""
    days = {number: _planned_days(source, number, calendars, len(state.bills)) for number in state.planned}
    return {number: each for number, each in days.items() if covered_days(change.changes, *each) > 0}


def _number_of_period(
    source: LineSource, change: ChangeSource, state: _State, calendars: Calendars
) -> int | None:
    """Return the installment for whose period a line of the premium at the beginning is."""
    covered = _covered(source, change, state, calendars)
    same = [number for number, days in covered.items() if days[0] == source.line.period_from_date]
    return next(iter(same), None)


def _portion(
    source: LineSource, change: ChangeSource, state: _State, difference: int, calendars: Calendars
) -> tuple[int, tuple[Explained, ...]] | None:
    """Return the installment for whose period a line is, with the part of the difference that it bills."""
    covered = _covered(source, change, state, calendars)
    mine = _number_of_period(source, change, state, calendars)
    if mine is None:
        return None
    left = difference
    found: dict[int, tuple[Input, ...]] = {}
    without_cover: dict[int, tuple[Explained, ...]] = {}
    filled: dict[int, int] = {}
    for number, (first, to) in covered.items():
        if number in state.open_minor:
            continue
        planned = state.planned[number]
        said = sum(amount for day, amount in change.premium_lines if first <= day < to)
        without_cover[number] = explain_lapsed_in_period(source, change.changes, first, to)
        lapsed = sum(map(amount_of, without_cover[number]))
        priced = (minor("planned", planned), *((minor("lapsed", lapsed),) if lapsed else ()))
        found[number] = (*priced, minor("documented", said), minor("difference_left", left))
        filled[number] = min(left, max(0, planned - lapsed - said))
        left -= filled[number]
    if left and mine == max(covered):
        others = difference - left - filled.get(mine, 0)
        rest = (minor("difference", difference), minor("other_periods", others))
        net = of_line(source, Subject.NET, Formula.REST_OF_DIFFERENCE, rest, source.line.net_minor)
        return mine, (net,)
    if mine not in found:
        return None
    is_lapsed = any(each.name == "lapsed" for each in found[mine])
    formula = Formula.OPEN_OF_COVERED_PERIOD if is_lapsed else Formula.OPEN_OF_PERIOD
    net = of_line(source, Subject.NET, formula, found[mine], source.line.net_minor)
    return mine, (*(without_cover[mine] if is_lapsed else ()), net)
