"""Credits of one invoice, one after another, remembered.

Belongs here: what each credit gives back of each line and of each tax row.
Does not belong here: the taxes of the invoice (``taxes``).

What was given back is remembered as such: nothing here is worked out from sums that a store keeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from billing_assets.domain.tax_rule import TaxRule
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.taxes import Key, TaxedLine, line_amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCredit:
    """What a credit gives back: (net, tax, contained tax) by line, (base, tax) by tax code and first day."""

    lines: Mapping[int, tuple[int, int, int]]
    taxes: Mapping[tuple[str, date], tuple[int, int]]


@dataclass(kw_only=True)
class ReferenceInvoiceInCredit:
    """An invoice of which parts are given back; ``lines`` are counted from 0."""

    lines: Sequence[TaxedLine]
    rules: Sequence[TaxRule]
    nets: list[int] = field(init=False)
    contained: list[int] = field(init=False)
    base_of: dict[Key, int] = field(init=False)
    tax_of: dict[Key, int] = field(init=False)
    net_back: list[int] = field(init=False)
    terms_back: set[str] = field(init=False)
    base_back: dict[Key, int] = field(init=False)
    tax_back: dict[Key, int] = field(init=False)

    def __post_init__(self) -> None:
        self.nets, self.contained, self.base_of, self.tax_of = line_amounts(self.lines, self.rules)
        self.net_back = [0] * len(self.lines)
        self.terms_back = set()
        self.base_back = dict.fromkeys(self.tax_of, 0)
        self.tax_back = dict.fromkeys(self.tax_of, 0)

    def credit(self, wanted: Mapping[int, int]) -> ReferenceCredit:
        """Give back so much net of each named line, and the tax of it."""
        for number, net in wanted.items():
            assert 0 <= net <= self.nets[number] - self.net_back[number]
            self.net_back[number] += net
        is_over = self.net_back == self.nets
        named = {self.lines[number].term for number in wanted}
        for term in {line.term for line in self.lines}:
            own = [number for number, line in enumerate(self.lines) if line.term == term]
            is_back = all(self.net_back[number] == self.nets[number] for number in own)
            if is_back and (is_over or term in named):
                self.terms_back.add(term)
        goal_tax: dict[Key, int] = {}
        goal_base: dict[Key, int] = {}
        for key in sorted(self.tax_of, key=lambda key: key[1].basis == "net_and_taxes"):
            goal_base[key], goal_tax[key] = self._goal(key, goal_tax, is_over=is_over)
        base = {key: goal_base[key] - self.base_back[key] for key in self.tax_of}
        tax = {key: goal_tax[key] - self.tax_back[key] for key in self.tax_of}
        self.base_back, self.tax_back = goal_base, goal_tax
        return self._told(dict(wanted), base, tax)

    def _goal(self, key: Key, taxes: Mapping[Key, int], *, is_over: bool) -> tuple[int, int]:
        """Base and tax of all that is given back so far."""
        number, rule = key
        is_term_over = self.lines[number].term in self.terms_back
        if rule.basis in {"term", "document"}:
            is_back = is_over if rule.basis == "document" else is_term_over
            return (self.base_of[key], self.tax_of[key]) if is_back else (0, 0)
        named = [
            other
            for other in self.tax_of
            if other[0] == number
            and other[1].basis == "net"
            and other[1].tax_code in rule.basis_tax_codes.split()
        ]
        net = self.net_back[number]
        base = net + sum(taxes[other] for other in named)
        if net == self.nets[number] and (net or is_term_over):
            return base, self.tax_of[key]
        if rule.is_inclusive:
            exact = net * _rate(rule) * (1 + sum((_rate(other[1]) for other in named), Fraction(0)))
        else:
            exact = base * _rate(rule)
        tax = half_up(exact / rule.rounding_minor) * rule.rounding_minor
        return base, min(tax, self.tax_of[key])

    def _told(
        self, wanted: dict[int, int], base: Mapping[Key, int], tax: Mapping[Key, int]
    ) -> ReferenceCredit:
        lines = {}
        for number in range(len(self.lines)):
            own = {rule: amount for (at, rule), amount in tax.items() if at == number}
            net, all_tax = wanted.get(number, 0), sum(own.values())
            inside = sum(amount for rule, amount in own.items() if rule.is_inclusive)
            if net or all_tax:
                lines[number] = (net, all_tax, inside)
        groups: dict[tuple[str, date], tuple[int, int]] = {}
        for key in tax:
            if base[key] or tax[key]:
                name = (key[1].tax_code, key[1].valid_from)
                so_far = groups.get(name, (0, 0))
                groups[name] = (so_far[0] + base[key], so_far[1] + tax[key])
        return ReferenceCredit(lines=lines, taxes=groups)


def _rate(rule: TaxRule) -> Fraction:
    return Fraction(rule.rate_ppm, 1_000_000)
