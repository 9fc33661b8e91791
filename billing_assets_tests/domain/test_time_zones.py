"""Names of time zones, and the instants of their clock times."""

from datetime import UTC, date, datetime, time

import pytest

from billing_assets.domain.time_zones import instant_of, is_time_zone


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Madrid", True),
        ("UTC", True),
        ("Europe/Madird", False),
        ("Europe", False),
        ("../../etc/passwd", False),
        ("", False),
    ],
)
def test_only_names_of_the_iana_data_base_are_time_zones(name: str, *, expected: bool) -> None:
    assert is_time_zone(name) is expected


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2025, 3, 30), time(2, 30), datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),
        (date(2025, 10, 26), time(2, 30), datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        (date(2025, 7, 1), time(6), datetime(2025, 7, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clock_skips_or_shows_twice_is_one_instant(
    day: date, at: time, instant: datetime
) -> None:
    assert instant_of(day, at, "Europe/Madrid") == instant
