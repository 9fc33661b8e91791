"""The desk of months lists, detaches and attaches those of its company."""

from pathlib import Path

from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.closed_months import MONTH


def test_a_month_goes_and_comes_back_over_the_desk(closed_billing: Billing, tmp_path: Path) -> None:
    desk = Desk(closed_billing).months
    before = desk.list()
    told: list[str] = []
    result = desk.detach(MONTH, tmp_path / "month", progress=lambda stage, _done, _total: told.append(stage))
    assert result.facts["month"] == "2020-02"
    assert {"checking", "writing invoice", "reading back", "detaching"} <= set(told)
    assert desk.list()[0].detached_at is not None
    assert desk.attach(tmp_path / "month").facts["row_count"] == result.facts["row_count"]
    assert [(row.month, row.totals) for row in desk.list()] == [(row.month, row.totals) for row in before]
