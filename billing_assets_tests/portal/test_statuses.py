"""Statuses in the office: what was told, what a receiver has not got, and what a person decides on it."""

import re

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.statuses import kinds_of
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.status_desk import StatusDesk
from billing_assets_tests.channels.api_push.samples import NEW_SECRET
from billing_assets_tests.channels.outbound.servers import Call, HttpLab

POLICY = "POL-00000002"


@pytest.fixture
def statuses(desk: Desk) -> StatusDesk:
    """A subscription whose receiver refuses what is of one policy for good."""
    billing = desk.billing
    billing.settings = billing.settings.model_copy(update={"push_to_loopback": True})
    found = StatusDesk(billing)
    found.tell()

    def refuse(call: Call) -> None:
        call.hear()
        call.answer("400 Bad Request" if POLICY.encode() in call.heard.body else "200 OK")

    with HttpLab(refuse) as lab:
        found.endpoints.set("broker", lab.url(), [NEW_SECRET], "ana")
        found.subscribe("broker-7", "broker", kinds_of(["issued", "delivered"]), after_number=0, by="ana")
        found.send()
    return found


def test_what_is_not_told_yet_is_said(viewer: TestClient, desk: Desk) -> None:
    shown = viewer.get("/statuses").text
    assert "Not told yet" in shown
    StatusDesk(desk.billing).tell()
    shown = viewer.get("/statuses?kind=issued").text
    assert "Everything is told" in shown
    assert "No endpoint has a subscription" in shown
    assert "INV-000000" in shown
    assert "No event fits" in viewer.get("/statuses?invoice=NONE").text
    following = re.search(r'href="(/statuses\?[^"]*before=\d+)"', viewer.get("/statuses").text)
    assert following is None or viewer.get(following[1].replace("&amp;", "&")).status_code == 200


def test_a_refused_event_is_shown_and_decided_on(operator: TestClient, statuses: StatusDesk) -> None:
    first, *_ = statuses.waiting("broker-7")
    shown = operator.get("/statuses/broker-7").text
    assert POLICY in shown
    assert "billing operations" in shown
    refused = operator.post("/statuses/broker-7", data={"act": "skip", "event": first.event_number})
    assert refused.status_code == 409
    done = operator.post(
        "/statuses/broker-7", data={"act": "skip", "event": first.event_number, "note": "they have it"}
    )
    assert "goes without it" in done.text
    again = operator.post(
        "/statuses/broker-7", data={"act": "again", "event": first.event_number, "note": "mended"}
    )
    assert "does not wait any more" in again.text
    assert operator.get("/statuses/none").status_code == 404


def test_who_may_look_alone_decides_nothing(viewer: TestClient, statuses: StatusDesk) -> None:
    (number, *_) = [row.event_number for row in statuses.waiting("broker-7")]
    answer = viewer.post("/statuses/broker-7", data={"act": "again", "event": number, "note": "please"})
    assert answer.status_code == 403
    assert "Go on without it" not in viewer.get("/statuses/broker-7").text


@pytest.mark.usefixtures("statuses")
def test_the_pages_speak_spanish(viewer: TestClient) -> None:
    shown = viewer.get("/statuses?language=es").text
    assert "A quién se comunica" in shown
    assert "emitida" in shown
    assert "Rechazados y retenidos" in viewer.get("/statuses/broker-7?language=es").text
