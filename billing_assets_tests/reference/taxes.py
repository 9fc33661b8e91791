"""The taxes of one invoice.

Belongs here: which tax rows fall on a line and are one tax, the tax of each, the share of each line.
Does not belong here: the rows themselves.

Rates are fractions, and each amount is rounded when nothing more is to be added to it. Lines that are rounded
together are walked in their order: the share of a line is what it adds to the rounded tax so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache

from billing_assets.domain.tax_rule import TaxRule
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.policy import ReferenceTax


class NoTaxRuleError(LookupError):
    """No tax row of the place is valid on the tax point of a line, or the line is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedLine:
    """A line to be taxed; `price_minor` is its net amount, or contains tax where the rows say so.

    What a term owes once is charged to the first of its payers who has a line of the first installment.
    """

    place_code: str
    line_of_business: str
    currency: str
    charge_kind: str
    term: str
    term_begins: date
    period_begins: date
    installment_number: int
    price_minor: int
    is_of_first_payer: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTax:
    """What all taxes of a line come to, and how much of that its price contained."""

    tax_minor: int
    contained_minor: int


def rules_for(rules: Sequence[TaxRule], line: TaxedLine) -> list[TaxRule]:
    """Return the rows that fall on a line, sorted by tax code.

    A row that names the line of business replaces the any-line rows of the whole place.

    Raises:
        NoTaxRuleError: there is none with a rate or an exemption; or one says that the line is left out, or
            is an amount of another currency.
    """
    valid = [rule for rule in rules if rule.place_code == line.place_code and _holds(rule, line)]
    named = [rule for rule in valid if rule.line_of_business == line.line_of_business]
    chosen = named or [rule for rule in valid if rule.line_of_business == "*"]
    is_left_out = any(
        rule.category_code == "X" or rule.currency not in {"", line.currency} for rule in chosen
    )
    if is_left_out or all(_is_fixed(rule) for rule in chosen):
        raise NoTaxRuleError(f"{line.place_code} {line.line_of_business} {line.period_begins}")
    return sorted(chosen, key=lambda rule: (rule.tax_code, rule.valid_from))


def tax_document(
    lines: Sequence[TaxedLine], rules: Sequence[TaxRule]
) -> tuple[list[ReferenceTax], list[LineTax]]:
    """Return the taxes of a document, sorted by tax code and date, and those of each of its lines.

    Raises:
        NoTaxRuleError: for the first line on which no tax row falls.
    """
    nets, contained, base_of, tax_of = line_amounts(lines, rules)
    taxes = [_tax(rule, base_of, tax_of) for rule in sorted({rule for _, rule in tax_of}, key=_order)]
    sums = [sum(tax for (at, _), tax in tax_of.items() if at == number) for number in range(len(nets))]
    return taxes, [
        LineTax(tax_minor=tax, contained_minor=part) for tax, part in zip(sums, contained, strict=True)
    ]


Key = tuple[int, TaxRule]


def line_amounts(
    lines: Sequence[TaxedLine], rules: Sequence[TaxRule]
) -> tuple[list[int], list[int], dict[Key, int], dict[Key, int]]:
    """Return net and contained tax of each line, and base and tax of each line and row.

    Rows that say the same are one tax of the document: the first of them stands for all.

    Raises:
        NoTaxRuleError: for the first line on which no tax row falls.
    """
    chosen = _as_one([rules_for(rules, line) for line in lines], rules)
    tax_of = _fixed_amounts(lines, chosen)
    prices = [Fraction(line.price_minor) for line in lines]
    inside = {
        (number, rule): _part_of_price(rule, own)
        for number, own in enumerate(chosen)
        for rule in own
        if rule.is_inclusive
    }
    tax_of |= _rounded_in_turn(lines, prices, inside)
    contained = [
        sum(tax for (at, rule), tax in tax_of.items() if at == number and rule.is_inclusive)
        for number in range(len(lines))
    ]
    nets = [line.price_minor - part for line, part in zip(lines, contained, strict=True)]
    plain, compound = (
        {
            (number, rule): (_rate(rule), Fraction(1))
            for number, own in enumerate(chosen)
            for rule in own
            if not rule.is_inclusive
            and not _is_fixed(rule)
            and (rule.basis == "net_and_taxes") == is_compound
        }
        for is_compound in (False, True)
    )
    tax_of |= _rounded_in_turn(lines, [Fraction(net) for net in nets], plain)
    base_of = {
        (number, rule): nets[number] + _named(rule, number, tax_of) for number, rule in (*tax_of, *compound)
    }
    for key in compound:
        bases = [Fraction(base_of.get((number, key[1]), 0)) for number in range(len(lines))]
        same = {other: compound[other] for other in compound if other[1] == key[1]}
        tax_of |= _rounded_in_turn(lines, bases, same)
    return nets, contained, base_of, tax_of


def _as_one(chosen: list[list[TaxRule]], rules: Sequence[TaxRule]) -> list[list[TaxRule]]:
    chosen_ids = {id(rule) for own in chosen for rule in own}
    first: dict[TaxRule, TaxRule] = {}
    for rule in rules:
        if id(rule) in chosen_ids:
            first.setdefault(_what_it_says(rule), rule)
    return [[first[_what_it_says(rule)] for rule in own] for own in chosen]


@cache
def _what_it_says(rule: TaxRule) -> TaxRule:
    """Return a row without the lines that it falls on, its days and its source."""
    return replace(rule, line_of_business="", charge_kinds="", valid_from=date.min, valid_to=None, source="")


def _holds(rule: TaxRule, line: TaxedLine) -> bool:
    day = line.term_begins if rule.tax_point == "term" else line.period_begins
    is_valid = rule.valid_from <= day and (rule.valid_to is None or day < rule.valid_to)
    return is_valid and line.charge_kind in rule.charge_kinds.split()


def _is_fixed(rule: TaxRule) -> bool:
    return rule.basis in {"term", "document"}


def _order(rule: TaxRule) -> tuple[str, date]:
    return rule.tax_code, rule.valid_from


def _rate(rule: TaxRule) -> Fraction:
    return Fraction(rule.rate_ppm, 1_000_000)


def _fixed_amounts(lines: Sequence[TaxedLine], chosen: list[list[TaxRule]]) -> dict[Key, int]:
    """An amount per document on its first line, an amount per term on its first installment's first line.

    The amount of a term is one of the tax, by whichever row a line meets it first.
    """
    tax_of: dict[Key, int] = {}
    seen: set[tuple[TaxRule | str, str]] = set()
    for number, (line, own) in enumerate(zip(lines, chosen, strict=True)):
        for rule in own:
            owner = (rule.tax_code, line.term) if rule.basis == "term" else (rule, "")
            is_first = rule.basis == "document" or (line.installment_number == 1 and line.is_of_first_payer)
            if _is_fixed(rule) and is_first and owner not in seen:
                seen.add(owner)
                tax_of[number, rule] = rule.amount_minor
    return tax_of


def _part_of_price(rule: TaxRule, own: list[TaxRule]) -> tuple[Fraction, Fraction]:
    """Return the tax in a price of 1, and what a net amount of 1 comes to with all its taxes."""
    inside = [other for other in own if other.is_inclusive]
    rate_on_net = {
        other: _rate(other)
        * (1 + sum(_rate(plain) for plain in inside if plain.tax_code in other.basis_tax_codes.split()))
        for other in inside
    }
    whole = 1 + sum(rate_on_net.values(), Fraction(0))
    return rate_on_net[rule] / whole, whole


def _rounded_in_turn(
    lines: Sequence[TaxedLine], amounts: list[Fraction], parts: dict[Key, tuple[Fraction, Fraction]]
) -> dict[Key, int]:
    """Return what each line adds to the rounded tax of the lines before it that are rounded with it."""
    sums: dict[tuple[object, ...], Fraction] = {}
    tax_of: dict[Key, int] = {}
    for number, rule in sorted(parts, key=lambda key: key[0]):
        part, whole = parts[number, rule]
        owner = {"group": "", "policy": lines[number].term, "line": number}[rule.rounding_scope]
        together = (rule, owner, whole)
        before = sums.get(together, Fraction(0))
        sums[together] = before + amounts[number]
        tax_of[number, rule] = _rounded(rule, sums[together] * part) - _rounded(rule, before * part)
    return tax_of


def _rounded(rule: TaxRule, amount: Fraction) -> int:
    return half_up(amount / rule.rounding_minor) * rule.rounding_minor


def _named(rule: TaxRule, number: int, tax_of: dict[Key, int]) -> int:
    """The taxes on the same line that a tax on taxes falls on beside the net amount."""
    return sum(
        tax
        for (at, other), tax in tax_of.items()
        if at == number and other.basis == "net" and other.tax_code in rule.basis_tax_codes.split()
    )


def _tax(rule: TaxRule, base_of: dict[Key, int], tax_of: dict[Key, int]) -> ReferenceTax:
    own = [key for key in tax_of if key[1] == rule]
    return ReferenceTax(
        tax_code=rule.tax_code,
        rate_ppm=rule.rate_ppm,
        valid_from=rule.valid_from,
        category_code=rule.category_code,
        base_minor=sum(base_of[key] for key in own),
        tax_minor=sum(tax_of[key] for key in own),
    )
