"""Pauses in the office: made with why and until when, ended with what they left out in view."""

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import PauseScope
from billing_assets.store.audit_log import AuditFilter
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import DAY, NIGHTLY, Clock

DAILY = {**NIGHTLY, "calendar_code": "", "roll": "none"}


@pytest.fixture
def schedules(desk: Desk) -> ScheduleDesk:
    """The schedules of the office, kept for three days."""
    ScheduleDesk(desk.billing, Clock(utc_now() - 3 * DAY)).add("nightly", DAILY, "the daily run", "ana")
    return ScheduleDesk(desk.billing)


@pytest.fixture
def pause_id(schedules: ScheduleDesk) -> int:
    """A pause of three days."""
    past = PauseDesk(ScheduleDesk(schedules.billing, Clock(utc_now() - 3 * DAY)))
    return past.pause(PauseScope.SCHEDULE, "nightly", reason="rates are late", by="bea").pause_id


def test_a_pause_says_what_why_and_until_when(
    operator: TestClient, schedules: ScheduleDesk, access: AccessDesk
) -> None:
    until = (utc_now() + 2 * DAY).strftime("%Y-%m-%dT18:00")
    form = {"what": "activity:invoice_run", "why": "server moves", "until": until, "missed": "each"}
    done = operator.post("/schedules/pauses", data=form)
    assert "Paused. What is left out meanwhile is kept." in done.text
    for part in ("every schedule that does this: bills a date", "server moves", "operator@example.com"):
        assert part in done.text
    [pause] = PauseDesk(schedules).pauses()
    assert pause.covers("nightly", Activity.INVOICE_RUN, utc_now())
    [entry] = access.acts(AuditFilter(act="pause_schedules"))
    assert (entry.actor_name, entry.reason) == ("operator@example.com", "server moves")


def test_a_pause_that_is_refused_keeps_what_was_typed(operator: TestClient, schedules: ScheduleDesk) -> None:
    for field, changed in (
        ("what", {"what": ""}),
        ("what", {"what": "everything:"}),
        ("what", {"what": "schedule:weekly"}),
        ("why", {"why": " "}),
        ("until", {"until": "tomorrow"}),
        ("until", {"until": "2024-01-01T10:00"}),
    ):
        typed = {"what": "company:", "why": "year & end", "until": "", "missed": "each", **changed}
        answer = operator.post("/schedules/pauses", data=typed)
        assert (answer.status_code, f'id="why-{field}"' in answer.text) == (409, True), changed
        assert field == "why" or "year &amp; end" in answer.text
        assert '<option value="each" selected>' in answer.text
    assert PauseDesk(schedules).pauses() == []


def test_before_it_ends_a_pause_shows_what_it_left_out_and_what_one_run_would_bill(
    operator: TestClient, pause_id: int
) -> None:
    page = operator.get(f"/schedules/pauses/{pause_id}").text
    assert "Left out until now: 3" in page
    assert f'hx-get="/schedules/pauses/{pause_id}/preview"' in page
    part = operator.get(f"/schedules/pauses/{pause_id}/preview", headers={"HX-Request": "true"}).text
    assert "would make" in part
    assert "<html" not in part


def test_resuming_asks_what_becomes_of_what_was_left_out(
    operator: TestClient, schedules: ScheduleDesk, access: AccessDesk, pause_id: int
) -> None:
    path = f"/schedules/pauses/{pause_id}/resume"
    unasked = operator.post(path, data={"why": "rates are there"})
    assert (unasked.status_code, "Choose what becomes" in unasked.text) == (409, True)
    assert 'value="rates are there"' in unasked.text
    unsaid = operator.post(path, data={"missed": "one_run", "why": ""})
    assert (unsaid.status_code, 'value="one_run" checked' in unsaid.text) == (409, True)
    done = operator.post(path, data={"missed": "one_run", "why": "rates are there"})
    assert "1 of what was left out are due now" in done.text
    assert "takes up what a pause left out" in operator.get("/schedules/code/nightly").text
    states = [each.state.value for each in schedules.firings(FiringFilter())]
    assert states == ["requested", "merged", "merged"]
    [entry] = access.acts(AuditFilter(act="resume_schedules"))
    assert (entry.actor_name, entry.after) == ("operator@example.com", {"missed": "one_run"})
    assert operator.post(path, data={"missed": "skip", "why": "again"}).status_code == 404
    assert "rates are there" in operator.get("/schedules/pauses?ended=true").text


def test_a_viewer_ends_nothing_and_no_page_ends_what_stops_every_company(
    viewer: TestClient, operator: TestClient, schedules: ScheduleDesk, pause_id: int
) -> None:
    assert viewer.get(f"/schedules/pauses/{pause_id}").status_code == 200
    assert "<form" not in viewer.get("/schedules/pauses").text.split("<main", 1)[1]
    refused = viewer.post(f"/schedules/pauses/{pause_id}/resume", data={"missed": "skip", "why": "w"})
    assert refused.status_code == 403
    desk = PauseDesk(schedules)
    of_all = desk.pause(PauseScope.EVERYTHING, "", reason="data centre moves", by="bea").pause_id
    answer = operator.post(f"/schedules/pauses/{of_all}/resume", data={"missed": "skip", "why": "w"})
    assert (answer.status_code, "billing schedules resume" in answer.text) == (409, True)
    assert len(desk.pauses()) == 2
