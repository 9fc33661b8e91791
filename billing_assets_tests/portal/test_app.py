"""The app: where it begins, what every answer carries, how a refusal looks."""

from fastapi.testclient import TestClient


def test_it_begins_with_the_runs(client: TestClient) -> None:
    assert client.get("/").url.path == "/runs"


def test_no_answer_may_be_framed_or_load_from_elsewhere(client: TestClient) -> None:
    for path in ("/runs", "/static/office.css"):
        policy = client.get(path).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'self'" in policy


def test_pages_are_not_kept_by_browsers_and_assets_are(client: TestClient) -> None:
    assert client.get("/runs").headers["cache-control"] == "no-store"
    assert "no-store" not in client.get("/static/office.css").headers.get("cache-control", "")
