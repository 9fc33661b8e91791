"""Partitions: billing dates in the company's zone.

Belongs here: which dates Dagster offers. Does not belong here: on which date something is due (``frames``).

Every calendar day is a partition, holidays too, so that a missing one always means "not run".
"""

from datetime import date

import dagster as dg

from billing_assets.wiring.settings import Settings


def build_billing_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return the billing dates from ``first_date`` to ``coming_days`` after today, today included.

    >>> dates = build_billing_dates(Settings(_env_file=None))
    >>> dates.get_first_partition_key(), dates.timezone
    ('2024-01-01', 'Europe/Madrid')
    """
    # Dagster offers a day when it has ended; one more opens today itself.
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_date.isoformat(),
        timezone=settings.time_zone,
        end_offset=settings.coming_days + 1,
    )


def billing_dates_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """Return the billing dates of a run, in order: the earlier date is billed first."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)
