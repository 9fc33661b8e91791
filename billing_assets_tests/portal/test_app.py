"""The app: what every answer carries, how a refusal and a wrong address look."""

from fastapi.testclient import TestClient


def test_no_answer_may_be_framed_or_load_from_elsewhere(client: TestClient) -> None:
    for path in ("/runs", "/static/office.css"):
        policy = client.get(path).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'self'" in policy


def test_pages_are_not_kept_by_browsers_and_assets_are(client: TestClient) -> None:
    assert client.get("/runs").headers["cache-control"] == "no-store"
    assert "no-store" not in client.get("/static/office.css").headers.get("cache-control", "")


def test_what_is_not_there_is_said_on_a_page(client: TestClient) -> None:
    wrong = {"/runs/99": 404, "/nowhere": 404, "/runs?before=x": 422, "/invoices/INV-00000099": 404}
    for path, status in wrong.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert '<main id="content">' in answer.text


def test_no_page_has_a_style_or_a_script_of_its_own(client: TestClient) -> None:
    for path in ("/", "/runs", "/runs/1", "/failures", "/problems", "/deliveries", "/forecast"):
        page = client.get(path).text
        assert "style=" not in page
        assert page.count("<script") == page.count('<script src="/static/')
