"""Why each tax of an invoice, and the tax of each of its lines, is what it is.

Belongs here: what is rounded together, and the results that explain it.
Does not belong here: which row falls on which line (``explained_tax_rows``), the formulas
(``explanations``), the same over columns (``frames.taxes``), from which this is written apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from billing_assets.domain.explained_tax_rows import Falls, falls_on_lines, tax_point, tax_row
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, RuleRow, amount_of, minor, sum_of
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource, TaxSource
from billing_assets.domain.money import PPM
from billing_assets.domain.tax_rule import FIXED, Basis, Category, RoundingScope


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPiece:
    """A tax on one line: ``taxable_minor`` times ``rate``, in a price over ``whole``."""

    source: LineSource
    tax: TaxSource
    taxable_minor: int
    rate: Fraction
    whole: Fraction = Fraction(1)

    @property
    def line_number(self) -> int:
        """The line on which it falls."""
        return self.source.line.line_number

    @property
    def rounded_with(self) -> tuple[int, int, Fraction]:
        """What tells apart the amounts of one tax row that are rounded by themselves."""
        scope = self.tax.rule.rounding_scope
        together = {
            RoundingScope.POLICY: self.source.term.policy_term_id,
            RoundingScope.LINE: self.line_number,
        }
        return self.tax.tax_number, together.get(scope, 0), self.whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTaxes:
    """The taxes of a document, and of each line the net amount and the tax.

    ``contained``: line number -> the taxes that its price contains; ``nets``: what the price is without them.
    ``pieces``: each tax on each line; ``shares``: (line number, tax number) -> what it comes to.
    """

    taxes: tuple[Explained, ...]
    contained: Mapping[int, list[Input]]
    nets: Mapping[int, int]
    of_lines: tuple[Explained, ...]
    pieces: tuple[TaxPiece, ...]
    shares: Mapping[tuple[int, int], int]


def explain_taxes(sources: InvoiceSources, prices: Mapping[int, int]) -> ExplainedTaxes:
    """Return why each tax is what it is; ``prices``: line number -> what the line comes to before tax on top.

    A tax in the price comes first, then the net amount, then taxes on it, then taxes on these.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> base, tax = explain_taxes(SAMPLE, {1: 40_00}).taxes
    >>> tax.formula.value, base.result, tax.result, tax.is_match
    ('rate', 4000, 320, True)
    """
    falls = falls_on_lines(sources)
    inside = _pieces_of_prices(falls, prices)
    shares = _shares(inside)
    codes = {tax.tax_number: tax.rule.tax_code for tax in sources.taxes}
    contained = {
        number: [
            minor("contained_tax", share, codes[tax])
            for (line, tax), share in shares.items()
            if line == number
        ]
        for number in prices
    }
    nets = {number: price - _sum(contained[number]) for number, price in prices.items()}
    plain = _pieces_on_top(falls, nets, {}, Basis.NET)
    shares |= _shares(plain)
    named = {
        (source.line.line_number, tax.tax_number): _named(source, tax, falls, shares) for source, tax in falls
    }
    compound, fixed = _pieces_on_top(falls, nets, named, Basis.NET_AND_TAXES), _fixed_pieces(falls, nets)
    shares |= _shares(compound)
    shares |= {(piece.line_number, piece.tax.tax_number): piece.tax.rule.amount_minor for piece in fixed}
    pieces = sorted((*inside, *plain, *compound, *fixed), key=lambda piece: piece.line_number)
    taxes = [
        result
        for tax in sources.taxes
        for result in _of_tax(
            tax, [each for each in pieces if each.tax.tax_number == tax.tax_number], nets, named
        )
    ]
    return ExplainedTaxes(
        taxes=tuple(taxes),
        contained=contained,
        nets=nets,
        of_lines=_of_lines(sources, pieces, shares),
        pieces=tuple(pieces),
        shares=shares,
    )


def _pieces_on_top(
    falls: Falls, nets: Mapping[int, int], named: Mapping[tuple[int, int], list[Input]], basis: Basis
) -> list[TaxPiece]:
    """Return the taxes of one basis that come on top of the price."""
    return [
        TaxPiece(
            source=source,
            tax=tax,
            taxable_minor=nets[source.line.line_number]
            + _sum(named.get((source.line.line_number, tax.tax_number), [])),
            rate=_rate(tax),
        )
        for source, tax in falls
        if not tax.rule.is_inclusive and tax.rule.basis is basis
    ]


def _sum(amounts: Iterable[Input]) -> int:
    return sum(each.value for each in amounts if isinstance(each.value, int))


def _rate(tax: TaxSource) -> Fraction:
    return Fraction(tax.rule.rate_ppm, PPM)


def _pieces_of_prices(falls: Falls, prices: Mapping[int, int]) -> list[TaxPiece]:
    inside = [(source, tax) for source, tax in falls if tax.rule.is_inclusive]
    rates = {
        (source.line.line_number, tax.tax_number): _rate(tax)
        * (1 + sum((_rate(other) for other in _named_taxes(source, tax, inside)), Fraction(0)))
        for source, tax in inside
    }
    wholes = {
        number: 1 + sum((rate for (line, _), rate in rates.items() if line == number), Fraction(0))
        for number in prices
    }
    return [
        TaxPiece(
            source=source,
            tax=tax,
            taxable_minor=prices[source.line.line_number],
            rate=rates[source.line.line_number, tax.tax_number],
            whole=wholes[source.line.line_number],
        )
        for source, tax in inside
    ]


def _named_taxes(source: LineSource, tax: TaxSource, falls: Falls) -> list[TaxSource]:
    """Return the taxes of a line that a tax on taxes falls on."""
    codes = tax.rule.basis_tax_codes.split()
    return [
        other
        for line, other in falls
        if line is source and other.rule.basis is Basis.NET and other.rule.tax_code in codes
    ]


def _named(
    source: LineSource, tax: TaxSource, falls: Falls, shares: Mapping[tuple[int, int], int]
) -> list[Input]:
    number = source.line.line_number
    return [
        minor("named_tax", shares[number, other.tax_number], other.rule.tax_code)
        for other in _named_taxes(source, tax, falls)
    ]


def _fixed_pieces(falls: Falls, nets: Mapping[int, int]) -> list[TaxPiece]:
    """Return fixed amounts: one per term on the line of its first installment, one per document."""
    pieces: list[TaxPiece] = []
    seen: set[tuple[int, int]] = set()
    for source, tax in falls:
        if tax.rule.basis not in FIXED:
            continue
        is_of_term = tax.rule.basis is Basis.TERM
        owner = (tax.tax_number, source.term.policy_term_id if is_of_term else 0)
        is_first = source.line.installment_number == 1 and source.change is None
        if owner not in seen and (not is_of_term or is_first):
            seen.add(owner)
            taxable = nets[source.line.line_number]
            pieces.append(TaxPiece(source=source, tax=tax, taxable_minor=taxable, rate=Fraction(0)))
    return pieces


def _grouped(pieces: Iterable[TaxPiece]) -> list[list[TaxPiece]]:
    """Return the pieces that are rounded together, each group in the order of its lines."""
    ordered = sorted(pieces, key=lambda piece: (piece.rounded_with, piece.line_number))
    return [list(group) for _, group in groupby(ordered, key=lambda piece: piece.rounded_with)]


def _shares(pieces: Iterable[TaxPiece]) -> dict[tuple[int, int], int]:
    """Return (line, tax) -> the share of the line in what is rounded together."""
    return {
        (piece.line_number, piece.tax.tax_number): amount_of(share)
        for piece, share in _running_shares(pieces)
    }


def _running_shares(pieces: Iterable[TaxPiece]) -> Iterator[tuple[TaxPiece, Explained]]:
    """Yield each piece with its share, group by group."""
    for group in _grouped(pieces):
        before = 0
        for piece in group:
            yield piece, _share(piece, before, group)
            before += piece.taxable_minor


def _share(piece: TaxPiece, before: int, group: list[TaxPiece]) -> Explained:
    lines = ", ".join(str(each.line_number) for each in group)
    factor = piece.rate / piece.whole
    return Explained(
        subject=Subject.TAX_SHARE,
        formula=Formula.RUNNING_SHARE,
        inputs=(
            minor("running", before + piece.taxable_minor),
            minor("before", before),
            Input(name="factor", value=factor, unit=Unit.RATE),
            Input(name="shared_lines", value=lines, unit=Unit.CODE),
        ),
        line_numbers=(piece.line_number,),
        rounding=Rounding.HALF_UP,
        rounding_minor=piece.tax.rule.rounding_minor,
        code=piece.tax.rule.tax_code,
    )


def _of_tax(
    tax: TaxSource,
    pieces: list[TaxPiece],
    nets: Mapping[int, int],
    named: Mapping[tuple[int, int], list[Input]],
) -> list[Explained]:
    """Return the base of a tax, what is rounded of it, and the tax."""
    lines = tuple(piece.line_number for piece in pieces)
    addends = [
        addend
        for number in lines
        for addend in (minor("line_net", nets[number], str(number)), *named[number, tax.tax_number])
    ]
    code = tax.rule.tax_code
    base = sum_of(Subject.TAX_BASE, addends, tax.base_minor, lines, code)
    if tax.rule.basis in FIXED:
        parts = [_fixed_amount(tax, piece) for piece in pieces]
    else:
        parts = [_rounded_part(tax, group) for group in _grouped(pieces)]
    if len(parts) == 1:
        return [base, replace(parts[0], subject=Subject.TAX, recorded=tax.tax_minor)]
    amounts = [minor("tax_part", amount_of(part), ",".join(map(str, part.line_numbers))) for part in parts]
    return [base, *parts, sum_of(Subject.TAX, amounts, tax.tax_minor, lines, code)]


def _rounded_part(tax: TaxSource, group: list[TaxPiece]) -> Explained:
    rule, taxable = tax.rule, sum(piece.taxable_minor for piece in group)
    scope = Input(name="rounding_scope", value=rule.rounding_scope.value, unit=Unit.CODE)
    rate = Input(name="rate_ppm", value=rule.rate_ppm, unit=Unit.PPM)
    if rule.category_code is Category.EXEMPT:
        return _part(tax, group, Formula.EXEMPT, (minor("base", taxable),))
    if not rule.is_inclusive:
        return _part(tax, group, Formula.RATE, (minor("base", taxable), rate, scope))
    inputs = (
        minor("price", taxable),
        rate,
        Input(name="rate_on_net", value=group[0].rate, unit=Unit.RATE),
        Input(name="rates_on_net", value=group[0].whole - 1, unit=Unit.RATE),
        scope,
    )
    return _part(tax, group, Formula.PART_OF_PRICE, inputs)


def _fixed_amount(tax: TaxSource, piece: TaxPiece) -> Explained:
    scope = Input(name="basis", value=tax.rule.basis.value, unit=Unit.CODE)
    return _part(tax, [piece], Formula.FIXED, (minor("fixed_amount", tax.rule.amount_minor), scope))


def _part(tax: TaxSource, group: list[TaxPiece], formula: Formula, inputs: tuple[Input, ...]) -> Explained:
    rule, first = tax.rule, group[0].source
    # A row for any line of business falls on lines of several, and is rounded over all of them.
    of_business = dict.fromkeys(piece.source.line_of_business for piece in group)
    is_rounded = formula in (Formula.RATE, Formula.PART_OF_PRICE)
    facts = (
        Input(name="tax_point_date", value=tax_point(tax, first), unit=Unit.DATE),
        Input(name="tax_place_code", value=rule.place_code, unit=Unit.CODE),
        Input(name="line_of_business", value=" ".join(of_business), unit=Unit.CODE),
    )
    return Explained(
        subject=Subject.TAX_PART,
        formula=formula,
        inputs=(*inputs, *facts),
        line_numbers=tuple(piece.line_number for piece in group),
        rounding=Rounding.HALF_UP if is_rounded else Rounding.NONE,
        rounding_minor=rule.rounding_minor if is_rounded else 1,
        rules=_rows_of(group),
        code=rule.tax_code,
    )


def _rows_of(group: list[TaxPiece]) -> tuple[RuleRow, ...]:
    """Return the rows of a group; where there are several, each with what it falls on."""
    by_row: dict[int, list[TaxPiece]] = {}
    for piece in group:
        by_row.setdefault(piece.tax.tax_rule_id, []).append(piece)
    rows = [tax_row(pieces[0].tax) for pieces in by_row.values()]
    if len(rows) == 1:
        return tuple(rows)
    return tuple(
        replace(
            row,
            lines_of_business=tuple(dict.fromkeys(piece.source.line_of_business for piece in pieces)),
            tax_point_date=tax_point(pieces[0].tax, pieces[0].source),
        )
        for row, pieces in zip(rows, by_row.values(), strict=True)
    )


def _of_lines(
    sources: InvoiceSources, pieces: list[TaxPiece], shares: Mapping[tuple[int, int], int]
) -> tuple[Explained, ...]:
    """Return the shares of each line where the document has several, and the tax of each line."""
    found: list[Explained] = []
    if len(sources.lines) > 1:
        found += [share for _, share in _running_shares(piece for piece in pieces if piece.rate)]
        found.sort(key=lambda share: share.line_numbers)
    codes = {tax.tax_number: tax.rule.tax_code for tax in sources.taxes}
    for source in sources.lines:
        number = source.line.line_number
        own = [
            minor("tax", share, codes[tax]) for (line, tax), share in sorted(shares.items()) if line == number
        ]
        found.append(sum_of(Subject.LINE_TAX, own, source.line.tax_minor, (number,)))
    return tuple(found)
