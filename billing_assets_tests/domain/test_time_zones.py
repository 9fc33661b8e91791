"""Names of time zones."""

import pytest

from billing_assets.domain.time_zones import is_time_zone


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
