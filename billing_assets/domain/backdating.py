"""Backdating: documents that carry a date which has passed.

Belongs here: which date a document is to carry, what a past one needs, that none lies ahead.
Does not belong here: that dates never run backwards along the numbers of a series (``store.invoices``), what
today is (``wiring``).

A billing date in the past is ordinary: what was missed is caught up, and its period and tax point say so. The
date of issue is another matter: a document carries the day on which it is made. See
docs/decisions/0010-the-issue-date-is-the-day-of-issue.md.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from billing_assets.domain.errors import BillingError

REHEARSAL_REASON: Final = "this store rehearses the past or takes it over"
REHEARSAL_APPROVER: Final = "the setting BILLING_ISSUE_ON"
_LONGEST_REASON: Final = 1_000
_LONGEST_NAME: Final = 100


class IssueOn(StrEnum):
    """On which day documents are issued that are given no date of their own.

    ``today``: the day of the run. ``billing_date``: the billing date, in a store that rehearses the past or
    takes it over, where it lies before today.
    """

    TODAY = "today"
    BILLING_DATE = "billing_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdating:
    """Why documents carry a past date and who approved it; both empty where nothing asked for it."""

    reason: str = ""
    approved_by: str = ""


UNASKED: Final = Backdating()
"""Nobody had to approve anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRule:
    """The rule of a store: the day of issue, today, and so many days back that need no approval."""

    issue_on: IssueOn
    today: date
    bound_days: int

    def day_of(self, billing_date: date) -> date:
        """Return the day on which a run of ``billing_date`` issues where it is given no other.

        >>> rule = IssueRule(issue_on=IssueOn.TODAY, today=date(2026, 3, 2), bound_days=31)
        >>> rule.day_of(date(2025, 1, 10)), rule.day_of(date(2026, 4, 1))
        (datetime.date(2026, 3, 2), datetime.date(2026, 3, 2))
        """
        is_rehearsal = self.issue_on is IssueOn.BILLING_DATE
        return min(billing_date, self.today) if is_rehearsal else self.today

    def is_far_back(self, issuing_date: date, from_date: date) -> bool:
        """Tell whether a date lies further before ``from_date`` than needs no approval.

        >>> rule = IssueRule(issue_on=IssueOn.TODAY, today=date(2026, 3, 2), bound_days=31)
        >>> [rule.is_far_back(day, rule.today) for day in (date(2026, 1, 30), date(2026, 1, 29))]
        [False, True]
        """
        return (from_date - issuing_date).days > self.bound_days


def approved_backdating(
    rule: IssueRule, billing_date: date, issuing_date: date, given: Backdating
) -> Backdating:
    """Return what a run of ``billing_date`` that issues on ``issuing_date`` keeps: why, and who approved it.

    Raises:
        BillingError: ``issue_date_ahead`` where the date lies after today, which nobody can approve;
            ``backdating_unapproved`` where the date lies too far back and reason or name is missing,
            ``backdating_incomplete`` where one of the two is missing or too long.

    >>> rule = IssueRule(issue_on=IssueOn.TODAY, today=date(2026, 3, 2), bound_days=31)
    >>> approved_backdating(rule, rule.today, date(2026, 2, 28), Backdating())
    Backdating(reason='', approved_by='')
    """
    if issuing_date > rule.today:
        raise BillingError(
            "issue_date_ahead",
            f"{issuing_date} lies after today, {rule.today}; every later invoice would have to carry it too, "
            "because dates never run backwards along the numbers",
            "leave --issuing-date out, or name today or an earlier day",
        )
    kept = Backdating(reason=_one_line(given.reason), approved_by=_one_line(given.approved_by))
    if kept != UNASKED:
        _require_both(kept)
        return kept
    day = rule.day_of(billing_date)
    if rule.is_far_back(issuing_date, day):
        raise BillingError(
            "backdating_unapproved",
            f"{issuing_date} lies {(day - issuing_date).days} days before {day}, the day of issue; more than "
            f"{rule.bound_days} days back need an approval",
            "leave --issuing-date out, or say why and who approved it: --reason TEXT --approved-by NAME",
        )
    if rule.is_far_back(issuing_date, rule.today):
        return Backdating(reason=REHEARSAL_REASON, approved_by=REHEARSAL_APPROVER)
    return kept


def require_recent(rule: IssueRule, business_date: date) -> None:
    """Refuse a business date further back than needs no approval; a store that rehearses the past has none.

    Raises:
        BillingError: ``business_date_far_back``.

    >>> rule = IssueRule(issue_on=IssueOn.TODAY, today=date(2026, 3, 2), bound_days=31)
    >>> require_recent(rule, date(2026, 1, 30))
    """
    if rule.issue_on is IssueOn.TODAY and rule.is_far_back(business_date, rule.today):
        raise BillingError(
            "business_date_far_back",
            f"{business_date} lies {(rule.today - business_date).days} days before today, {rule.today}; a "
            f"request may be dated up to {rule.bound_days} days back",
            "leave --date out: the request of today bills what was missed, with its periods and tax points",
        )


def _require_both(kept: Backdating) -> None:
    if not 0 < len(kept.reason) <= _LONGEST_REASON or not 0 < len(kept.approved_by) <= _LONGEST_NAME:
        raise BillingError(
            "backdating_incomplete",
            "a past date of issue is approved by a reason and a name, and one of them is missing or too long",
            f"give both: --reason TEXT ({_LONGEST_REASON} characters at most) and --approved-by NAME "
            f"({_LONGEST_NAME} at most)",
        )


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())
