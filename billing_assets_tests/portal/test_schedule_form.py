"""The form of a schedule: what is wrong stands beside what was typed, and nothing of that is lost."""

import re

import pytest
from fastapi.testclient import TestClient

from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import NIGHTLY

NEW = {**NIGHTLY, "lead_days": "0", "lead_unit": "calendar", "schedule_code": "nightly", "note": "daily run"}
WRONG = {
    **NEW,
    "schedule_code": "No <code>",
    "name": "",
    "anchor_date": "31/02/2025",
    "at_times": "25:00 & more",
    "time_zone": "Mars/North",
    "lead_days": "many",
    "note": "",
}
PART = {"HX-Request": "true"}


@pytest.fixture
def schedules(desk: Desk) -> ScheduleDesk:
    """The schedules of the office."""
    return ScheduleDesk(desk.billing)


def value_of(page: str, name: str) -> str:
    """Return what a field of the page holds."""
    found = re.search(rf'name="{name}" type="\w+" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_a_schedule_is_added_as_it_was_previewed(
    operator: TestClient, schedules: ScheduleDesk, access: AccessDesk
) -> None:
    empty = operator.get("/schedules/new").text
    assert value_of(empty, "time_zone") == "Europe/Madrid"
    preview = operator.post("/schedules/new", data={**NEW, "act": "preview"})
    assert (preview.status_code, schedules.schedules()) == (200, [])
    part = operator.post("/schedules/new", data={**NEW, "act": "preview"}, headers=PART).text
    assert part.count("<tr>") == 11
    assert part.strip() in preview.text
    done = operator.post("/schedules/new", data=NEW)
    assert (done.url.path, "fires from now on" in done.text) == ("/schedules/code/nightly", True)
    assert [view.kept.schedule_code for view in schedules.schedules()] == ["nightly"]
    [entry] = access.acts(AuditFilter(act="add_schedule"))
    assert (entry.actor_name, entry.reason) == ("operator@example.com", "daily run")


def test_every_wrong_field_is_named_at_once_and_nothing_that_was_typed_is_lost(
    operator: TestClient, schedules: ScheduleDesk
) -> None:
    answer = operator.post("/schedules/new", data=WRONG)
    assert answer.status_code == 409
    faulty = ("schedule_code", "name", "anchor_date", "at_times", "time_zone", "lead_days", "note")
    assert set(re.findall(r'id="why-(\w+)"', answer.text)) == set(faulty)
    assert [name for name in faulty if f'href="#f-{name}"' not in answer.text] == []
    assert value_of(answer.text, "at_times") == "25:00 &amp; more"
    assert value_of(answer.text, "schedule_code") == "No &lt;code&gt;"
    assert value_of(answer.text, "lead_days") == "many"
    assert schedules.schedules() == []


def test_what_contradicts_itself_is_shown_at_its_field(operator: TestClient, schedules: ScheduleDesk) -> None:
    for name, changed in (
        ("pattern", {"frequency_code": "own_rule", "pattern": "FREQ=NEVER"}),
        ("pattern", {"pattern": "FREQ=DAILY"}),
        ("calendar_code", {"calendar_code": ""}),
        ("until_date", {"until_date": "2023-01-01"}),
    ):
        answer = operator.post("/schedules/new", data={**NEW, **changed})
        assert (answer.status_code, f'id="why-{name}"' in answer.text) == (409, True), changed
    schedules.add("nightly", NIGHTLY, "the daily run", "ana")
    assert 'id="why-schedule_code"' in operator.post("/schedules/new", data=NEW).text


def test_a_preview_of_what_is_not_clear_yet_names_what_is_missing(operator: TestClient) -> None:
    typed = {**NEW, "act": "preview", "at_times": "", "owner": "", "note": ""}
    answer = operator.post("/schedules/new", data=typed, headers=PART)
    assert answer.status_code == 200
    assert "Not clear yet: Times of day, Who answers for it" in answer.text


def test_a_change_of_what_somebody_has_changed_meanwhile_is_refused_and_kept_on_the_page(
    operator: TestClient, schedules: ScheduleDesk
) -> None:
    schedules.add("nightly", NIGHTLY, "the daily run", "ana")
    path = "/schedules/code/nightly/edit"
    form = operator.get(path).text
    assert '<input type="hidden" name="revision" value="1">' in form
    typed = {**NEW, "at_times": "07:15", "note": "the book comes late", "revision": "1", "activity": ""}
    assert "holds from now on" in operator.post(path, data=typed).text
    late = operator.post(path, data={**typed, "at_times": "08:00"})
    assert (late.status_code, "Somebody has changed this schedule" in late.text) == (409, True)
    assert value_of(late.text, "at_times") == "08:00"
    assert [row.revision for row in schedules.revisions("nightly")] == [1, 2]


def test_a_viewer_keeps_no_schedule(viewer: TestClient) -> None:
    assert viewer.get("/schedules/new").status_code == 403
    assert viewer.post("/schedules/new", data={**NEW, "act": "preview"}).status_code == 403


def test_a_selection_is_kept_and_shown_in_every_language(
    operator: TestClient, schedules: ScheduleDesk
) -> None:
    assert value_of(operator.get("/schedules/new").text, "product_codes") == ""
    typed = {**NEW, "product_codes": "motor, home", "payer_groups": "fleet"}
    page = operator.post("/schedules/new", data=typed).text
    assert "It bills only the policies of product: home, motor; payer group: fleet." in page
    assert schedules.schedule("nightly").kept.schedule.selection.payer_groups == ("fleet",)
    assert "product: home, motor; payer group: fleet" in operator.get("/schedules").text
    spanish = operator.get("/schedules/code/nightly?language=es").text
    assert "solo las pólizas de producto: home, motor; grupo de pagadores: fleet" in spanish
    assert value_of(operator.get("/schedules/code/nightly/edit").text, "product_codes") == "home, motor"


def test_a_wrong_selection_is_named_at_its_field(operator: TestClient) -> None:
    for name, changed in (
        ("place_codes", {"place_codes": "ES, Atlantis"}),
        ("plan_codes", {"plan_codes": "x" * 101}),
        ("product_codes", {"activity": "invariant_check", "product_codes": "motor"}),
    ):
        answer = operator.post("/schedules/new", data={**NEW, **changed})
        assert (answer.status_code, f'id="why-{name}"' in answer.text) == (409, True), changed
