"""Which sentence says a result: the keys of the words.

Belongs here: choosing among the ways in which a formula is said, and what says nothing.
Does not belong here: the words (``templates/explanation``), filling them in (``explanations``).
"""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from billing_assets.domain.backdating import REHEARSAL_APPROVER
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import InvoiceSources
from billing_assets.domain.money import PPM
from billing_assets.domain.term_days import TermDayCount

TOTALS = frozenset({Subject.NET_TOTAL, Subject.TAX_TOTAL, Subject.TOTAL, Subject.PAYABLE, Subject.ROUNDING})
"""What adds a document up."""
_OF_CANCELLED = frozenset({Subject.EARNED, Subject.UNEARNED})


def sentence_keys(result: Explained, sources: InvoiceSources) -> list[str]:
    """Return the sentences that say a result, by their keys."""
    formula = result.formula
    if result.subject is Subject.MIDDLE_SHARE:
        return []  # it comes about like the first, which stands before it
    if formula is Formula.LATEST and "original_issue_date" in result.values:
        return ["latest_credited"]
    if formula is Formula.LATEST:
        is_moved = result.result != result.values["issuing_date"]
        return ["latest_moved" if is_moved else "latest", *_approval(sources)]
    if formula is Formula.NEAREST_CASH and sources.invoice.credited:
        return ["nearest_cash_credited"]
    if formula is Formula.PLAN_SHARE and not _share_kind(result):
        return [_plan_share_key(result, sources)]
    kind = _KINDS.get(formula)
    key = f"{formula.value}{kind(result)}" if kind else formula.value
    more = _more(result, sources)
    # What ends in a colon stands before its figures.
    return [*more, key] if formula is Formula.ENDORSED_PART else [key, *more]


def _more(result: Explained, sources: InvoiceSources) -> list[str]:
    """Return what is said beside the sentence of the formula."""
    if result.subject is Subject.PERIOD and _is_cut(result):
        return ["period_cut"]
    if result.subject in _OF_CANCELLED:
        return _of_cancelled(result)
    if "day_count" in result.values:
        return ["counted_by"]
    key = "billed_again" if sources.invoice.replaces else "caught_up"
    return [key] if result.formula is Formula.LEAD and _is_past(result, sources) else []


def _of_cancelled(result: Explained) -> list[str]:
    """Return what is said of a cancelled part: days left out, who counts days, what is earned at least."""
    values = result.values
    left_out = ["lapsed_left_out"] if "lapsed_days" in values else []
    least = [] if "minimum_ppm" not in values else ["at_least" if _is_least(result) else "above_least"]
    is_of_method = result.formula is Formula.EARNED_BY_MONTHS_OF_30
    counted = ["counted_by_method" if is_of_method else "counted_by"] if "day_count" in values else []
    return [*left_out, *counted, *least]


def _is_least(result: Explained) -> bool:
    """Tell whether the least that a method earns is more than what it measures."""
    numbers = result.numbers
    measured = (
        Fraction(numbers["scale_ppm"], PPM)
        if "scale_ppm" in numbers
        else Fraction(numbers["days_in_force"], numbers["days"])
    )
    return measured < Fraction(numbers.get("minimum_ppm", 0), PPM)


def _approval(sources: InvoiceSources) -> list[str]:
    name = sources.issue.approved_by
    return [] if not name else ["rehearsal" if name == REHEARSAL_APPROVER else "approved"]


def _is_past(result: Explained, sources: InvoiceSources) -> bool:
    """Tell whether the day on which an invoice was to be made was past when it was made."""
    day = result.result
    return isinstance(day, date) and day < sources.issue.run_billing_date


def _is_cut(result: Explained) -> bool:
    period = result.result
    return isinstance(period, tuple) and period[-1] == result.values.get("cover_to_date")


def _roll_kind(result: Explained) -> str:
    values = result.values
    if "closed_days" not in values:
        return ""
    return "_kept" if values["roll"] == Roll.NONE.value else "_moved"


def _lead_kind(result: Explained) -> str:
    if result.values["lead_unit"] == LeadUnit.BUSINESS and result.values["lead_days"]:
        return "_business"
    moved = _roll_kind(result)
    return moved if moved or result.values["lead_days"] else "_none"


def _count_kind(result: Explained) -> str:
    return "_one" if result.result == 1 else ""


def _time_kind(result: Explained) -> str:
    values = result.values
    if result.result == values["planned_due_date"]:
        return "" if values["minimum_payment_days"] else "_free"
    return "_rolled" if "closed_days" in values else "_moved"


def _credit_kind(result: Explained) -> str:
    """Tell a part that a credit note gives back from what an invoice charges by the same formula."""
    values = result.values
    if "credited_line" not in values:
        return ""
    return "_credited_net" if "charged_net" in values else "_credited"


def _day_kind(result: Explained) -> str:
    return "_counted" if "day_count" in result.values else ""


def _share_kind(result: Explained) -> str:
    """Tell weights that are days from those that a plan names, or that count a whole period as 1."""
    count = result.values.get("day_count")
    return "_by_days" if count == TermDayCount.ACTUAL_365_FIXED else _day_kind(result)


def _plan_share_key(result: Explained, sources: InvoiceSources) -> str:
    """Tell the weights that a plan names from periods, which are alike, or count by their days.

    A plan without weights has its shares worked out in the same way for its down payment, fee or minimum.
    """
    source = next(each for each in sources.lines if each.line.line_number == result.line_numbers[0])
    if source.plan.weights:
        return "plan_share"
    weight, weights = (Fraction(str(result.values[name])) for name in ("weight", "weights"))
    share_count = source.line.installment_count - ("down_payment" in result.values)
    return "plan_share_equal" if weight * share_count == weights else "plan_share_by_periods"


def _scale_kind(result: Explained) -> str:
    """Tell what lies beyond the last row of a scale."""
    return "" if "scale_limit" in result.values else "_beyond"


def _return_kind(result: Explained) -> str:
    """Tell what is given back of a term that was taken over."""
    return "_elsewhere" if "billed_elsewhere" in result.values else ""


def _later_kind(result: Explained) -> str:
    """Tell the invoice with the latest period, which gives first."""
    return "" if result.values["later_left"] else "_latest"


def _charge_kind(result: Explained) -> str:
    """Tell the charge that has what the others leave."""
    return "_last" if result.values["charge"] == result.values["charges_left"] else ""


_KINDS: Mapping[Formula, Callable[[Explained], str]] = {
    Formula.CYCLE_COUNT: _count_kind,
    Formula.PATTERN_COUNT: _count_kind,
    Formula.WEIGHTED_SHARE: _day_kind,
    Formula.COVERED_PART: _day_kind,
    Formula.PLAN_SHARE: _share_kind,
    Formula.ROLLED: _roll_kind,
    Formula.LEAD: _lead_kind,
    Formula.NEXT_NUMBER: lambda result: "" if result.values["previous_number"] else "_first",
    Formula.TIME_TO_PAY: _time_kind,
    Formula.PRICE_LESS_TAXES: _credit_kind,
    Formula.RUNNING_SHARE: _credit_kind,
    Formula.FIXED: _credit_kind,
    Formula.CHARGE_SHARE: _charge_kind,
    Formula.GIVEN_BACK: _return_kind,
    Formula.GIVEN_OF_INVOICE: _later_kind,
    Formula.EARNED_BY_DAY_SCALE: _scale_kind,
    Formula.EARNED_BY_MONTH_SCALE: _scale_kind,
}
"""Formulas that are said in more than one way: how the key of the sentence ends."""


UNMOVED_LEADS = ("lead", "lead_none")


def figures_key(result: Explained) -> str:
    """Return the key of the line of figures that leads to a result."""
    formula, values = result.formula, result.values
    if formula is Formula.PRICE_LESS_TAXES:
        return f"{formula.value}{_credit_kind(result)}"
    if formula in {Formula.PLAN_SHARE, Formula.PLAN_REST}:
        after = "_after_down" if "down_payment" in values else ""
        return f"{formula.value}{after}{'_equal' if 'other_count' in values else ''}"
    if formula in {Formula.CHARGE_SHARE, Formula.GIVEN_BACK, Formula.GIVEN_OF_INVOICE}:
        return f"{formula.value}{_KINDS[formula](result)}"
    if result.subject is Subject.EARNED and _is_least(result):
        return "at_least"
    is_of_two = formula is Formula.REST and "middle_share" not in values
    return "rest_of_two" if is_of_two else formula.value


def says_nothing(result: Explained, line_count: int) -> bool:
    """Tell whether people already know a result from another one beside it."""
    if result.subject is Subject.NOMINAL_DUE_DATE:
        return result.formula is Formula.DAYS_AFTER and not result.values["due_days"]
    if result.subject is Subject.LINE_TAX:
        return line_count == 1
    if result.subject is Subject.TAX_SHARE:
        return result.values.get("shared_lines") == str(result.line_numbers[0])
    if result.subject is Subject.GIVEN_OF_LINE:
        return result.result == result.values["given_of_invoice"]
    is_sum_of_one = result.formula is Formula.SUM and len(result.inputs) == 1
    return is_sum_of_one and result.subject not in TOTALS | {Subject.TAX}
