"""Why a credit note is what it is: what was charged, what was given back before, the tax at the original row.

Belongs here: the results that explain the net and the taxes of a credit note, each worked out again.
Does not belong here: what a run gives back for a change, before it comes to the lines
(``explained_returns``), the formulas (``explanations``), the same over columns (``frames.credits``), from
which this is written apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from billing_assets.domain.billing_grids import Calendars
from billing_assets.domain.explained_dates import explain_issue, of_line
from billing_assets.domain.explained_documents import Explanation
from billing_assets.domain.explained_returns import explain_return
from billing_assets.domain.explained_rounding import explain_rounding
from billing_assets.domain.explained_tax_rows import tax_row
from billing_assets.domain.explained_taxes import TaxPiece, explain_taxes
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import (
    Explained,
    Input,
    amount_of,
    minor,
    sum_of,
)
from billing_assets.domain.invoice_sources import CreditSources, LineSource
from billing_assets.domain.money import round_half_up
from billing_assets.domain.tax_rule import FIXED, Basis, Category


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A tax row on a line of the credit note: base and tax given back before, and in all with this note."""

    source: LineSource
    piece: TaxPiece
    charged_minor: int
    taxable_before: int
    taxable_after: int
    base_before: int
    base_after: int
    tax_before: int
    tax_after: int

    @property
    def tax_minor(self) -> int:
        return self.tax_after - self.tax_before

    @property
    def base_minor(self) -> int:
        return self.base_after - self.base_before


def explain_credit(sources: CreditSources, calendars: Calendars) -> Explanation:
    """Return why every amount of a credit note is what it is, each worked out again.

    What does not come to what was recorded is in ``differences``; it is never corrected.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE_CREDIT
    >>> explanation = explain_credit(SAMPLE_CREDIT, ALWAYS_OPEN)
    >>> len(explanation.results), explanation.differences
    (11, ())
    """
    note, original = sources.note, sources.original
    prices = {
        each.line.line_number: each.line.net_minor + each.contained_tax_minor for each in original.lines
    }
    charged = explain_taxes(original, prices)
    given = [
        each for source in note.lines for each in _given_back(source, sources, charged.pieces, charged.shares)
    ]
    lines = [
        result
        for source in note.lines
        for result in (
            *explain_return(source, original.invoice.invoice_id, calendars),
            *_of_line(source, sources, given),
        )
    ]
    taxes = [result for number in range(len(note.taxes)) for result in _of_tax(sources, number, given)]
    return Explanation(
        invoice_number=note.invoice.invoice_number,
        currency=note.invoice.currency,
        results=(*lines, *taxes, *_totals(sources, taxes), *_issue(sources)),
    )


def _given_back(
    source: LineSource,
    sources: CreditSources,
    pieces: tuple[TaxPiece, ...],
    shares: Mapping[tuple[int, int], int],
) -> list[_Given]:
    """Return the tax rows of a line: those on the net first, then those on taxes."""
    number = source.line.credited_line_number or 0
    own = sorted(
        (piece for piece in pieces if piece.line_number == number),
        key=lambda piece: (piece.tax.rule.basis is Basis.NET_AND_TAXES, piece.tax.tax_number),
    )
    found: list[_Given] = []
    for piece in own:
        charged = shares[number, piece.tax.tax_number]
        is_with_document = piece.tax.rule.basis in FIXED or sources.net_of[number] == 0
        given = _with_document if is_with_document else _with_net
        found.append(given(source, sources, piece, charged, found))
    return found


def _with_document(
    source: LineSource, sources: CreditSources, piece: TaxPiece, charged: int, _found: list[_Given]
) -> _Given:
    """Return what comes back with the whole document alone, or with all of it that is of the term."""
    is_of_document = piece.tax.rule.basis is Basis.DOCUMENT
    is_whole = sources.is_whole(None if is_of_document else source)
    # The line may stand again for a fixed amount of the document, after its term had all of its own back.
    was_whole = not is_of_document and sources.was_whole(source)
    net = sources.net_of[source.line.credited_line_number or 0]
    return _Given(
        source=source,
        piece=piece,
        charged_minor=charged,
        taxable_before=0,
        taxable_after=0,
        base_before=net if was_whole else 0,
        base_after=net if is_whole else 0,
        tax_before=charged if was_whole else 0,
        tax_after=charged if is_whole else 0,
    )


def _with_net(
    source: LineSource, sources: CreditSources, piece: TaxPiece, charged: int, found: list[_Given]
) -> _Given:
    """Return what comes back with the net of the line; ``found`` are the taxes that a tax may fall on."""
    number = source.line.credited_line_number or 0
    net, before = sources.net_of[number], sources.net_before.get(number, 0)
    after = before + source.line.net_minor
    rule = piece.tax.rule
    codes = rule.basis_tax_codes.split()
    named = [
        each
        for each in found
        if each.piece.tax.rule.basis is Basis.NET and each.piece.tax.rule.tax_code in codes
    ]
    base_before = before + sum(each.tax_before for each in named)
    base_after = after + sum(each.tax_after for each in named)
    # The rate on a price that contains its taxes is one on the net alone.
    taxable = (before, after) if rule.is_inclusive else (base_before, base_after)
    return _Given(
        source=source,
        piece=piece,
        charged_minor=charged,
        taxable_before=taxable[0],
        taxable_after=taxable[1],
        base_before=base_before,
        base_after=base_after,
        tax_before=_tax(piece, charged, taxable[0], is_whole=before == net),
        tax_after=_tax(piece, charged, taxable[1], is_whole=after == net),
    )


def _tax(piece: TaxPiece, charged_minor: int, taxable_minor: int, *, is_whole: bool) -> int:
    """Return the tax of what is given back so far: never more than was charged, and that of the whole."""
    if is_whole:
        return charged_minor
    step = piece.tax.rule.rounding_minor
    exact = taxable_minor * piece.rate / step
    return _within(round_half_up(exact.numerator, exact.denominator) * step, charged_minor)


def _within(amount_minor: int, charged_minor: int) -> int:
    """Return an amount no further from zero than what was charged, which is below zero on some lines."""
    return min(max(amount_minor, min(0, charged_minor)), max(0, charged_minor))


def _of_line(source: LineSource, sources: CreditSources, given: list[_Given]) -> list[Explained]:
    """Return net, share of each tax, and tax of a line of the credit note."""
    number, line = source.line.credited_line_number or 0, source.line
    charged, before = sources.net_of[number], sources.net_before.get(number, 0)
    inputs = (
        minor("charged_net", charged),
        minor("credited_before", before),
        minor("net_left", _within(charged - before - line.net_minor, charged)),
        Input(name="credited_line", value=number, unit=Unit.NUMBER),
    )
    own = [each for each in given if each.source is source]
    shown = [each for each in own if each.tax_minor or each.piece.tax.rule.rate_ppm]
    taxes = [minor("tax", each.tax_minor, each.piece.tax.rule.tax_code) for each in own if each.tax_minor]
    inside = [
        minor("contained_tax", each.tax_minor, each.piece.tax.rule.tax_code)
        for each in own
        if each.piece.tax.rule.is_inclusive
    ]
    contained = sum_of(Subject.CONTAINED_TAX, inside, source.contained_tax_minor, (line.line_number,))
    return [
        of_line(source, Subject.NET, Formula.PRICE_LESS_TAXES, inputs, line.net_minor),
        *(_share(each) for each in shown),
        *([contained] if inside else []),
        sum_of(Subject.LINE_TAX, taxes, line.tax_minor, (line.line_number,)),
    ]


def _share(given: _Given) -> Explained:
    """Return why the tax of a row on a line is what it is."""
    rule, line = given.piece.tax.rule, given.source.line
    mark = Input(name="credited_line", value=line.credited_line_number or 0, unit=Unit.NUMBER)
    facts = _facts(given)
    explained = Explained(
        subject=Subject.TAX_SHARE,
        formula=Formula.RUNNING_SHARE,
        inputs=(
            minor("running", given.taxable_after),
            minor("before", given.taxable_before),
            Input(name="factor", value=given.piece.rate, unit=Unit.RATE),
            Input(name="rate_ppm", value=rule.rate_ppm, unit=Unit.PPM),
            mark,
            *facts,
        ),
        line_numbers=(line.line_number,),
        rounding=Rounding.HALF_UP,
        rounding_minor=rule.rounding_minor,
        rules=(tax_row(given.piece.tax),),
        code=rule.tax_code,
    )
    if rule.basis in FIXED:
        basis = Input(name="basis", value=rule.basis.value, unit=Unit.CODE)
        fixed = (minor("fixed_amount", given.tax_minor), basis, mark, *facts)
        return replace(
            explained, formula=Formula.FIXED, inputs=fixed, rounding=Rounding.NONE, rounding_minor=1
        )
    if given.tax_after == given.charged_minor:
        rest = (minor("charged_tax", given.charged_minor), minor("tax_before", given.tax_before))
        return replace(
            explained,
            formula=Formula.PRICE_LESS_TAXES,
            inputs=(*rest, mark, *facts),
            rounding=Rounding.NONE,
            rounding_minor=1,
        )
    return explained


def _facts(given: _Given) -> tuple[Input, ...]:
    """Return what the words of a tax row name beside its amounts."""
    return (
        Input(name="tax_place_code", value=given.piece.tax.rule.place_code, unit=Unit.CODE),
        Input(name="line_of_business", value=given.source.line_of_business, unit=Unit.CODE),
        Input(name="tax_point_date", value=given.source.line.period_from_date, unit=Unit.DATE),
    )


def _of_tax(sources: CreditSources, place: int, given: list[_Given]) -> list[Explained]:
    """Return base and amount of a tax of the credit note: what its lines give back."""
    tax = sources.note.taxes[place]
    numbers = {each.tax_rule_id: each.tax_number for each in sources.original.taxes}
    own = [each for each in given if each.piece.tax.tax_number == numbers.get(tax.tax_rule_id)]
    own = [each for each in own if each.base_minor or each.tax_minor]
    lines, code = tuple(each.source.line.line_number for each in own), tax.rule.tax_code
    bases = [minor("line_net", each.base_minor, str(each.source.line.line_number)) for each in own]
    base = sum_of(Subject.TAX_BASE, bases, tax.base_minor, lines, code)
    if tax.rule.category_code is Category.EXEMPT:
        exempt = Explained(
            subject=Subject.TAX,
            formula=Formula.EXEMPT,
            inputs=(minor("base", amount_of(base)), *(_facts(own[0]) if own else ())),
            recorded=tax.tax_minor,
            line_numbers=lines,
            rules=tuple(dict.fromkeys(tax_row(each.piece.tax) for each in own)),
            code=code,
        )
        return [base, exempt]
    parts = [minor("tax_part", each.tax_minor, str(each.source.line.line_number)) for each in own]
    return [base, sum_of(Subject.TAX, parts, tax.tax_minor, lines, code)]


def _totals(sources: CreditSources, taxes: list[Explained]) -> list[Explained]:
    invoice = sources.note.invoice
    nets = [minor("line_net", each.line.net_minor, str(each.line.line_number)) for each in sources.note.lines]
    amounts = [minor("tax", amount_of(each), each.code) for each in taxes if each.subject is Subject.TAX]
    net = sum_of(Subject.NET_TOTAL, nets, invoice.net_minor)
    tax = sum_of(Subject.TAX_TOTAL, amounts, invoice.tax_minor)
    both = [minor("net_total", amount_of(net)), minor("tax_total", amount_of(tax))]
    total = sum_of(Subject.TOTAL, both, invoice.total_minor)
    return [net, tax, total, *explain_rounding(sources.note, amount_of(total))]


def _issue(sources: CreditSources) -> list[Explained]:
    """Return tax point, date of issue and number; the date is never before that of the invoice."""
    tax_point, issued, number = explain_issue(sources.note)
    day = sources.original.invoice.issue_date
    original = Input(name="original_issue_date", value=day, unit=Unit.DATE)
    return [tax_point, replace(issued, inputs=(*issued.inputs, original)), number]
