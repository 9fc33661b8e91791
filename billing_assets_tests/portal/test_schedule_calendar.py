"""The calendar and the timeline: each day with what fires, in the picture and in the table."""

import re

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.activities import Activity
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import DAY, FIRST_NOON, HOURLY, NIGHTLY, Clock

DAY_OF_MONTH = re.compile(r'<li class="([^"]*)">\s*<h2>.*?day=([\d-]+)">(.*?)\n  </li>', re.DOTALL)


@pytest.fixture(autouse=True)
def kept(desk: Desk) -> None:
    """Keep two schedules in January 2024, and decide what the nightly one did until the 13th."""
    clock = Clock(FIRST_NOON)
    schedules = ScheduleDesk(desk.billing, clock)
    schedules.add("nightly", NIGHTLY, "the daily run", "ana")
    schedules.add("hourly", {**HOURLY, "until_date": "2024-01-20"}, "keep trying", "ana")
    schedules.look(Activity.INVOICE_RUN, clock.pass_by(3 * DAY))


def test_a_month_has_its_closed_days_what_was_done_and_what_comes(viewer: TestClient) -> None:
    page = viewer.get("/schedules/calendar?month=2024-01").text
    days = {day: (kind.split(), text) for kind, day, text in DAY_OF_MONTH.findall(page)}
    assert len(days) == 31
    assert days["2024-01-01"][0] == ["from-1", "closed", "bare"]
    assert "starts" in days["2024-01-11"][1]
    for words in ("not seen", "3 times", "24 times"):
        assert words in days["2024-01-15"][1]
    assert 'month=2023-12" rel="prev"' in page
    assert 'month=2024-02" rel="next"' in page


def test_a_month_that_is_none_and_the_ends_of_time_are_no_fault_of_ours(viewer: TestClient) -> None:
    assert viewer.get("/schedules/calendar?month=2024-13").status_code == 422
    for path in ("calendar?month=2000-01", "calendar?month=2099-12", "timeline?day=0001-01-01"):
        assert viewer.get(f"/schedules/{path}").status_code == 200, path
    assert viewer.get("/schedules/timeline?day=9999-12-31&days=7").status_code == 200


def test_a_day_is_a_line_and_a_table_of_the_same(viewer: TestClient) -> None:
    page = viewer.get("/schedules/timeline?day=2024-01-15").text
    assert page.count("<circle") == 27
    assert "nightly, 06:00, for 13 Jan: was due, not seen yet" in page
    assert "24 times, 00:30 to 23:30" in page


def test_seven_days_are_marked_by_day_and_closed_ones_named(viewer: TestClient) -> None:
    page = viewer.get("/schedules/timeline?day=2024-01-12&days=7&language=es").text
    assert "La compañía cierra" in page
    assert "13 ene 2024" in page
    assert page.count('class="label"') == 7
