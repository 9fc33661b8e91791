"""Short ways to write a case down by hand: a day, a run of days, a policy term.

Belongs here: what the hand-computed tests of the reference share. Does not belong here: any rule.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from billing_assets_tests.reference.policy import ReferencePolicy


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(first: str, last: str) -> Iterator[date]:
    """Every date from first to last, both included."""
    for offset in range((day(last) - day(first)).days + 1):
        yield day(first) + timedelta(days=offset)


def term(
    effective: str,
    expiration: str,
    premium_minor: int,
    plan_code: str = "monthly",
    *,
    place: str = "ES",
    line: str = "motor",
    currency: str = "EUR",
    anchor: str | None = None,
    cover_to: str | None = None,
    cut_over: str = "1990-01-01",
) -> ReferencePolicy:
    return ReferencePolicy(
        policy_number="P-1",
        line_of_business=line,
        place_code=place,
        currency=currency,
        plan_code=plan_code,
        effective_date=day(effective),
        expiration_date=day(expiration),
        anchor_date=day(anchor or effective),
        cover_to_date=day(cover_to) if cover_to else None,
        cut_over_date=day(cut_over),
        premium_minor=premium_minor,
    )
