"""The list of runs."""

from fastapi.testclient import TestClient


def test_a_run_stands_with_its_date_state_and_amount(client: TestClient) -> None:
    page = client.get("/runs").text
    assert "31 Jan 2024" in page
    assert '<span class="state finalised">final</span>' in page
    assert "€" in page


def test_below_the_first_run_there_is_none(client: TestClient) -> None:
    assert "Nothing was billed yet." in client.get("/runs?before=1").text
