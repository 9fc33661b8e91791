"""What a tax rule is: one dated row.

Belongs here: the row type and the words it is written in. Does not belong here: the rows, one file per place
in ``taxes``; the arithmetic (``frames.taxes``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.charges import INSTALLMENT_FEE, POLICY_FEE, PREMIUM
from billing_assets.domain.money import CURRENCIES, PPM, plain_amount

ANY_LINE = "*"
"""A rule for every line of business that no other row of the place names."""

PREMIUM_AND_FEES = " ".join(kind.charge_kind for kind in (PREMIUM, POLICY_FEE, INSTALLMENT_FEE))
"""``charge_kinds`` of a tax whose law counts the insurer's fees as part of the premium."""


class Category(StrEnum):
    """What the law does with the amount: codes of EN 16931, and one of our own."""

    TAXED = "S"
    EXEMPT = "E"
    LEFT_OUT = "X"
    """No row is shipped for it, ``source`` says why. What it falls on is not billed (``no_tax_rule``)."""


class Basis(StrEnum):
    """What the tax falls on."""

    NET = "net"
    NET_AND_TAXES = "net_and_taxes"
    """The net amount and the taxes of the same line that ``basis_tax_codes`` names: a tax on tax."""
    TERM = "term"
    """A fixed amount for each policy term, on a line of its first installment: once for each tax code."""
    DOCUMENT = "document"
    """A fixed amount for each document, on the first line that a row of its group falls on."""


class RoundingScope(StrEnum):
    """Which amounts are added up before they are rounded, once."""

    GROUP = "group"
    """All lines of the document that rows of its group (``GROUP_WORDS``) fall on, as EN 16931 has it."""
    POLICY = "policy"
    """The lines of one policy term."""
    LINE = "line"
    """Each line by itself."""


class TaxPoint(StrEnum):
    """Which day decides whether a row is valid."""

    PERIOD = "period"
    """The first day of the line's period: a new rate falls on the periods that begin under it."""
    TERM = "term"
    """The effective date of the policy term: the rate at inception stays for the whole term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """A tax on a premium or a fee.

    ``charge_kinds`` are the kinds it falls on, with blanks between. A rate is parts per million
    (80000 = 8 %) of the ``basis``; a fixed amount is ``amount_minor`` of ``currency`` and has no rate.
    Rounding is half-up to multiples of ``rounding_minor``, once per ``rounding_scope``.
    With ``is_inclusive`` the price contains the tax: the net is the price less the tax in it.
    An exempt row has no rate and an ``exemption_reason``. Valid for tax points in ``[valid_from, valid_to)``.
    ``source`` cites the law.

    >>> TaxRule(
    ...     tax_code="XX-TAX",
    ...     place_code="XX",
    ...     line_of_business="*",
    ...     rate_ppm=80_000,
    ...     valid_from=date(2021, 1, 1),
    ...     source="Act 1",
    ... ).basis.value
    'net'
    """

    tax_code: str
    place_code: str
    line_of_business: str
    charge_kinds: str = PREMIUM.charge_kind
    category_code: Category = Category.TAXED
    basis: Basis = Basis.NET
    basis_tax_codes: str = ""
    rate_ppm: int = 0
    amount_minor: int = 0
    currency: str = ""
    rounding_scope: RoundingScope = RoundingScope.GROUP
    rounding_minor: int = 1
    is_inclusive: bool = False
    exemption_reason: str = ""
    tax_point: TaxPoint = TaxPoint.PERIOD
    valid_from: date
    valid_to: date | None = None
    source: str

    def is_valid_on(self, day: date) -> bool:
        """Return whether the row holds on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


FIXED = (Basis.TERM, Basis.DOCUMENT)
"""Bases of a fixed amount."""

GROUP_WORDS = (
    *("place_code", "tax_code", "category_code", "rate_ppm", "exemption_reason"),
    *("basis", "basis_tax_codes", "amount_minor", "currency"),
    *("rounding_scope", "rounding_minor", "is_inclusive", "tax_point"),
)
"""What rows share that a document has as one tax: rounded together, in one line of its taxes.

It is everything that a document says of a row and everything that it is worked out by. Rows of one group
differ in what they fall on (line of business, charge kinds), in their days and in their source. The day by
which a row holds is among it, because one line may meet two rows that go by different days.
"""


def rule_faults(rule: TaxRule) -> list[str]:
    """Return what is wrong with a row by itself, in words; a sound row has nothing.

    >>> rule = TaxRule(
    ...     tax_code="XX-TAX",
    ...     place_code="XX",
    ...     line_of_business="*",
    ...     rate_ppm=80_000,
    ...     amount_minor=5,
    ...     valid_from=date(2021, 1, 1),
    ...     source="Act 1",
    ... )
    >>> rule_faults(rule)
    ['an amount and its currency stand in rows per term or document, a rate in the others']
    """
    is_fixed, is_taxed = rule.basis in FIXED, rule.category_code is Category.TAXED
    has_currency = rule.currency in CURRENCIES
    checks = (
        (bool(rule.source.strip()), "it cites no source"),
        (rule.valid_to is None or rule.valid_from < rule.valid_to, "it ends before it begins"),
        (0 <= rule.rate_ppm <= PPM, "its rate is not between 0 and the whole"),
        (rule.rounding_minor >= 1, "it is rounded to nothing"),
        (
            (is_fixed == bool(rule.amount_minor) == bool(rule.currency) == has_currency)
            and not (is_fixed and rule.rate_ppm),
            "an amount and its currency stand in rows per term or document, a rate in the others",
        ),
        (is_taxed == bool(rule.rate_ppm or rule.amount_minor), "only a taxed row has a rate, and it has one"),
        (
            (rule.category_code is Category.EXEMPT) == bool(rule.exemption_reason.strip()),
            "an exempt row says why, and no other does",
        ),
        (
            (rule.basis is Basis.NET_AND_TAXES) == bool(rule.basis_tax_codes),
            "a tax on other taxes names them, and no other does",
        ),
        (not (rule.is_inclusive and is_fixed), "a fixed amount is never part of the price"),
    )
    return [words for is_sound, words in checks if not is_sound]


def falls_on(rules: Iterable[TaxRule], place_code: str, line_of_business: str, day: date) -> list[TaxRule]:
    """Return the rows of a place that hold for a line of business on ``day``, whatever their charge kinds.

    Rows that name the line replace those for any line, of whatever tax.

    >>> row = TaxRule(
    ...     tax_code="XX-TAX",
    ...     place_code="XX",
    ...     line_of_business="*",
    ...     rate_ppm=80_000,
    ...     valid_from=date(2021, 1, 1),
    ...     source="Act 1",
    ... )
    >>> [falls_on([row], place, "motor", date(2021, 1, 1)) == [row] for place in ("XX", "YY")]
    [True, False]
    """
    valid = [rule for rule in rules if rule.place_code == place_code and rule.is_valid_on(day)]
    named = [rule for rule in valid if rule.line_of_business == line_of_business]
    return named or [rule for rule in valid if rule.line_of_business == ANY_LINE]


def rate_words(rule: TaxRule) -> str:
    """Return how much a row takes, in words for people.

    >>> row = TaxRule(
    ...     tax_code="XX-TAX",
    ...     place_code="XX",
    ...     line_of_business="*",
    ...     rate_ppm=161_500,
    ...     valid_from=date(2021, 1, 1),
    ...     rounding_scope=RoundingScope.LINE,
    ...     source="Act 1",
    ... )
    >>> rate_words(row)
    '16.15 %, rounded per line'
    """
    if rule.category_code is not Category.TAXED:
        return "exempt" if rule.category_code is Category.EXEMPT else "left out"
    if rule.basis in FIXED:
        return f"{plain_amount(rule.amount_minor, rule.currency)} {rule.currency} per {rule.basis.value}"
    percent = f"{rule.rate_ppm // 10_000}.{rule.rate_ppm % 10_000:04d}".rstrip("0").rstrip(".")
    words = [f"{percent} %"]
    if rule.basis is Basis.NET_AND_TAXES:
        words[0] += f" of net and {' and '.join(rule.basis_tax_codes.split())}"
    if rule.is_inclusive:
        words.append("in the price")
    if rule.rounding_scope is not RoundingScope.GROUP:
        words.append(f"rounded per {rule.rounding_scope.value}")
    if rule.rounding_minor != 1:
        words.append(f"rounded to {rule.rounding_minor} minor units")
    return ", ".join(words)
