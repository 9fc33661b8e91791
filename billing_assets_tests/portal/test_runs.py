"""The list of runs."""

from fastapi.testclient import TestClient


def test_a_run_stands_with_its_date_state_and_amount(client: TestClient) -> None:
    page = client.get("/runs").text
    assert "31 Jan 2024" in page
    assert '<span class="state finalised">final</span>' in page
    assert "€" in page


def test_below_the_first_run_there_is_none(client: TestClient) -> None:
    assert "Nothing fits" in client.get("/runs?before=1").text


def test_runs_are_found_by_state_kind_and_date(client: TestClient) -> None:
    for query, is_found in (
        ("state=finalised&kind=billing&since=2024-01-31&until=2024-01-31", True),
        ("state=&kind=&since=&until=", True),
        ("state=held", False),
        ("kind=correction", False),
        ("since=2024-02-01", False),
    ):
        assert ('href="/runs/1"' in client.get(f"/runs?{query}").text) is is_found, query
