"""What pages work with."""

from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk


def test_pages_show_the_program_that_the_app_was_made_over(client: TestClient, desk: Desk) -> None:
    assert f'<a href="/runs/{desk.runs(1)[0].run_id}">' in client.get("/runs").text
