"""Checks of the policy book: they warn, and stop nothing; a bad row never keeps the others from being billed.

Belongs here: what Dagster says of the last import. Does not belong here: invariants (``checks``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from billing_assets.store.run_history import BookStamp

BOOK = "policy_book"
RECENT, CLEAN = "recent_import", "clean_import"


def build_book_checks() -> list[dg.AssetCheckSpec]:
    """Return the checks, which are looked at whenever the book is observed.

    >>> [spec.name for spec in build_book_checks()]
    ['recent_import', 'clean_import']
    """
    return [
        dg.AssetCheckSpec(
            RECENT,
            asset=BOOK,
            description="the last import is not older than BILLING_BOOK_DAYS, so that what is billed is what "
            "was sold",
        ),
        dg.AssetCheckSpec(
            CLEAN,
            asset=BOOK,
            description="the last import refused no row; 'billing problems list' names what it refused",
        ),
    ]


def evaluate_book(book: "BookStamp", *, at: datetime, most_days: int) -> Sequence[dg.AssetCheckResult]:
    """Return what the checks find in a book, as of ``at``."""
    imported_at = book.imported_at
    if imported_at is None:
        return [
            _result(RECENT, "no policy book was imported yet", has_passed=False),
            _result(CLEAN, "no row was refused", has_passed=True),
        ]
    age_days = (at - imported_at) // timedelta(days=1)
    words = {0: "imported within the last day", 1: "imported a day ago"}
    count = book.problem_count
    return [
        _result(
            RECENT,
            words.get(age_days, f"imported {age_days:,} days ago"),
            has_passed=at - imported_at <= timedelta(days=most_days),
            age_days=age_days,
        ),
        _result(
            CLEAN,
            f"{count:,} rows were refused" if count else "no row was refused",
            has_passed=not count,
            problem_count=count,
        ),
    ]


def _result(name: str, said: str, *, has_passed: bool, **facts: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=BOOK,
        check_name=name,
        passed=has_passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata=facts,
    )
