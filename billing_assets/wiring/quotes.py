"""Quotes: what a change of a policy would come to, from the book and the invoices as they are.

Belongs here: putting a stored term and the formulas together. Does not belong here: either of them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import polars as pl

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import parse_minor
from billing_assets.frames.earned_premium import with_earned
from billing_assets.store.quoted_terms import QuotedTerm, read_quoted_term
from billing_assets.wiring.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationQuote:
    """What a term has earned by one method, in minor units without tax.

    ``balance_minor`` is the earned premium less what was billed: to be billed where it is above 0, to be
    given back where it is below; None where nobody said what was billed elsewhere before the cut-over.
    """

    method_code: str
    earned_minor: int
    unearned_minor: int
    balance_minor: int | None


def quote_cancellation(
    desk: Desk,
    policy_number: str,
    day: date,
    method_codes: Sequence[str] = (),
    billed_elsewhere: str = "",
) -> tuple[QuotedTerm, tuple[CancellationQuote, ...]]:
    """Return the term of a policy in which ``day`` lies, and its quotes: of all methods where none is named.

    ``billed_elsewhere`` is an amount in the currency of the term, without tax: what was billed before the
    cut-over.

    Raises:
        BillingError: ``policy_unknown``, ``term_unknown``; ``amount_invalid``.
    """
    with desk.database.transaction() as connection:
        term = read_quoted_term(connection, desk.company_id, policy_number, day)
    billed_minor = _billed(term, billed_elsewhere)
    methods = [CANCELLATION_METHODS[code] for code in method_codes or CANCELLATION_METHODS]
    row = {**asdict(term), "cancellation_date": day}
    rows = pl.DataFrame([{**row, "method_code": method.method_code} for method in methods])
    found = with_earned(rows, methods)
    return term, tuple(
        CancellationQuote(
            method_code=code,
            earned_minor=earned,
            unearned_minor=unearned,
            balance_minor=None if billed_minor is None else earned - billed_minor,
        )
        for code, earned, unearned in found.select(
            "method_code", "earned_minor", "unearned_minor"
        ).iter_rows()
    )


def _billed(term: QuotedTerm, billed_elsewhere: str) -> int | None:
    """Return what was billed in all, or None where a part of it is not known."""
    if not billed_elsewhere:
        return None if term.effective_date < term.cut_over_date else term.billed_net_minor
    try:
        return term.billed_net_minor + parse_minor(billed_elsewhere, term.currency)
    except ValueError as error:
        raise BillingError(
            "amount_invalid",
            f"'{billed_elsewhere[:40]}' is no amount in {term.currency}",
            "write it with a point and no grouping marks: 123.45",
        ) from error
