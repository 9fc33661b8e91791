"""Freshness: by when an asset has to be there, so that Dagster says by itself when a night was missed.

Belongs here: the policy of all assets that are materialised. Does not belong here: which dates are late
(``notifications``), how old a policy book may be (``book_checks``): Dagster's policies look at
materialisations, and the book is observed.

A policy sees when something was last materialised, not which billing date that was.
"""

from datetime import timedelta

import dagster as dg

from billing_assets.wiring.settings import Settings

WARN_WINDOW, FAIL_WINDOW = timedelta(hours=26), timedelta(hours=50)
"""One night was missed, two were; each with two hours for a night that takes longer."""

_A_DAY = timedelta(days=1)


def build_freshness(settings: Settings) -> dg.FreshnessPolicy:
    """Return the policy: by ``run_deadline`` of each day, or without one by how long ago it was.

    >>> build_freshness(Settings(_env_file=None, run_deadline="07:30")).deadline_cron
    '30 7 * * *'
    """
    if not settings.run_deadline:
        return dg.FreshnessPolicy.time_window(fail_window=FAIL_WINDOW, warn_window=WARN_WINDOW)
    hour, minute = (int(part) for part in settings.run_deadline.split(":"))
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{minute} {hour} * * *", lower_bound_delta=_A_DAY, timezone=settings.time_zone
    )
