"""The forecast: none yet, being worked out, shown as chart and table."""

from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk


def test_before_the_first_one_the_page_offers_to_work_it_out(client: TestClient) -> None:
    assert "Nothing was worked out yet." in client.get("/forecast").text


def test_it_is_worked_out_once_and_shown_with_its_day(client: TestClient, desk: Desk) -> None:
    client.post("/forecast")
    client.app.state.forecast_maker.wait(60)  # type: ignore[attr-defined]
    page = client.get("/forecast").text
    assert "The forecast is worked out." in page
    assert '<svg class="chart"' in page
    assert "Late" in page
    assert "by the policy book of import 1" in page
