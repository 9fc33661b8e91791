"""The taxes of one invoice.

Belongs here: which tax rows fall on a line, the tax of each group, the share of each line.
Does not belong here: the rows themselves.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from billing_assets.domain.tax_rule import TaxRule
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.policy import ReferenceTax


class NoTaxRuleError(LookupError):
    """No tax row of the place is valid on the tax point of a line."""


def rules_for(
    rules: Sequence[TaxRule], place_code: str, line_of_business: str, tax_point: date
) -> list[TaxRule]:
    """Return the rows that fall on a line, sorted by tax code.

    A row that names the line of business replaces the any-line rows of the whole place.

    Raises:
        NoTaxRuleError: there is none.
    """
    valid = [
        rule
        for rule in rules
        if rule.place_code == place_code
        and rule.valid_from <= tax_point
        and (rule.valid_to is None or tax_point < rule.valid_to)
    ]
    named = [rule for rule in valid if rule.line_of_business == line_of_business]
    chosen = named or [rule for rule in valid if rule.line_of_business == "*"]
    if not chosen:
        raise NoTaxRuleError(f"{place_code} {line_of_business} {tax_point}")
    return sorted(chosen, key=lambda rule: rule.tax_code)


def tax_document(
    lines: Sequence[tuple[date, int]], rules: Sequence[TaxRule], place_code: str, line_of_business: str
) -> tuple[list[ReferenceTax], list[int]]:
    """Return the taxes of a document and the tax of each of its lines.

    A line is its tax point and its net amount. One tax for each tax row, sorted by tax code and date.

    Raises:
        NoTaxRuleError: for the first line on which no tax row falls.
    """
    shares = [0] * len(lines)
    base_of: dict[TaxRule, int] = {}
    for position, (tax_point, net) in enumerate(lines):
        for rule in rules_for(rules, place_code, line_of_business, tax_point):
            before = base_of.get(rule, 0)
            base_of[rule] = before + net
            shares[position] += tax_on(before + net, rule) - tax_on(before, rule)
    taxes = [
        ReferenceTax(
            tax_code=rule.tax_code,
            rate_ppm=rule.rate_ppm,
            valid_from=rule.valid_from,
            category_code=rule.category_code,
            base_minor=base,
            tax_minor=tax_on(base, rule),
        )
        for rule, base in sorted(base_of.items(), key=lambda item: (item[0].tax_code, item[0].valid_from))
    ]
    return taxes, shares


def tax_on(base_minor: int, rule: TaxRule) -> int:
    """Return `base * rate`, rounded half-up once."""
    return half_up(Fraction(base_minor * rule.rate_ppm, 1_000_000))
