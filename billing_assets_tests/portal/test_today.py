"""The first page: the day at a glance, and the language."""

from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk
from billing_assets_tests.billed_store import as_owner


def test_each_figure_leads_to_its_list(client: TestClient) -> None:
    page = client.get("/").text
    for path in (
        "/failures?outcome=failed&amp;reason=no_tax_rule",
        "/problems?code=amount_too_fine",
        "/deliveries?state=unknown&amp;reason=no_answer_after_data",
        "/runs/1",
    ):
        assert f'href="{path}"' in page
        assert client.get(path.replace("&amp;", "&")).status_code == 200


def test_a_run_under_way_shows_how_far_it_is_and_asks_again_soon(client: TestClient, desk: Desk) -> None:
    as_owner(desk.billing, "update billing_run set state = 'running', finalised_at = null, due_count = 60")
    page = client.get("/", headers={"HX-Request": "true"}).text
    assert page.lstrip().startswith('<div id="live"')
    assert 'hx-trigger="every 2s"' in page
    assert 'max="60"' in page


def test_a_held_run_stands_first(client: TestClient, desk: Desk) -> None:
    reasons = '[{"bound": "problems", "found": "3 of 30"}]'
    as_owner(
        desk.billing,
        f"update billing_run set state = 'held', finalised_at = null, held_reasons = '{reasons}'",
    )
    page = client.get("/").text
    assert "Waits for a person" in page
    assert "too many charges are held or fail" in page


def test_a_language_is_kept_and_leads_back_to_a_page_of_ours_only(client: TestClient) -> None:
    answer = client.get("/language/es?back=/runs", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    assert "Ejecuciones" in client.get("/runs").text
    for elsewhere in ("https://example.com", "//example.com", "/\\example.com"):
        answer = client.get("/language/es", params={"back": elsewhere}, follow_redirects=False)
        assert answer.headers["location"] == "/"
