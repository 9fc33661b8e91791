"""Messages to payers are stuck that wait, or are in the hands of a sender, for too long."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets.store.stuck_deliveries import StuckDeliveries, list_stuck_deliveries
from billing_assets.wiring.build import Billing, utc_now
from billing_assets_tests.steps.outbox import FEBRUARY, WITH_ADDRESS, billed_february


def stuck(billing: Billing, hours: int = 4) -> list[StuckDeliveries]:
    with billing.database.transaction() as connection:
        before = utc_now() - timedelta(hours=hours)
        return list_stuck_deliveries(connection, 1, before, utc_now().date())


def change(billing: Billing, what: str) -> None:
    with billing.database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text(f"update delivery set {what} where state <> 'failed'"))


@pytest.mark.long
def test_only_what_waits_for_too_long_is_stuck_and_what_is_held_has_its_day(
    database: Database, tmp_path: Path
) -> None:
    with billed_february(database, tmp_path) as billing:
        billing.documents.queue(1, FEBRUARY, "example.com", {})
        assert stuck(billing) == []
        change(billing, "queued_at = queued_at - interval '5 hours'")
        (found,) = stuck(billing)
        assert (found.state, found.delivery_count) == ("queued", WITH_ADDRESS)
        change(billing, f"send_date = date '{utc_now().date()}'")
        assert stuck(billing) == []
        change(billing, f"send_date = date '{date(2024, 2, 2)}'")
        assert len(stuck(billing)) == 1
        change(billing, "state = 'sending', send_date = null")
        assert stuck(billing) == []
        change(billing, "changed_at = changed_at - interval '5 hours'")
        assert [row.state for row in stuck(billing)] == ["sending"]
        change(billing, "state = 'sent'")
        assert stuck(billing) == []
