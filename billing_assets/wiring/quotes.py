"""Quotes: what a change of a policy would come to, from the book and the invoices as they are.

Belongs here: putting a stored term and the formulas together. Does not belong here: either of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.changed_terms import standing_cancellation
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import parse_minor
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.frames.columns import CHANGE_SCHEMA
from billing_assets.frames.policy_changes import premium_parts
from billing_assets.store.quoted_terms import QuotedTerm, read_quoted_term
from billing_assets.wiring.desk import Desk

_TERM_ID = 1
"""A quote is of one term."""


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
        BillingError: ``policy_unknown``, ``term_unknown``; ``amount_invalid``; ``term_cancelled``.
    """
    with desk.database.transaction() as connection:
        term = read_quoted_term(connection, desk.company_id, policy_number, day)
    _refuse_cancelled(term, day)
    billed_minor = _billed(term, billed_elsewhere)
    quotes = []
    for code in method_codes or CANCELLATION_METHODS:
        parts = _parts(term, _change(term, ChangeKind.CANCELLATION, day, method_code=code))
        earned, whole = int(parts["owed_minor"].sum()), int(parts["part_minor"].sum())
        quotes.append(
            CancellationQuote(
                method_code=code,
                earned_minor=earned,
                unearned_minor=whole - earned,
                balance_minor=None if billed_minor is None else earned - billed_minor,
            )
        )
    return term, tuple(quotes)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorsementQuote:
    """What another premium from a day on comes to, in minor units without tax.

    Days are counted as the plan of the term does. ``change_minor`` is owed in addition where it is above 0,
    given back where it is below; ``written_minor`` is the premium that the term then comes to, after lapses
    and a cancellation to come.
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
        BillingError: ``policy_unknown``, ``term_unknown``, ``amount_invalid``, ``term_cancelled``.
    """
    with desk.database.transaction() as connection:
        term = read_quoted_term(connection, desk.company_id, policy_number, day)
    _refuse_cancelled(term, day)
    new_minor = _minor(premium, term.currency)
    parts = _parts(term, _change(term, ChangeKind.ENDORSEMENT, day, premium_minor=new_minor))
    written, before = int(parts["owed_minor"].sum()), int(_parts(term)["owed_minor"].sum())
    return term, EndorsementQuote(
        new_premium_minor=new_minor,
        days_left=term.days.between(day, term.expiration_date),
        term_days=term.days.whole,
        change_minor=written - before,
        written_minor=written,
    )


def _change(
    term: QuotedTerm, kind: ChangeKind, day: date, *, premium_minor: int = 0, method_code: str = ""
) -> TermChange:
    """Return a change after all that the term has."""
    return TermChange(
        policy_term_id=_TERM_ID,
        policy_id=_TERM_ID,
        change_number=1 + max((change.change_number for change in term.changes), default=0),
        change_kind=kind,
        change_date=day,
        premium_minor=premium_minor,
        method_code=method_code,
    )


def _refuse_cancelled(term: QuotedTerm, day: date) -> None:
    """Raise ``term_cancelled`` where a change of that day would change nothing, because cover has ended."""
    standing = standing_cancellation(term.changes)
    if standing is not None and standing.change_date <= day:
        raise BillingError(
            "term_cancelled",
            f"the term of policy {term.policy_number} is cancelled from {standing.change_date}: a change "
            f"from {day} on would change nothing",
            "name a day before that, or import the reinstatement first",
        )


def _parts(term: QuotedTerm, *more: TermChange) -> pl.DataFrame:
    """Return the parts of the premium of a term with its changes and those that are only asked about."""
    rows = [
        {
            "policy_term_id": _TERM_ID,
            "change_number": change.change_number,
            "change_kind": change.change_kind.value,
            "change_date": change.change_date,
            "currency": term.currency,
            "premium_minor": change.premium_minor,
            "method_code": change.method_code,
        }
        for change in (*term.changes, *more)
    ]
    span = {
        "policy_term_id": _TERM_ID,
        "effective_date": term.effective_date,
        "expiration_date": term.expiration_date,
        "premium_minor": term.premium_minor,
        "day_count": term.day_count.value,
    }
    changes = pl.DataFrame(rows, schema=CHANGE_SCHEMA)
    return premium_parts(pl.DataFrame([span]), changes, CANCELLATION_METHODS.values())


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
