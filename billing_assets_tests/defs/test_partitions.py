"""Partitions are billing dates: every day from the first one, today, and some that come."""

from datetime import UTC, date, datetime, timedelta

from billing_assets.defs.partitions import build_billing_dates
from billing_assets.wiring.settings import Settings


def dates_at(now: datetime, **settings: object) -> list[str]:
    """The dates that Dagster offers at an instant."""
    offered = build_billing_dates(Settings(_env_file=None, **settings))  # type: ignore[arg-type]
    return list(offered.get_partition_keys(current_time=now))


def test_today_and_the_coming_days_are_offered() -> None:
    dates = dates_at(datetime(2024, 3, 10, 12, tzinfo=UTC), coming_days=60)
    assert dates[0] == "2024-01-01"
    assert dates[-1] == "2024-05-09"
    assert (date.fromisoformat(dates[-1]) - date(2024, 3, 10)).days == 60


def test_today_is_the_day_in_the_companys_zone() -> None:
    just_after_midnight_in_tokyo = datetime(2024, 3, 9, 15, 1, tzinfo=UTC)
    tokyo = dates_at(just_after_midnight_in_tokyo, coming_days=1, time_zone="Asia/Tokyo")
    madrid = dates_at(just_after_midnight_in_tokyo, coming_days=1)
    assert (tokyo[-1], madrid[-1]) == ("2024-03-11", "2024-03-10")


def test_no_day_is_missing_or_double_over_summer_time_and_leap_day() -> None:
    dates = dates_at(datetime(2025, 1, 1, 12, tzinfo=UTC), coming_days=1)
    assert len(dates) == 366 + 2
    assert dates == [(date(2024, 1, 1) + timedelta(days=number)).isoformat() for number in range(len(dates))]
