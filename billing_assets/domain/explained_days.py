"""By how many days the amounts of a line are what they are, and how its plan counts them.

Belongs here: days as inputs of an explanation. Does not belong here: the counts (``term_days``), the formulas
(``explanations``), the same for a whole book (``frames.term_days``), from which this is written apart.
"""

from billing_assets.domain.billing_grids import TermGrid
from billing_assets.domain.explained_words import Unit
from billing_assets.domain.explanations import Input
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.domain.term_days import TermDayCount, plain_days


def counted_by(plan: PaymentPlan) -> tuple[Input, ...]:
    """Return how a plan counts days, as an input; none where it names no count.

    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> counted_by(DEFAULT_PLANS[0])
    ()
    """
    if plan.day_count is TermDayCount.ACTUAL_TERM:
        return ()
    return (Input(name="day_count", value=plan.day_count.value, unit=Unit.CODE),)


def partial_days(source: LineSource, grid: TermGrid) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the days of the first and of the last period, each with those of its grid period.

    >>> from billing_assets.domain.billing_grids import grid_of
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> partial_days(SAMPLE.lines[0], grid_of(SAMPLE.lines[0], ALWAYS_OPEN))
    ((31, 31), (31, 31))
    """
    term, count = source.term, source.plan.day_count
    return (
        (
            plain_days(count, term.effective_date, grid.first_to),
            plain_days(count, grid.first_from, grid.first_to),
        ),
        (
            plain_days(count, grid.last_from, term.expiration_date),
            plain_days(count, grid.last_from, grid.last_to),
        ),
    )
