"""Safety bounds: what stops a run before it issues, until a person approves it.

Belongs here: the bounds of a company, when each is exceeded, and the words for it.
Does not belong here: counting what a run comes to (``frames.run_figures``), holding it (``steps``).

**What a run is compared with.** Not with another date, because weekends, holidays and the first of a month
move the bills of a monthly book from one date to another, but with the bills before: of each plan and
place, the installments whose periods ended where the periods of this run begin, and lasted about as long.
Those of the last installment of a term are followed by a bill only where the term is renewed; so a run may
come to less by as much. Left out is what a run catches up late, and what has its bill before a date on which
this store began to bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import amount_text


class Bound(StrEnum):
    """Why a run is held; the last one is no bound: the book or a rule moved after somebody approved."""

    INVOICE_COUNT = "invoice_count"
    INVOICE_TOTAL = "invoice_total"
    BILL = "bill"
    PROBLEMS = "problems"
    CREDITS = "credits"
    RUN_CHANGED_SINCE = "run_changed_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyBounds:
    """The bounds of a company; 0 switches a bound off.

    ``count_percent`` and ``total_percent``: more than so many percent above or below the bills before, where
    these were at least ``minimum_invoices``. ``bill_times``: any policy whose bill is more than so many times
    its last one, or of a bill with a change than the premium of its term. ``problem_per_mille``: more than so
    many of a thousand due installments failed, or held by a refused row of the book, and at least
    ``minimum_problems`` of them. ``credit_per_mille``: credit notes of changes for more than so many of a
    thousand terms in force, or of their premium, and at least ``minimum_credits`` of them.
    """

    count_percent: int = 20
    total_percent: int = 20
    bill_times: int = 3
    problem_per_mille: int = 5
    minimum_invoices: int = 200
    minimum_problems: int = 10
    credit_per_mille: int = 20
    minimum_credits: int = 10


DEFAULT_BOUNDS = SafetyBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside the bills before, in one currency; ``ended`` is what of those closed their term."""

    currency: str
    charge_count: int
    total_minor: int
    before_count: int
    before_minor: int
    ended_count: int
    ended_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditSum:
    """What a run gives back by credit notes, beside the terms that are in force, in one currency; net."""

    currency: str
    credit_count: int
    credited_minor: int
    term_count: int
    premium_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFindings:
    """What of a run is held against the bounds.

    ``problem_count`` of ``due_count`` installments are problems, each counted once, whatever lines it has.
    """

    comparisons: Sequence[Comparison] = ()
    credits: Sequence[CreditSum] = ()
    outlier_count: int = 0
    problem_count: int = 0
    due_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A bound that a run exceeds, with what was found, in words."""

    bound: Bound
    found: str


def bounds_from(record: object) -> SafetyBounds:
    """Return the bounds that a mapping of settings names; the others have their defaults.

    Raises:
        BillingError: ``company_invalid``, naming the setting.

    >>> bounds_from({"bill_times": 5}).bill_times
    5
    """
    if not isinstance(record, Mapping):
        raise _invalid("'safety_bounds' must be a list of names and whole numbers")
    known = {field.name for field in fields(SafetyBounds)}
    for name, value in record.items():
        if name not in known:
            raise _invalid(f"'safety_bounds' has no '{name}'")
        if type(value) is not int or not 0 <= value <= _MOST:
            raise _invalid(f"'{name}' of 'safety_bounds' must be a whole number from 0 to {_MOST:,}")
    return SafetyBounds(**record)


_MOST = 1_000_000


def bounds_record(bounds: SafetyBounds) -> dict[str, int]:
    """Return what of the bounds differs from the defaults, the reverse of :func:`bounds_from`.

    >>> bounds_record(SafetyBounds(bill_times=5))
    {'bill_times': 5}
    """
    usual = asdict(DEFAULT_BOUNDS)
    return {name: value for name, value in asdict(bounds).items() if value != usual[name]}


def exceeded_bounds(bounds: SafetyBounds, found: RunFindings) -> tuple[Exceeded, ...]:
    """Return the bounds that a run exceeds; what only just reaches one does not exceed it.

    >>> findings = RunFindings(problem_count=11, due_count=1_000)
    >>> [each.found for each in exceeded_bounds(SafetyBounds(), findings)]
    ['11 of 1,000 due installments are problems, more than 5 of a thousand']
    """
    compared = [row for row in found.comparisons if row.before_count >= bounds.minimum_invoices]
    return (
        *_count_exceeded(bounds, found.comparisons),
        *(each for row in compared for each in _total_exceeded(bounds, row)),
        *_bill_exceeded(bounds, found.outlier_count),
        *_problems_exceeded(bounds, found.problem_count, found.due_count),
        *_credits_exceeded(bounds, found.credits),
    )


def _count_exceeded(bounds: SafetyBounds, rows: Sequence[Comparison]) -> tuple[Exceeded, ...]:
    now, before = sum(row.charge_count for row in rows), sum(row.before_count for row in rows)
    ended = sum(row.ended_count for row in rows)
    if before < bounds.minimum_invoices or not _is_off(now, before, ended, bounds.count_percent):
        return ()
    words = f"{now:,} installments where there were {before:,} before, off by more than"
    return (Exceeded(bound=Bound.INVOICE_COUNT, found=f"{words} {bounds.count_percent} %"),)


def _total_exceeded(bounds: SafetyBounds, row: Comparison) -> tuple[Exceeded, ...]:
    if not _is_off(row.total_minor, row.before_minor, row.ended_minor, bounds.total_percent):
        return ()
    now, before = amount_text(row.total_minor, row.currency), amount_text(row.before_minor, row.currency)
    words = f"{now} where there were {before} before, off by more than {bounds.total_percent} %"
    return (Exceeded(bound=Bound.INVOICE_TOTAL, found=words),)


def _is_off(now: int, before: int, ended: int, percent: int) -> bool:
    if not percent:
        return False
    return now * 100 > before * (100 + percent) or now * 100 < (before - ended) * (100 - percent)


def _bill_exceeded(bounds: SafetyBounds, outlier_count: int) -> tuple[Exceeded, ...]:
    if not bounds.bill_times or not outlier_count:
        return ()
    policies = "1 policy has" if outlier_count == 1 else f"{outlier_count:,} policies have"
    words = f"{policies} a bill of more than {bounds.bill_times} times the last one"
    return (Exceeded(bound=Bound.BILL, found=words),)


def _problems_exceeded(bounds: SafetyBounds, problem_count: int, due_count: int) -> tuple[Exceeded, ...]:
    is_many = problem_count >= max(bounds.minimum_problems, 1)
    if not bounds.problem_per_mille or not is_many:
        return ()
    if problem_count * 1_000 <= due_count * bounds.problem_per_mille:
        return ()
    words = f"{problem_count:,} of {due_count:,} due installments are problems, more than"
    return (Exceeded(bound=Bound.PROBLEMS, found=f"{words} {bounds.problem_per_mille} of a thousand"),)


def _credits_exceeded(bounds: SafetyBounds, rows: Sequence[CreditSum]) -> tuple[Exceeded, ...]:
    notes, terms = sum(row.credit_count for row in rows), sum(row.term_count for row in rows)
    if not bounds.credit_per_mille or notes < max(bounds.minimum_credits, 1):
        return ()
    found = []
    if notes * 1_000 > terms * bounds.credit_per_mille:
        found.append(f"{notes:,} credit notes of {terms:,} terms in force")
    for row in rows:
        if row.credited_minor * 1_000 > row.premium_minor * bounds.credit_per_mille:
            given, of = (amount_text(each, row.currency) for each in (row.credited_minor, row.premium_minor))
            found.append(f"{given} given back of {of} of premium in force")
    words = f", more than {bounds.credit_per_mille} of a thousand"
    return tuple(Exceeded(bound=Bound.CREDITS, found=each + words) for each in found)


def _invalid(found: str) -> BillingError:
    return BillingError("company_invalid", f"company setting {found}", "see examples/company.yaml")
