"""A payer sees payments and what they were used for, and chooses how documents come."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from billing_assets.documents.formats import money
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.desk import Desk
from billing_assets_tests.payers import BILLS, MORE_MINOR, PART_MINOR
from billing_assets_tests.portal.payer.conftest import BrowserOf, post


def preferences(desk: Desk) -> list[tuple[int, str, str]]:
    query = "select payer_id, language, channels from payer_preference order by payer_preference_id"
    with desk.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_payments_say_what_they_were_used_for(first: TestClient, payer_browser: BrowserOf) -> None:
    page = first.get("/my/payments").text
    assert page.index(BILLS["K1"][0]) < page.index(BILLS["K1"][1])
    assert money(MORE_MINOR, "EUR", "en_GB") in page
    second = payer_browser(2).get("/my/payments").text
    assert BILLS["K2"][0] in second, "a payment that a person gave its owner is the owner's"
    assert money(PART_MINOR, "EUR", "en_GB") in second


def test_what_was_given_an_order_is_kept_audited_and_goes_for_the_outbox(
    first: TestClient, payers_desk: Desk
) -> None:
    fields = {"language": "de", "channel": ["portal", "", "email", "portal"]}
    page = post(first, "/my/details", **fields)
    assert (page.status_code, "Gespeichert" in page.text) == (200, True)
    assert preferences(payers_desk) == [(1, "de", "portal email")]
    (row,) = payers_desk.access.acts(AuditFilter(act="set_preference"))
    assert (row.actor_name, row.before, row.after) == (
        "K1",
        {"channels": "email", "language": "en"},
        {"channels": "portal email", "language": "de"},
    )
    post(first, "/my/details", **fields)
    assert len(preferences(payers_desk)) == 1, "the same again is no change"


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "de", "channel": [""]},
        {"language": "it", "channel": ["email"]},
        {"language": "en", "channel": ["pigeon"]},
        {"language": "en", "channel": ["api_push"]},
    ],
)
def test_what_is_not_offered_is_refused(
    first: TestClient, payers_desk: Desk, fields: dict[str, object]
) -> None:
    page = post(first, "/my/details", **fields)
    assert (page.status_code, 'role="alert"' in page.text) == (409, True)
    assert preferences(payers_desk) == []
