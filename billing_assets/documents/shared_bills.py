"""Why several policies stand on one bill, in words.

Belongs here: what an explanation says of a bill of several policies. Does not belong here: which charges
stand together (``frames.documents``), the words (``templates/explanation``).
"""

from billing_assets.documents.cleaning import clean
from billing_assets.documents.explanation_values import Reader
from billing_assets.domain.invoice_sources import InvoiceSources


def sharing_words(sources: InvoiceSources, reader: Reader) -> str:
    """Return why the policies of an invoice share it; empty where it is of one, and for a credit note.

    A bill whose charges are due on several days by the plan is one that caught up.

    >>> from billing_assets.documents.labels import Catalogue
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> nothing = Catalogue(language="en", locales={}, text={}, names={}, regions={})
    >>> sharing_words(SAMPLE, Reader(nothing, nothing, "en_GB", "EUR"))
    ''
    """
    lines, currency = sources.lines, sources.invoice.currency
    policy_count = len({source.line.policy_number for source in lines})
    if policy_count == 1 or sources.invoice.credited:
        return ""
    due_dates = {source.charge_due_date for source in lines}
    return reader.words.fill(
        "sharing" if len(due_dates) == 1 else "sharing_caught_up",
        count=str(policy_count),
        plans=clean(", ".join(sorted({source.plan.plan_code for source in lines})), 200),
        currency=currency,
        place=reader.place(lines[0].term.place_code),
        due_date=reader.day(min(due_dates)),
        days=str(lines[0].plan.minimum_payment_days),
    )
