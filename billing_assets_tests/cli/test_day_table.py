"""The table of several billing dates: a row for what came to something, one for a stretch that did not."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from billing_assets.cli.day_table import BilledDay, add_amounts
from billing_assets_tests.cli.conftest import Billing


def test_amounts_of_days_add_up_by_currency() -> None:
    row = {"currency": "EUR", "count": 1, "net_minor": 100, "tax_minor": 8, "total_minor": 108}
    day = BilledDay(
        billing_date=None,  # type: ignore[arg-type]
        run_id=1,
        due_count=1,
        counts={},
        invoices=[row],
        document_count=1,
        deliveries={},
    )
    assert add_amounts([day, day]) == [
        {"currency": "EUR", "count": 2, "net_minor": 200, "tax_minor": 16, "total_minor": 216}
    ]


@pytest.mark.long
@pytest.mark.usefixtures("book")
def test_a_stretch_of_dates_with_nothing_due_is_one_line(billing: Billing, ask: Callable[..., Any]) -> None:
    command = ("run", "2023-12-29", "--until", "2024-01-12", "--no-deliver")
    shown = billing(*command).stdout
    rows = [line.split() for line in shown.splitlines() if line.startswith(("2023-", "2024-"))]
    assert next(row[:3] for row in rows) == ["2023-12-29", "to", "2024-01-01"]
    assert len(ask(*command)["dates"]) == 15
    is_empty = [row[1] == "to" or row[2] == "0" for row in rows]
    assert not any(first and second for first, second in pairwise(is_empty))
    assert sum(int(row[2]) for row in rows if row[1] != "to") == sum(
        day["due_count"] for day in ask("runs", "--limit", "100")["runs"]
    )
