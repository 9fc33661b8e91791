"""Holds in the office: looked at before they are set, set with why, lifted by whoever may."""

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.holds import HoldClock, HoldTerms
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets_tests.billed_store import BILLING_DATE

STORM = {
    "clocks": ["bill", "send"],
    "place_codes": "ES",
    "product_codes": "",
    "from_date": str(BILLING_DATE),
    "until_date": "",
}


@pytest.fixture
def holds(desk: Desk) -> HoldDesk:
    return HoldDesk(desk.billing)


def test_the_form_shows_what_a_hold_would_touch_before_it_can_be_set(approver: TestClient) -> None:
    empty = approver.get("/holds/new").text
    assert "Set this hold" not in empty
    asked = approver.get("/holds/new", params=STORM).text
    assert "Set this hold" in asked
    part = approver.get("/holds/preview", params=STORM, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith("<p>")
    assert "Policies in force of these places and products: " in part
    assert "€" in part
    assert "<svg" in part
    assert "Messages in the outbox that would wait: " in part


def test_a_hold_is_set_listed_and_lifted_and_both_acts_are_kept(
    approver: TestClient, holds: HoldDesk, access: AccessDesk
) -> None:
    done = approver.post("/holds", data={**STORM, "why": "order of the regulator"})
    assert "The hold is set." in done.text
    for part in ("order of the regulator", "approver@example.com", "until it is lifted", "Billing, Sending"):
        assert part in done.text
    [hold] = holds.holds()
    assert hold.terms == HoldTerms(
        clocks=tuple(HoldClock), place_codes=("ES",), from_date=BILLING_DATE, until_date=None
    )
    asked = approver.get(f"/holds/{hold.hold_id}/lift").text
    assert "order of the regulator" in asked
    refused = approver.post(f"/holds/{hold.hold_id}/lift", data={"why": " "})
    assert (refused.status_code, 'id="why-why"' in refused.text) == (409, True)
    lifted = approver.post(f"/holds/{hold.hold_id}/lift", data={"why": "it is over"})
    assert "The hold is lifted." in lifted.text
    assert "Nothing is held." in lifted.text
    assert "it is over" in approver.get("/holds?lifted=true").text
    acts = {entry.act: entry.reason for entry in access.acts(AuditFilter())}
    assert (acts["set_hold"], acts["lift_hold"]) == ("order of the regulator", "it is over")


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("clocks", {"clocks": []}),
        ("place_codes", {"place_codes": "Narnia & more"}),
        ("product_codes", {"product_codes": "boat"}),
        ("from_date", {"from_date": ""}),
        ("until_date", {"until_date": "1999-01-01"}),
        ("why", {"why": " "}),
    ],
)
def test_a_hold_that_is_refused_keeps_what_was_typed(
    approver: TestClient, holds: HoldDesk, field: str, changed: dict[str, object]
) -> None:
    typed = {**STORM, "why": "storm & flood", **changed}
    answer = approver.post("/holds", data=typed)
    assert (answer.status_code, f'id="why-{field}"' in answer.text) == (409, True)
    assert f'value="{BILLING_DATE}"' in answer.text or field == "from_date"
    assert holds.holds(with_lifted=True) == []


def test_what_is_wrong_is_told_before_it_is_worked_out(approver: TestClient) -> None:
    asked = approver.get("/holds/new", params={**STORM, "place_codes": "Narnia"}).text
    assert 'id="why-place_codes"' in asked
    assert "Set this hold" not in asked
    part = approver.get("/holds/preview", params={**STORM, "product_codes": "boat"})
    assert "No policy of the book has one of these products." in part.text


def test_who_may_not_set_holds_sees_them_and_no_more(
    operator: TestClient, approver: TestClient, holds: HoldDesk
) -> None:
    approver.post("/holds", data={**STORM, "why": "order of the regulator"})
    page = operator.get("/holds").text
    assert "order of the regulator" in page
    assert "/holds/new" not in page
    assert operator.post("/holds", data={**STORM, "why": "mine"}).status_code == 403
    assert operator.get("/holds/new").status_code == 403
    assert operator.post("/holds/1/lift", data={"why": "mine"}).status_code == 403
    assert len(holds.holds()) == 1


def test_the_pages_speak_spanish(approver: TestClient) -> None:
    approver.cookies.set("language", "es")
    assert "Moratorias" in approver.get("/holds", headers={"Accept-Language": "es"}).text
