"""Why a line of one of several payers is what it is: their share of the whole line, rounded both ways.

Belongs here: from the payers of a term to the result that explains a line of one of them, before tax.
Does not belong here: the whole line (``explained_installments``, ``explained_charges``), how a running total
is shared out (``explained_shares``), the formulas (``explanations``).
"""

from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_shares import running_inputs
from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import LineSource


def explain_payer(
    source: LineSource, subject: Subject, before_minor: int, whole_minor: int, recorded: int
) -> Explained:
    """Return why the line of a payer is what it is, of a line that comes to ``whole_minor`` for all payers.

    ``before_minor`` is what the installments before plan of it together; of a fee, which each installment has
    of its own, nothing. ``source`` is of a term with several payers.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.payer_shares import PayerShare
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> shares = [
    ...     PayerShare(payer_number=number, payer_id=30 + number, share_ppm=share)
    ...     for number, share in ((1, 600_000), (2, 400_000))
    ... ]
    >>> whole = SAMPLE.lines[0]
    >>> source = replace(whole, payer_number=2, term=replace(whole.term, payers=tuple(shares)))
    >>> result = explain_payer(source, Subject.NET, 33_33, 33_33, 13_33)
    >>> result.result, result.is_match
    (1333, True)
    """
    shares = [each.share_ppm for each in source.term.payers]
    place = [each.payer_number for each in source.term.payers].index(source.payer_number)
    formula = Formula.PAYER_SHARE
    inputs = running_inputs(formula, shares, place, before_minor, whole_minor)
    return of_line(source, subject, formula, inputs, recorded, rounding=Rounding.HALF_UP)
