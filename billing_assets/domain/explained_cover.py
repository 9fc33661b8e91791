"""What a part of a term's premium costs, and what of it is not owed for want of cover.

Belongs here: the price of a part, days without cover, and what the method of a cancellation earns, with the
rows that decide. Does not belong here: what later reductions take of a part (``explained_owed``), the amounts
themselves, worked out apart (``changed_terms``), the formulas (``change_formulas``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_assets.domain.business_days import add_months
from billing_assets.domain.cancellation import (
    CANCELLATION_METHODS,
    SCALE_DAYS,
    CancellationMethod,
    EarnedBasis,
)
from billing_assets.domain.changed_terms import (
    OwedPart,
    covered_days,
    ended_lapses,
    lapsed_days,
    standing_cancellation,
)
from billing_assets.domain.day_counts import days_30_360
from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_days import counted_by
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, RuleRow, amount_of, minor
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.money import PPM
from billing_assets.domain.policy_changes import TermChange
from billing_assets.domain.term_days import TermDayCount


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cover:
    """The cover of a part until its cancellation, from which days without it before are left out of ``end``.

    ``lapsed_days`` are these, by the count of the plan.
    """

    start: date
    end: date
    cancelled: date
    lapsed_days: int

    @property
    def calendar_gap(self) -> int:
        """The calendar days without cover before the cancellation."""
        return (self.cancelled - self.end).days


def explain_part(
    source: LineSource, part: OwedPart, changes: Sequence[TermChange], subject: Subject = Subject.PART
) -> tuple[Explained, ...]:
    """Return the price of a part, and what of it is not owed for want of cover; the price is the ``subject``.

    >>> from billing_assets.domain.changed_terms import owed_parts
    >>> from billing_assets.domain.policy_changes import ChangeKind
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> line = SAMPLE.lines[0]
    >>> off = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=1,
    ...     change_number=1,
    ...     change_kind=ChangeKind.CANCELLATION,
    ...     change_date=date(2024, 7, 1),
    ...     method_code="pro_rata",
    ... )
    >>> (part,) = owed_parts(line.term.premium_minor, line.days, [off])
    >>> [(each.subject.value, each.result) for each in explain_part(line, part, [off])]
    [('part', 48000), ('earned', 23869), ('unearned', 24131)]
    """
    price = _price(source, part, subject)
    return (price, *_cover(source, part, amount_of(price), changes))


def explain_lapsed_in_period(
    source: LineSource, changes: Sequence[TermChange], start: date, end: date
) -> tuple[Explained, ...]:
    """Return what the days without cover of a period cost, by the premium at the beginning; none without any.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> explain_lapsed_in_period(SAMPLE.lines[0], [], date(2024, 1, 1), date(2024, 2, 1))
    ()
    """
    gone = lapsed_days(changes, source.days, start, end)
    inputs = (
        minor("premium", source.term.premium_minor),
        _days("lapsed_days", gone),
        _days("term_days", source.days.whole),
        *counted_by(source.plan),
    )
    rules = _lapse_rows(source, changes, start)
    explained = of_line(
        source,
        Subject.LAPSED_IN_PERIOD,
        Formula.LAPSED_IN_PERIOD,
        inputs,
        rounding=Rounding.HALF_UP,
        rules=rules,
    )
    return (explained,) if gone else ()


def _days(name: str, value: int) -> Input:
    return Input(name=name, value=value, unit=Unit.DAYS)


def _row(source: LineSource, change_number: int, day: date) -> RuleRow:
    code = source.line.policy_number
    return RuleRow(kind="policy_change", code=code, row_id=change_number, valid_from=day, source="")


def _lapse_rows(source: LineSource, changes: Sequence[TermChange], start: date) -> tuple[RuleRow, ...]:
    """Return the changes by which there was no cover for a while after a day."""
    return tuple(
        _row(source, each.change_number, each.change_date)
        for lapse in ended_lapses(changes)
        for each in lapse
        if lapse[1].change_date > start
    )


def _price(source: LineSource, part: OwedPart, subject: Subject) -> Explained:
    if part.change_number == 0:
        premium = minor("premium", source.term.premium_minor)
        return of_line(source, subject, Formula.FIRST_PREMIUM, (premium,))
    return of_line(
        source,
        subject,
        Formula.ENDORSED_PART,
        (
            minor("new_premium", part.new_minor),
            minor("old_premium", part.old_minor),
            _days("days_left", source.days.between(part.from_date, source.term.expiration_date)),
            _days("term_days", source.days.whole),
            *counted_by(source.plan),
        ),
        rounding=Rounding.HALF_UP,
        rules=(_row(source, part.change_number, part.from_date),),
    )


def _cover(
    source: LineSource, part: OwedPart, price: int, changes: Sequence[TermChange]
) -> tuple[Explained, ...]:
    """Return what of the price is for days without cover, or is not earned by its cancellation."""
    standing, end = standing_cancellation(changes), source.term.expiration_date
    if standing is not None:
        return _of_cancelled(source, part, price, changes, standing)
    gone = lapsed_days(changes, source.days, part.from_date, end)
    if not gone:
        return ()
    inputs = (
        minor("part", price),
        _days("lapsed_days", gone),
        _days("days", source.days.between(part.from_date, end)),
        *counted_by(source.plan),
    )
    rules = _lapse_rows(source, changes, part.from_date)
    explained = of_line(
        source, Subject.LAPSED, Formula.LAPSED_DAYS, inputs, rounding=Rounding.HALF_UP, rules=rules
    )
    return (explained,)


def _of_cancelled(
    source: LineSource, part: OwedPart, price: int, changes: Sequence[TermChange], standing: TermChange
) -> tuple[Explained, ...]:
    """Return what is earned of a part by the method of its cancellation, and what is not."""
    method = CANCELLATION_METHODS[standing.method_code]
    cover = _cover_until(source, part, changes, standing)
    of_part = (
        minor("part", price),
        Input(name="part_from_date", value=cover.start, unit=Unit.DATE),
        Input(name="cancelled_from_date", value=cover.cancelled, unit=Unit.DATE),
    )
    rules = (
        _row(source, standing.change_number, standing.change_date),
        _method_row(method),
        *_lapse_rows(source, changes, cover.start),
    )
    whole = _whole(source, method, cover)
    if whole is not None:
        return (of_line(source, Subject.UNEARNED, whole, of_part, rules=rules),)
    formula, measured = _measured(source, method, cover)
    is_return = formula is Formula.PART_OF_RETURN
    found = of_line(
        source,
        Subject.UNEARNED if is_return else Subject.EARNED,
        formula,
        (*of_part, *measured),
        rounding=Rounding.HALF_UP,
        rules=rules,
    )
    if is_return:
        return (found,)
    rest = (minor("part", price), minor("earned", amount_of(found)))
    return (found, of_line(source, Subject.UNEARNED, Formula.NOT_EARNED, rest))


def _cover_until(
    source: LineSource, part: OwedPart, changes: Sequence[TermChange], standing: TermChange
) -> _Cover:
    start, cancelled = part.from_date, standing.change_date
    return _Cover(
        start=start,
        end=start + timedelta(covered_days(changes, start, cancelled)),
        cancelled=cancelled,
        lapsed_days=lapsed_days(changes, source.days, start, cancelled),
    )


def _method_row(method: CancellationMethod) -> RuleRow:
    return RuleRow(
        kind="cancellation_method",
        code=method.method_code,
        valid_from=method.valid_from,
        valid_to=method.valid_to,
        source=method.source,
    )


def _whole(source: LineSource, method: CancellationMethod, cover: _Cover) -> Formula | None:
    """Return why all of a part is earned, or nothing of it; None where it is measured."""
    if method.basis is EarnedBasis.FLAT:
        return Formula.FLAT
    if cover.end <= cover.start:
        return Formula.COVER_NOT_BEGUN
    return Formula.COVER_TO_THE_END if cover.end >= source.term.expiration_date else None


def _measured(
    source: LineSource, method: CancellationMethod, cover: _Cover
) -> tuple[Formula, tuple[Input, ...]]:
    """Return by which formula a method measures, with the days or months and the rates that it goes by.

    No method gives back a part of the return and keeps a minimum besides.
    """
    least = method.minimum_earned_ppm
    kept = (Input(name="minimum_ppm", value=least, unit=Unit.PPM),) if least else ()
    if method.basis is EarnedBasis.MONTH_SCALE:
        return Formula.EARNED_BY_MONTH_SCALE, (*_months(method, cover), *kept, *_left_out(cover.calendar_gap))
    days = _days_in_force(source, method, cover)
    if method.basis is EarnedBasis.PART_OF_RETURN:
        share = Input(name="return_ppm", value=method.return_ppm, unit=Unit.PPM)
        return Formula.PART_OF_RETURN, (*days, share)
    if method.basis is EarnedBasis.DAY_SCALE:
        return Formula.EARNED_BY_DAY_SCALE, (*days, *_scaled(method, days), *kept)
    formula = Formula.EARNED_BY_MONTHS_OF_30 if method.is_thirty_360 else Formula.EARNED_BY_DAYS
    return formula, (*days, *kept)


def _days_in_force(source: LineSource, method: CancellationMethod, cover: _Cover) -> tuple[Input, ...]:
    """Return the days with cover and those of the part, by the count of the method or of the plan."""
    start, expiration = cover.start, source.term.expiration_date
    if method.is_thirty_360:
        used, whole = days_30_360(start, cover.end), days_30_360(start, expiration)
        count = Input(name="day_count", value=TermDayCount.THIRTY_360.value, unit=Unit.CODE)
        return (*_used(used, whole), *_left_out(cover.calendar_gap), count)
    if method.basis is EarnedBasis.DAY_SCALE:
        used, whole = ((day - start).days for day in (cover.end, expiration))
        return (*_used(used, whole), *_left_out(cover.calendar_gap))
    used = source.days.between(start, cover.cancelled) - cover.lapsed_days
    # A part of the days that cost nothing comes to nothing, whatever of it is earned.
    whole = max(1, source.days.between(start, expiration))
    return (*_used(used, whole), *_left_out(cover.lapsed_days), *counted_by(source.plan))


def _used(used: int, whole: int) -> tuple[Input, ...]:
    return (_days("days_in_force", used), _days("days", whole))


def _left_out(gone: int) -> tuple[Input, ...]:
    return (_days("lapsed_days", gone),) if gone else ()


def _scaled(method: CancellationMethod, days: tuple[Input, ...]) -> tuple[Input, ...]:
    """Return the day of a scale that the days with cover come to, with its row."""
    by_name = {each.name: each.value for each in days if isinstance(each.value, int)}
    reached = -(-by_name["days_in_force"] * SCALE_DAYS // by_name["days"])
    scaled = Input(name="scaled_day", value=reached, unit=Unit.COUNT)
    return (_days("scale_days", SCALE_DAYS), scaled, *_scale_row(method, reached))


def _months(method: CancellationMethod, cover: _Cover) -> tuple[Input, ...]:
    """Return the months of cover that had begun, with the row of a scale by months."""
    longest = (cover.end - cover.start).days + 1
    begun = next(month for month in range(longest) if add_months(cover.start, month) >= cover.end)
    return (Input(name="months_begun", value=begun, unit=Unit.COUNT), *_scale_row(method, begun))


def _scale_row(method: CancellationMethod, reached: int) -> tuple[Input, ...]:
    """Return up to where the row of a scale holds, and what it earns; beyond the last row all is earned."""
    for limit, ppm in method.scale:
        if reached <= limit:
            row = Input(name="scale_limit", value=limit, unit=Unit.COUNT)
            return (row, Input(name="scale_ppm", value=ppm, unit=Unit.PPM))
    return (Input(name="scale_ppm", value=PPM, unit=Unit.PPM),)
