"""Templates in the office: looked at, tested, approved by somebody else, active from a day."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from billing_assets.documents.templates import default_templates_dir
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.template_desk import TemplateDesk

pytestmark = pytest.mark.long


@pytest.fixture
def templates(desk: Desk) -> TemplateDesk:
    return TemplateDesk(desk.billing)


def added(templates: TemplateDesk, folder: Path, by: str, words: str = "Ours {{ document_number }}") -> str:
    """Add a version and return its page."""
    for part in ("_shared", "invoice"):
        shutil.copytree(default_templates_dir() / part, folder / part)
    (folder / "invoice" / "email.txt.j2").write_text(words)
    return f"/templates/{templates.add(folder, 'invoice', note='new look', by=by).template_id}"


def test_a_version_is_tested_approved_and_let_print(
    operator: TestClient, approver: TestClient, templates: TemplateDesk, tmp_path: Path
) -> None:
    assert "no templates of its own" in approver.get("/templates").text
    page = added(templates, tmp_path / "own", "ana")
    assert "draft" in operator.get("/templates").text
    assert "The result is below" not in operator.get(page).text
    assert "Approve" not in operator.get(page).text
    tested = operator.post(f"{page}/test").text
    assert "It is tested" in tested
    assert "Rendered: samples in de, en, es, fr" in tested
    assert operator.post(f"{page}/approve", data={"why": "mine"}).status_code == 403
    refused = approver.post(f"{page}/approve", data={"why": " "})
    assert refused.status_code == 409
    assert "It is approved." in approver.post(f"{page}/approve", data={"why": "looked at it"}).text
    assert approver.post(f"{page}/activate", data={"from_date": "soon", "why": "w"}).status_code == 409
    today = approver.get(page).text.split('type="date" value="')[1][:10]
    typed = {"from_date": today, "why": "new year", "product_codes": "van, car", "languages": "es"}
    wrong = approver.post(f"{page}/activate", data={**typed, "place_codes": "Narnia"})
    assert (wrong.status_code, "cannot be read" in wrong.text) == (409, True)
    shown = approver.post(f"{page}/activate", data=typed).text
    for words in ("It prints from that day on.", "prints today", "approver@example.com", "looked at it"):
        assert words in shown
    assert "product: car, van; language: es" in shown
    assert "product: car, van; language: es" in approver.get("/templates").text
    assert "It is retired." in approver.post(f"{page}/retire", data={"from_date": today, "why": "w"}).text
    assert "retired" in approver.get("/templates").text


def test_whoever_added_a_version_is_offered_no_approval(
    approver: TestClient, templates: TemplateDesk, tmp_path: Path
) -> None:
    page = added(templates, tmp_path / "own", "approver@example.com")
    approver.post(f"{page}/test")
    shown = approver.get(page).text
    assert "somebody else approves it" in shown
    assert f'action="{page}/approve"' not in shown
    assert approver.post(f"{page}/approve", data={"why": "mine"}).status_code == 409


def test_samples_and_issued_documents_are_shown_and_nothing_in_them_runs(
    viewer: TestClient, templates: TemplateDesk, desk: Desk, tmp_path: Path
) -> None:
    page = added(templates, tmp_path / "own", "ana")
    assert viewer.get(f"{page}/picture").content.startswith(b"\x89PNG")
    assert viewer.get(f"{page}/pdf?language=de").content.startswith(b"%PDF")
    web = viewer.get(f"{page}/html?language=fr")
    assert "Facture" in web.text
    assert web.headers["Content-Security-Policy"].startswith("sandbox")
    number = viewer.get("/invoices").text.split('href="/invoices/')[1].split('"')[0]
    assert number in viewer.get(f"{page}/html", params={"number": number}).text
    assert viewer.get("/templates/77").status_code == 404


def test_what_a_test_finds_is_shown_in_words(
    operator: TestClient, templates: TemplateDesk, tmp_path: Path
) -> None:
    page = added(templates, tmp_path / "own", "ana", "{{ cycler.__init__ }}")
    shown = operator.post(f"{page}/test").text
    for words in ("failed its test", "the page fails", "invoice/email.txt.j2:1"):
        assert words in shown


def test_the_pages_speak_spanish(viewer: TestClient, templates: TemplateDesk, tmp_path: Path) -> None:
    page = added(templates, tmp_path / "own", "ana")
    viewer.cookies.set("language", "es")
    assert "Plantillas" in viewer.get("/templates").text
    assert "Qué se hizo" in viewer.get(page).text
