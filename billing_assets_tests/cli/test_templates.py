"""`billing templates`: the kinds of document, and their samples in each language, without a store."""

from pathlib import Path

from billing_assets.documents.views import DOCUMENT_KINDS
from billing_assets_tests.command_line import call_billing


def test_every_kind_is_listed_with_its_languages(home: Path) -> None:
    shown = call_billing("templates", "list")
    assert shown.exit_code == 0
    for kind in DOCUMENT_KINDS:
        assert kind in shown.stdout
    assert "de en es fr" in shown.stdout
    assert '"template_sha256"' in call_billing("templates", "list", "--json").stdout


def test_a_preview_is_written_under_its_name_or_where_it_is_asked_for(home: Path) -> None:
    named = call_billing("templates", "preview", "document_cover", "--language", "de")
    assert "Ihre Unterlagen" in named.stdout
    assert Path("document_cover.de.pdf").read_bytes().startswith(b"%PDF")
    asked = call_billing("templates", "preview", "reminder", "--language", "fr", "--out", "r.html", "--json")
    assert '"language": "fr"' in asked.stdout
    assert "Deuxième relance" in Path("r.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_refused_with_what_to_do(home: Path) -> None:
    for words, said in (
        (("poem",), "document_kind_unknown"),
        (("reminder", "--language", "pt"), "language_unknown"),
        (("reminder", "--out", "r.docx"), "preview_form_unknown"),
        (("reminder", "--out", "nowhere/r.txt"), "file_not_written"),
    ):
        ended = call_billing("templates", "preview", *words)
        assert ended.exit_code != 0
        assert said in ended.stderr


def test_a_copy_with_other_words_is_shown_by_its_folder(home: Path) -> None:
    assert "files in ours" in call_billing("templates", "copy", "ours").stdout
    labels = Path("ours/document_cover/labels.en.toml")
    labels.write_text(labels.read_text(encoding="utf-8").replace("Your documents", "Your papers"))
    assert "Your papers" in call_billing("templates", "list", "--templates", "ours").stdout
    asked = ("templates", "preview", "document_cover", "--language", "en", "--templates", "ours")
    assert "Your papers" in call_billing(*asked, "--out", "c.txt").stdout
    assert call_billing("templates", "copy", "ours").exit_code != 0
