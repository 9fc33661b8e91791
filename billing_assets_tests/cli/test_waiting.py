"""Why a date bills nothing: it is closed for the company, or a run before it is held."""

from datetime import UTC, date, datetime

import pytest

from billing_assets.cli.waiting import note_of
from billing_assets.store.closed_days import ClosedDayRow
from billing_assets_tests.cli.conftest import Billing

DAY = date(2024, 2, 1)


def act(purpose: str, *, is_closed: bool = True) -> ClosedDayRow:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return ClosedDayRow(
        purpose=purpose, day=DAY, is_closed=is_closed, note=purpose, recorded_by="ana", recorded_at=at
    )


def test_the_last_act_about_making_invoices_says_why_a_day_is_closed() -> None:
    assert note_of([act("all"), act("send")], DAY) == "all"
    assert note_of([act("send")], DAY) == ""
    assert note_of([act("all"), act("generate", is_closed=False)], DAY) == ""


@pytest.mark.long
@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("mode", ["--dry-run", "--rehearse", "--no-deliver"])
def test_a_closed_day_is_named_with_its_reason_and_the_next_open_day(billing: Billing, mode: str) -> None:
    billing("calendar", "close", "2023-08-11", "--note", "the office moves")
    shown = billing("run", "2023-08-11", mode)
    assert "2023-08-11 is closed for the company (the office moves): " in shown.stdout
    assert "waits for 2023-08-14." in shown.stdout
    assert "bill it" not in shown.stderr
    assert "closed for the company (Sunday)" in billing("run", "2023-08-13", mode).stdout
    assert "closed for" not in billing("run", "2023-08-14", mode).stdout
