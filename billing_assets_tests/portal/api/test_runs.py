"""Runs over the API: read with their figures, asked for by date, selection and template, refused in time."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from billing_assets.documents.templates import default_templates_dir
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.run_starter import RunStarter
from billing_assets.wiring.template_desk import TemplateDesk
from billing_assets_tests.billed_store import BILLING_DATE
from billing_assets_tests.portal.api.conftest import System

LEAP_DAY = "2024-02-29"
SPAIN = {"billing_date": LEAP_DAY, "place_codes": ["ES"], "deliver": False}
MINE = {"product_codes": [], "place_codes": ["ES"], "plan_codes": [], "payer_groups": []}


@pytest.fixture
def runs(app: FastAPI) -> RunStarter:
    """What begins the runs of the API."""
    (mounted,) = (route for route in app.routes if getattr(route, "path", "") == "/api/v1")
    starter: RunStarter = mounted.app.state.runs  # type: ignore[attr-defined]
    return starter


def of_day(system: System, day: str = LEAP_DAY) -> list[dict[str, Any]]:
    """Return the runs of a day, the newest first."""
    rows: list[dict[str, Any]] = system.get(f"/runs?from_date={day}&to_date={day}").json()["items"]
    return rows


def test_runs_are_read_with_their_figures(system: System) -> None:
    (run,) = system.get("/runs").json()["items"]
    whole = system.get(f"/runs/{run['run_id']}").json()
    assert (whole["billing_date"], whole["state"]) == (BILLING_DATE.isoformat(), "finalised")
    assert (whole["place_codes"], whole["template"]) == ([], "")
    assert sum(row["charge_count"] for row in whole["outcomes"]) == whole["due_count"]
    certificate = system.get(f"/runs/{run['run_id']}/certificate")
    assert certificate.json()["certificate"]["is_complete"] is True
    assert certificate.headers["etag"] == f'"{certificate.json()["content_sha256"]}"'


def test_a_date_is_billed_in_the_background(system: System, runs: RunStarter) -> None:
    asked = {"billing_date": LEAP_DAY, "deliver": False}
    answer = system.post("/runs", once="a", json=asked)
    assert answer.status_code == 202
    runs.wait()
    (run,) = system.get(answer.headers["location"]).json()["items"]
    assert (run["state"], run["billing_date"]) == ("finalised", LEAP_DAY)
    assert run["invoices"]
    again = system.post("/runs", once="a", json=asked)
    assert again.headers["location"] == answer.headers["location"]
    assert len(system.get("/runs").json()["items"]) == 2


@pytest.mark.long
def test_a_selection_is_billed_once_then_the_rest_and_the_log_names_the_key(
    system: System, runs: RunStarter, access: AccessDesk
) -> None:
    assert system.post("/runs", once="a", json=SPAIN).status_code == 202
    runs.wait()
    (run,) = of_day(system)
    assert (run["state"], {name: run[name] for name in MINE}) == ("finalised", MINE)
    whole = system.get(f"/runs/{run['run_id']}").json()
    assert {name: whole[name] for name in MINE} == MINE
    assert whole["due_count"] > 0
    [entry] = [each for each in access.acts(AuditFilter()) if each.act == "start_run"]
    assert (entry.actor_kind, entry.subject_id) == ("key", LEAP_DAY)
    again = system.post("/runs", once="a", json=SPAIN)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    other = system.post("/runs", once="a", json={**SPAIN, "place_codes": ["DE"]})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert system.post("/runs", json={"billing_date": LEAP_DAY, "deliver": False}).status_code == 202
    runs.wait()
    rest, first = of_day(system)
    assert (rest["place_codes"], first["run_id"]) == ([], run["run_id"])
    assert rest["due_count"] > 0


@pytest.mark.parametrize(
    ("changed", "status", "code", "words"),
    [
        ({"product_codes": ["boat"]}, 422, "selection_unknown", "'boat'"),
        ({"product_codes": ["boat"]}, 422, "selection_unknown", "its products are motor_car"),
        ({"payer_groups": ["fleet"]}, 422, "selection_unknown", "payer group 'fleet'"),
        ({"place_codes": ["Narnia"]}, 422, "selection_invalid", "write codes as ES, GB"),
        ({"template": "summer"}, 422, "template_name_inactive", "'summer'"),
        ({"billing_date": "2999-01-01"}, 422, "date_too_far", "correct the date"),
    ],
)
def test_what_nothing_could_answer_is_refused_before_anything_is_begun(
    system: System, changed: dict[str, object], status: int, code: str, words: str
) -> None:
    answer = system.post("/runs", json={**SPAIN, **changed})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert of_day(system) == []


@pytest.mark.parametrize("wrong", ["", "  ", "ES,FR", "E\nS", "x" * 101])
def test_a_code_that_is_none_is_named_by_its_place_and_never_read_as_every_policy(
    system: System, wrong: str
) -> None:
    answer = system.post("/runs", json={**SPAIN, "place_codes": ["ES", wrong]})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "#/place_codes/1"
    assert of_day(system) == []


def test_another_selection_that_is_open_and_a_run_under_way_are_conflicts(system: System, desk: Desk) -> None:
    billing = desk.billing
    day = BILLING_DATE + timedelta(days=1)
    run_id = int(billing.plan(billing.order(day)).facts["run_id"])
    asked = {**SPAIN, "billing_date": day.isoformat()}
    answer = system.post("/runs", once="a", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_of_other_selection")
    assert f"run {run_id} " in answer.json()["detail"]
    billing.runs.start(run_id)
    answer = system.post("/runs", once="b", json=SPAIN)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_under_way")


@pytest.mark.long
def test_a_run_prints_by_the_template_that_it_names(
    system: System, runs: RunStarter, desk: Desk, tmp_path: Path
) -> None:
    desk.billing.settings = desk.billing.settings.model_copy(update={"issue_on": "today"})
    templates, today = TemplateDesk(desk.billing), OfficeDesk(desk).today
    for part in ("_shared", "invoice"):
        shutil.copytree(default_templates_dir() / part, tmp_path / "own" / part)
    (tmp_path / "own" / "invoice" / "email.txt.j2").write_text("Winter {{ document_number }}")
    winter = templates.add(tmp_path / "own", "invoice", name="winter", note="colours", by="ana")
    templates.test(winter.template_id, by="ana", real_count=0)
    templates.approve(winter.template_id, note="looked at it", by="bea")
    templates.activate(winter.template_id, today, note="from today", by="bea")
    assert system.post("/runs", json={**SPAIN, "template": "winter"}).status_code == 202
    runs.wait()
    (run,) = of_day(system)
    assert (run["state"], run["template"], run["place_codes"]) == ("finalised", "winter", ["ES"])
    assert system.get(f"/runs/{run['run_id']}").json()["template"] == "winter"
    query = """
        select distinct encode(t.content_sha256, 'hex') from invoice i
        join template_version t using (template_version_id) where i.run_id = :run
    """
    with desk.database.transaction() as connection:
        printed = connection.execute(text(query), {"run": run["run_id"]}).scalars().all()
    assert printed == [winter.content_sha256]
