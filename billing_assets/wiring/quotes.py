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
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets.frames.columns import CHANGE_SCHEMA
from billing_assets.frames.earned_premium import with_earned
from billing_assets.frames.policy_changes import premium_parts
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorsementQuote:
    """What another premium from a day on comes to, in minor units without tax.

    ``change_minor`` is owed in addition where it is above 0, given back where it is below;
    ``written_minor`` is the premium that the term then comes to.
    """

    new_premium_minor: int
    days_left: int
    term_days: int
    change_minor: int
    written_minor: int


def quote_endorsement(
    desk: Desk, policy_number: str, day: date, premium: str
) -> tuple[QuotedTerm, EndorsementQuote]:
    """Return the term of a policy in which ``day`` lies, and what another premium comes to from that day on.

    ``premium`` is an amount in the currency of the term, without tax, as if it held from the first day.

    Raises:
        BillingError: ``policy_unknown``, ``term_unknown``, ``amount_invalid``.
    """
    with desk.database.transaction() as connection:
        term = read_quoted_term(connection, desk.company_id, policy_number, day)
    new_minor = _minor(premium, term.currency)
    spans = pl.DataFrame([{**asdict(term), "policy_term_id": 1}])
    change = (1, 1, ChangeKind.ENDORSEMENT.value, day, term.currency, new_minor, "")
    parts = premium_parts(spans, pl.DataFrame([change], schema=CHANGE_SCHEMA, orient="row"), ())
    change_minor = int(parts.filter(change_number=1)["part_minor"].item())
    return term, EndorsementQuote(
        new_premium_minor=new_minor,
        days_left=(term.expiration_date - day).days,
        term_days=(term.expiration_date - term.effective_date).days,
        change_minor=change_minor,
        written_minor=term.premium_minor + change_minor,
    )


def _billed(term: QuotedTerm, billed_elsewhere: str) -> int | None:
    """Return what was billed in all, or None where a part of it is not known."""
    if not billed_elsewhere:
        return None if term.effective_date < term.cut_over_date else term.billed_net_minor
    return term.billed_net_minor + _minor(billed_elsewhere, term.currency)


def _minor(written: str, currency: str) -> int:
    try:
        return parse_minor(written, currency)
    except ValueError as error:
        raise BillingError(
            "amount_invalid",
            f"'{written[:40]}' is no amount in {currency}",
            "write it with a point and no grouping marks: 123.45",
        ) from error
