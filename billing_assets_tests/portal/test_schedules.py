"""The list of schedules and one of them: what was done, what comes, and what was changed by whom."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.access import Role
from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import FiringState, PauseScope
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.billed_store import BILLING_DATE
from billing_assets_tests.portal.conftest import BrowserOf
from billing_assets_tests.scheduled import DAY, HOURLY, NIGHTLY, Clock

ONCE = {
    **NIGHTLY,
    "frequency_code": "one_off",
    "anchor_date": BILLING_DATE.isoformat(),
    "calendar_code": "",
    "roll": "none",
}


@pytest.fixture
def schedules(desk: Desk) -> ScheduleDesk:
    """The schedules of the office."""
    made = ScheduleDesk(desk.billing)
    made.add("nightly", NIGHTLY, "the daily run", "ana")
    return made


def test_the_list_says_what_is_stopped_by_whom_and_why(viewer: TestClient, schedules: ScheduleDesk) -> None:
    schedules.add("hourly", HOURLY, "keep trying", "ana")
    PauseDesk(schedules).pause(PauseScope.SCHEDULE, "nightly", reason="rates <are> late", by="bea")
    text = viewer.get("/schedules").text
    for part in ("Nightly run", "paused by bea", "rates &lt;are&gt; late", "Europe/Madrid", "active"):
        assert part in text
    assert "/schedules/new" not in text
    part = viewer.get("/schedules", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="sheet" id="live"')


def test_a_firing_leads_to_its_run_here_and_in_dagster(
    viewer: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.billing.settings, "dagster_url", "http://dagster.example.com")
    clock = Clock(utc_now().replace(year=2024, month=1, day=30))
    past = ScheduleDesk(desk.billing, clock)
    past.add("once", ONCE, "that date", "ana")
    [firing] = past.look(Activity.INVOICE_RUN, clock.pass_by(5 * DAY)).firings
    past.mark([(firing.firing_id, FiringState.DONE, "0123abcd-run")])
    for path in ("/schedules", "/schedules/code/once"):
        text = viewer.get(path).text
        assert '<a class="nowrap" href="/runs/1">Run 1</a>' in text
        assert 'href="http://dagster.example.com/runs/0123abcd-run"' in text
    assert "ended" in viewer.get("/schedules").text


def test_one_schedule_says_in_words_what_it_does_and_what_was_changed(
    viewer: TestClient, schedules: ScheduleDesk
) -> None:
    schedules.edit("nightly", {"at_times": "07:15"}, "the book comes late", "bea")
    page = viewer.get("/schedules/code/nightly").text
    assert "Fires every day, at 07:15 (Europe/Madrid)." in page
    assert "On a closed day of ES it is done on the next open day." in page
    assert "Times of day: <del>06:00</del> <ins>07:15</ins>" in page
    assert "The next 30" in page
    assert "Retire" not in page
    spanish = viewer.get("/schedules/code/nightly?language=es").text
    assert "Arranca cada día, a las 07:15 (Europe/Madrid)." in spanish
    assert viewer.get("/schedules/code/weekly").status_code == 404


def test_a_schedule_is_retired_with_a_reason_by_whoever_has_seen_it_as_it_is(
    operator: TestClient, schedules: ScheduleDesk, access: AccessDesk, browser_of: BrowserOf
) -> None:
    path = "/schedules/code/nightly/retire"
    refused = operator.post(path, data={"note": " ", "revision": "1"})
    assert (refused.status_code, "Say why" in refused.text) == (409, True)
    schedules.edit("nightly", {"at_times": "07:15"}, "the book comes late", "bea")
    assert "Somebody has changed" in operator.post(path, data={"note": "no more", "revision": "1"}).text
    assert browser_of(Role.VIEWER).post(path, data={"note": "no more", "revision": "2"}).status_code == 403
    done = operator.post(path, data={"note": "no more", "revision": "2"})
    assert "The schedule is retired." in done.text
    [entry] = access.acts(AuditFilter(act="retire_schedule"))
    assert (entry.actor_name, entry.subject_id, entry.reason) == (
        "operator@example.com",
        "nightly",
        "no more",
    )


def test_what_was_due_goes_on_below_the_last_row(viewer: TestClient, desk: Desk) -> None:
    clock = Clock(utc_now() - timedelta(days=2))
    past = ScheduleDesk(desk.billing, clock)
    past.add("hourly", HOURLY, "keep trying", "ana")
    past.look(Activity.DELIVERY_RETRY, clock.pass_by(2 * DAY))
    first = viewer.get("/schedules/code/hourly").text
    assert first.count("done by a later one") == 19
    assert 'rel="next"' in first
