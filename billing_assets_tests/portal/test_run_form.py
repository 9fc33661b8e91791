"""A run of a date or a selection from the office: asked for, looked at, started, by whoever may."""

from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from billing_assets.store.audit_log import AuditFilter
from billing_assets.store.run_listings import RunFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk

LEAP_DAY = "2024-02-29"
ASKED = {"billing_date": LEAP_DAY, "product_codes": "", "place_codes": "ES", "deliver": ""}


class Fields(HTMLParser):
    """The fields of the form that posts, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.found[given["name"] or ""] = given.get("value") or ""


def test_the_form_offers_today_and_shows_nothing_before_it_is_asked(operator: TestClient, desk: Desk) -> None:
    page = operator.get("/runs/new").text
    assert f'value="{OfficeDesk(desk).today}"' in page
    assert "What it would bill" not in page
    assert "checked" in page
    assert 'href="/runs/new"' in operator.get("/runs").text


@pytest.mark.long
def test_a_selection_is_looked_at_and_started_from_what_the_look_shows(
    operator: TestClient, app: FastAPI, desk: Desk, access: AccessDesk
) -> None:
    asked = operator.get("/runs/new", params=ASKED).text
    assert 'hx-get="/runs/new/preview?' in asked
    part = operator.get("/runs/new/preview", params=ASKED, headers={"HX-Request": "true"}).text
    assert not part.lstrip().startswith("<!")
    assert "only these policies:" in part
    assert "place: ES" in part
    assert "Invoices: " in part
    assert "€" in part
    fields = Fields(part).found
    assert {name: fields[name] for name in ASKED} == ASKED
    assert fields["csrf_token"]
    done = operator.post("/runs/new", data=fields)
    assert "The run is started." in done.text
    app.state.runs.wait()
    [run] = [row for row in OfficeDesk(desk).runs(RunFilter()) if str(row.billing_date) == LEAP_DAY]
    assert (run.state, run.selection.place_codes) == ("finalised", ("ES",))
    [entry] = [each for each in access.acts(AuditFilter()) if each.act == "start_run"]
    assert (entry.actor_name, entry.subject_id) == ("operator@example.com", LEAP_DAY)
    again = operator.get("/runs/new/preview", params=ASKED).text
    assert "Nothing of it is due." in again
    assert "started a run" in operator.get("/audit-log").text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"billing_date": "2024-02-30"}, 'id="why-billing_date"'),
        ({"billing_date": "2099-01-01"}, 'id="why-billing_date"'),
        ({"place_codes": "Narnia & more"}, "These codes cannot be read."),
        ({"product_codes": "boat"}, "Nothing in the policy book has one of these codes."),
        ({"template": "summer"}, "No template of this name prints invoices"),
    ],
)
def test_what_cannot_be_billed_is_refused_with_what_was_typed(
    operator: TestClient, desk: Desk, changed: dict[str, str], words: str
) -> None:
    typed = {**ASKED, **changed}
    asked = operator.get("/runs/new", params=typed).text
    assert words in asked
    assert 'hx-get="/runs/new/preview?' not in asked
    if "billing_date" not in changed:
        assert f'value="{LEAP_DAY}"' in asked
        assert "Nothing was done" in operator.get("/runs/new/preview", params=typed).text
    refused = operator.post("/runs/new", data=typed)
    assert (refused.status_code, words in refused.text) == (409, True)
    assert not [row for row in OfficeDesk(desk).runs(RunFilter()) if str(row.billing_date) == LEAP_DAY]


def test_who_only_looks_starts_nothing_and_no_form_of_another_site_does(
    viewer: TestClient, operator: TestClient, desk: Desk
) -> None:
    assert "/runs/new" not in viewer.get("/runs").text
    for answer in (
        viewer.get("/runs/new"),
        viewer.get("/runs/new/preview", params=ASKED),
        viewer.post("/runs/new", data=ASKED),
        operator.post("/runs/new", data=ASKED, headers={"Origin": "https://elsewhere.example.com"}),
    ):
        assert answer.status_code == 403
    assert not [row for row in OfficeDesk(desk).runs(RunFilter()) if str(row.billing_date) == LEAP_DAY]


def test_the_pages_speak_spanish(operator: TestClient) -> None:
    page = operator.get("/runs/new?language=es", params={**ASKED, "language": "es"}).text
    assert "Facturar una fecha o una selección" in page
    assert "Qué facturaría" in page
