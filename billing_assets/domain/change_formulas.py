"""The formulas by which a change in the middle of a term is explained, each of amounts and counts alone.

Belongs here: what is earned of a part, what is owed of it, and what of the difference a line bills or
gives back, in integers and fractions. Does not belong here: which of them a result has (``explained_owed``,
``explained_changes``, ``explained_returns``), all other formulas (``explanations``), the same of billing
(``frames``), from which these are written apart.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from billing_assets.domain.explained_words import Formula
from billing_assets.domain.money import PPM, round_half_up

_Numbers: TypeAlias = Mapping[str, int]


def _endorsed(given: _Numbers) -> Fraction:
    return (given["new_premium"] - given["old_premium"]) * Fraction(given["days_left"], given["term_days"])


def _lapsed(given: _Numbers) -> Fraction:
    return given["part"] * Fraction(given["lapsed_days"], given["days"])


def _lapsed_in_period(given: _Numbers) -> Fraction:
    return given["premium"] * Fraction(given["lapsed_days"], given["term_days"])


def _by_days(given: _Numbers) -> Fraction:
    return _at_least(given, Fraction(given["days_in_force"], given["days"]))


def _by_scale(given: _Numbers) -> Fraction:
    return _at_least(given, Fraction(given["scale_ppm"], PPM))


def _at_least(given: _Numbers, earned: Fraction) -> Fraction:
    """Return what is earned of a part, by the method's minimum where that is more."""
    return given["part"] * max(earned, Fraction(given.get("minimum_ppm", 0), PPM))


def _part_of_return(given: _Numbers) -> Fraction:
    left = Fraction(given["days"] - given["days_in_force"], given["days"])
    return given["part"] * left * Fraction(given["return_ppm"], PPM)


def _alone(given: _Numbers, name: str) -> Fraction:
    """Return what is owed of a part but for what reductions take."""
    return Fraction(given[name] - given["lapsed"] - given["unearned"])


def _owed(given: _Numbers) -> Fraction:
    return _alone(given, "part") - given["taken_by_returns"]


def _difference(given: _Numbers) -> Fraction:
    """Return what is owed less what was billed and what the plan bills, here still and elsewhere."""
    return Fraction(given["owed"] - given["documented"] - given["still_open"] - given["billed_elsewhere"])


def _open_of_period(given: _Numbers) -> Fraction:
    opened = given["planned"] - given.get("lapsed", 0) - given["documented"]
    return Fraction(min(given["difference_left"], max(0, opened)))


def _share_of_difference(given: _Numbers) -> Fraction:
    """Return the share up to an installment less that before it, each rounded half-up."""
    to, before = (
        round_half_up(given["difference"] * given[name], given["still_open"])
        for name in ("open_to", "open_before")
    )
    return Fraction(to - before)


def _given_back(given: _Numbers) -> Fraction:
    return Fraction(max(0, given["documented"] + given.get("billed_elsewhere", 0) - given["owed"]))


def _taken(wanted: str, later: str, left: str) -> Callable[[_Numbers], Fraction]:
    """Return the formula of what is taken where what comes later has given before, of what is left."""
    return lambda given: Fraction(min(max(0, given[wanted] - given[later]), given[left]))


CHANGE_FORMULAS: Mapping[Formula, Callable[[_Numbers], Fraction]] = MappingProxyType(
    {
        Formula.ENDORSED_PART: _endorsed,
        Formula.LAPSED_DAYS: _lapsed,
        Formula.LAPSED_IN_PERIOD: _lapsed_in_period,
        Formula.EARNED_BY_DAYS: _by_days,
        Formula.EARNED_BY_MONTHS_OF_30: _by_days,
        Formula.EARNED_BY_DAY_SCALE: _by_scale,
        Formula.EARNED_BY_MONTH_SCALE: _by_scale,
        Formula.NOT_EARNED: lambda given: Fraction(given["part"] - given["earned"]),
        Formula.PART_OF_RETURN: _part_of_return,
        Formula.FLAT: lambda given: Fraction(given["part"]),
        Formula.COVER_NOT_BEGUN: lambda given: Fraction(given["part"]),
        Formula.COVER_TO_THE_END: lambda _: Fraction(0),
        Formula.REDUCTION: lambda given: -_alone(given, "later_part"),
        Formula.TAKEN_FROM_PART: _taken("reduction", "taken_before", "owed_before"),
        Formula.OWN_REDUCTION: lambda given: _alone(given, "part"),
        Formula.OWED_OF_PART: _owed,
        Formula.STILL_TO_BILL: _difference,
        Formula.TO_TAKE_OFF: _difference,
        Formula.WHOLE_DIFFERENCE: lambda given: Fraction(given["difference"]),
        Formula.SHARE_OF_DIFFERENCE: _share_of_difference,
        Formula.OPEN_OF_PERIOD: _open_of_period,
        Formula.OPEN_OF_COVERED_PERIOD: _open_of_period,
        Formula.REST_OF_DIFFERENCE: lambda given: Fraction(given["difference"] - given["other_periods"]),
        Formula.GIVEN_BACK: _given_back,
        Formula.GIVEN_OF_INVOICE: _taken("given_back", "later_left", "invoice_left"),
        Formula.GIVEN_OF_LINE: _taken("given_of_invoice", "later_lines_left", "line_left"),
        Formula.WHOLE_LINE_GIVEN: lambda given: Fraction(given["line_left"]),
    }
)
"""Formula -> its function: of the amounts and counts by name, exact.

>>> CHANGE_FORMULAS[Formula.EARNED_BY_DAYS]({"part": 365_00, "days_in_force": 10, "days": 365})
Fraction(1000, 1)
"""
