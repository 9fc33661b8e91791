"""The feed of events: in order, from any point, of some types, and only with its scope."""

from billing_assets.domain.statuses import StatusKind
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.status_desk import StatusDesk
from billing_assets_tests.portal.api.conftest import System, SystemOf


def test_events_are_read_in_order_part_by_part_and_again_from_any_point(system: System, desk: Desk) -> None:
    told = StatusDesk(desk.billing).tell().facts["event_count"]
    found, cursor, cursors = [], "", [""]
    while True:
        part = system.get(f"/events?limit=20&cursor={cursor}").json()
        found += part["items"]
        cursor = part["cursor"]
        cursors.append(cursor)
        if not part["has_more"]:
            break
    assert len(found) == told
    assert [int(event["sequence"]) for event in found] == list(range(1, len(found) + 1))
    assert len({event["id"] for event in found}) == len(found)
    again = system.get(f"/events?limit=20&cursor={cursors[1]}").json()
    assert again["items"] == found[20:40]
    assert system.get(f"/events?cursor={cursor}").json() == {"items": [], "cursor": cursor, "has_more": False}


def test_an_event_is_a_cloud_event_with_amounts_twice_and_nobody_in_it(system: System, desk: Desk) -> None:
    StatusDesk(desk.billing).tell()
    event = system.get("/events?type=issued&limit=1").json()["items"][0]
    assert event["type"] == "org.billing_assets.invoice.issued.v1"
    assert (event["specversion"], event["source"]) == ("1.0", "/billing_assets/alondra")
    data = event["data"]
    assert event["subject"] == data["invoice_number"]
    invoice = system.get(f"/invoices/{data['invoice_number']}").json()
    assert data["total_minor"] == invoice["total_minor"] == data["open_minor"]
    assert data["total"] == f"{invoice['total_minor'] / 100:.2f}"
    assert data["policy_numbers"]
    assert "channel" not in data
    assert invoice["payer"]["name"] not in str(event)


def test_types_are_filtered_and_an_unknown_one_is_refused(system: System, desk: Desk) -> None:
    StatusDesk(desk.billing).tell()
    wanted = {StatusKind.ISSUED, StatusKind.PAST_DUE}
    query = "&".join(f"type={kind}" for kind in wanted)
    kinds = {event["data"]["status"] for event in system.get(f"/events?limit=1000&{query}").json()["items"]}
    assert kinds == set(wanted)
    refused = system.get("/events?type=lost")
    assert (refused.status_code, refused.json()["code"]) == (422, "status_kind_unknown")
    assert system.get("/events?cursor=x").json()["code"] == "cursor_invalid"


def test_the_feed_needs_its_scope_and_is_of_one_company(
    system_of: SystemOf, foreigner: System, desk: Desk
) -> None:
    desk.billing.settings = desk.billing.settings.model_copy(update={"company": "alondra"})
    StatusDesk(desk.billing).tell()
    assert system_of("invoices:read").get("/events").status_code == 403
    assert system_of("events:read").get("/events").json()["items"]
    assert foreigner.get("/events").json() == {"items": [], "cursor": "", "has_more": False}
