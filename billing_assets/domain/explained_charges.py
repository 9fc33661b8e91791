"""Why a line of one of several charges is what it is: its part of the installment, rounded both ways.

Belongs here: from the charge lines of a term to the result that explains a line, before tax.
Does not belong here: the whole installment (``explained_installments``), how a running total is shared out
(``explained_shares``), the formulas (``explanations``).
"""

from billing_assets.domain.apportionment import apportioned
from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_shares import running_inputs
from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import LineSource


def explain_charge(
    source: LineSource, subject: Subject, before_minor: int, whole_minor: int, recorded: int | None
) -> Explained:
    """Return why the line of a charge is what it is, of an installment of ``whole_minor``.

    ``before_minor`` is what the installments before it plan together. ``source`` bills a charge line.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.charge_lines import ChargeLine
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> charges = [
    ...     ChargeLine(
    ...         charge_number=number,
    ...         charge_code=code,
    ...         charge_name=code,
    ...         line_of_business="motor",
    ...         premium_minor=amount,
    ...     )
    ...     for number, code, amount in ((1, "liability", 320_00), (2, "damage", 160_00))
    ... ]
    >>> whole = SAMPLE.lines[0]
    >>> source = replace(
    ...     whole,
    ...     line=replace(whole.line, charge_number=2),
    ...     term=replace(whole.term, charges=tuple(charges)),
    ... )
    >>> result = explain_charge(source, Subject.NET, 0, 40_00, 13_33)
    >>> result.result, result.is_match
    (1333, True)
    """
    charges, place = _charges(source)
    formula = Formula.CHARGE_SHARE
    inputs = running_inputs(formula, charges, place, before_minor, whole_minor)
    return of_line(source, subject, formula, inputs, recorded, rounding=Rounding.HALF_UP)


def planned_of_charge(source: LineSource, before_minor: int) -> int:
    """Return what is planned of a charge where ``before_minor`` is planned of the whole premium.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.charge_lines import ChargeLine
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> names = {"charge_code": "fire", "charge_name": "Fire", "line_of_business": "home"}
    >>> charge = ChargeLine(charge_number=1, premium_minor=480_00, **names)
    >>> whole = SAMPLE.lines[0]
    >>> term = replace(whole.term, charges=(charge,))
    >>> planned_of_charge(replace(whole, line=replace(whole.line, charge_number=1), term=term), 40_00)
    4000
    """
    charges, place = _charges(source)
    return apportioned(charges, before_minor)[place]


def _charges(source: LineSource) -> tuple[list[int], int]:
    """Return the amounts of the charges of a term, and the place of the one that the line bills."""
    numbers = [each.charge_number for each in source.term.charges]
    return [each.premium_minor for each in source.term.charges], numbers.index(source.line.charge_number)
