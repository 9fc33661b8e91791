"""Why a run gives back so much of a line: a change left less owed of a part than documents had charged.

Belongs here: what is given back of a part in all, and how it is taken from invoices and their lines, the
latest period first. Does not belong here: what is owed of a part (``explained_owed``), the net and the taxes
of a credit note (``explained_credits``), the same over columns (``frames.change_credits``), from which this
is written apart.
"""

from datetime import date

from billing_assets.domain.billing_grids import Calendars
from billing_assets.domain.changed_terms import owed_parts
from billing_assets.domain.explained_changes import billed_elsewhere
from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_owed import explain_owed
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained, amount_of, minor
from billing_assets.domain.invoice_sources import ChangeSource, LineSource, PartLine


def explain_return(source: LineSource, invoice_id: int, calendars: Calendars) -> tuple[Explained, ...]:
    """Return why so much of a line is given back, of a credit note that a run issued for a change.

    ``invoice_id`` is the invoice that is credited. What a person gives back is explained by its reason alone.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE_CREDIT
    >>> explain_return(SAMPLE_CREDIT.note.lines[0], 1, ALWAYS_OPEN)
    ()
    """
    change = source.change
    if change is None:
        return ()
    parts = owed_parts(source.term.premium_minor, source.days, change.changes)
    part = next(each for each in parts if each.change_number == change.change_number)
    owed = explain_owed(source, part, change.changes)
    elsewhere = 0 if change.change_number else billed_elsewhere(source, calendars)
    back = of_line(
        source,
        Subject.GIVEN_BACK,
        Formula.GIVEN_BACK,
        (
            minor("documented", change.documented_minor),
            *((minor("billed_elsewhere", elsewhere),) if elsewhere else ()),
            minor("owed", amount_of(owed[-1])),
        ),
    )
    of_invoice = _of_invoice(source, change, invoice_id, amount_of(back))
    return (*owed, back, of_invoice, _of_line(source, change, invoice_id, of_invoice))


def _lines_of(change: ChangeSource, invoice_id: int) -> list[PartLine]:
    return [each for each in change.part_lines if each.invoice_id == invoice_id]


def _left_of(lines: list[PartLine]) -> int:
    """Return what an invoice can give: its lines together, those that took something off included."""
    return max(0, sum(each.left_minor for each in lines))


def _of_invoice(source: LineSource, change: ChangeSource, invoice_id: int, back_minor: int) -> Explained:
    """Return what the invoice gives: what those with later periods leave to give."""
    places = {
        each: (max(line.period_from_date for line in _lines_of(change, each)), each)
        for each in {line.invoice_id for line in change.part_lines}
    }
    later = [each for each, place in places.items() if place > places[invoice_id]]
    inputs = (
        minor("given_back", back_minor),
        minor("later_left", sum(_left_of(_lines_of(change, each)) for each in later)),
        minor("invoice_left", _left_of(_lines_of(change, invoice_id))),
    )
    return of_line(source, Subject.GIVEN_OF_INVOICE, Formula.GIVEN_OF_INVOICE, inputs)


def _of_line(source: LineSource, change: ChangeSource, invoice_id: int, of_invoice: Explained) -> Explained:
    """Return what the line gives of it; one that took something off comes back with a whole invoice alone."""
    lines = {each.line_number: each for each in _lines_of(change, invoice_id)}
    mine = lines[source.line.credited_line_number or 0]
    left, given = of_invoice.values["invoice_left"], amount_of(of_invoice)
    of_line_alone, recorded = minor("line_left", mine.left_minor), source.line.net_minor
    wanted = minor("given_of_invoice", given)
    if given == left:
        whole = (of_line_alone, wanted)
        return of_line(source, Subject.GIVEN_OF_LINE, Formula.WHOLE_LINE_GIVEN, whole, recorded)
    later = sum(max(0, each.left_minor) for each in lines.values() if _place(each) > _place(mine))
    inputs = (wanted, minor("later_lines_left", later), of_line_alone)
    return of_line(source, Subject.GIVEN_OF_LINE, Formula.GIVEN_OF_LINE, inputs, recorded)


def _place(line: PartLine) -> tuple[date, int]:
    return line.period_from_date, line.line_number
