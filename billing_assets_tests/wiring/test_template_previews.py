"""Previews print the sample of the template folder that is meant."""

import shutil
from pathlib import Path

import pytest

from billing_assets.documents.templates import default_templates_dir
from billing_assets.documents.views import DOCUMENT_KINDS
from billing_assets.domain.errors import BillingError
from billing_assets.wiring.template_previews import FORMS, copy_templates, preview, template_rows


def test_every_shipped_kind_is_listed_in_four_languages() -> None:
    rows = template_rows(None)
    assert [row.kind for row in rows] == [*DOCUMENT_KINDS]
    assert {tuple(row.languages) for row in rows} == {("de", "en", "es", "fr")}
    assert len({row.template_sha256 for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("ending", "start"), list(zip(FORMS, (b"%PDF", b"<!doctype html>", b"Payment"), strict=True))
)
def test_a_sample_is_printed_in_each_form(ending: str, start: bytes) -> None:
    made = preview(None, "payment_receipt", "en", ending)
    assert made.content.startswith(start)
    assert (made.kind, made.language, made.title) == ("payment_receipt", "en", "Payment receipt")


def test_words_of_a_folder_of_ones_own_are_shown(tmp_path: Path) -> None:
    for part in ("_shared", "reminder"):
        shutil.copytree(default_templates_dir() / part, tmp_path / part)
    labels = tmp_path / "reminder" / "labels.en.toml"
    labels.write_text(labels.read_text(encoding="utf-8").replace('"Second reminder"', '"Reminder again"'))
    assert [row.kind for row in template_rows(tmp_path)] == ["reminder"]
    assert preview(tmp_path, "reminder", "en", ".html").title == "Reminder again"


def test_a_language_that_is_added_is_a_file(tmp_path: Path) -> None:
    for part in ("_shared", "reminder"):
        shutil.copytree(default_templates_dir() / part, tmp_path / part)
        folder = tmp_path / part
        text = (folder / "labels.en.toml").read_text(encoding="utf-8")
        (folder / "labels.pt.toml").write_text(text.replace("en_GB", "pt_PT"), encoding="utf-8")
    made = preview(tmp_path, "reminder", "pt", ".txt")
    assert made.language == "pt"
    assert "25 de junho de 2027" in made.content.decode().replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("kind", "language", "ending", "code"),
    [
        ("poem", "en", ".pdf", "document_kind_unknown"),
        ("../reminder", "en", ".pdf", "document_kind_unknown"),
        ("reminder", "pt", ".pdf", "language_unknown"),
        ("reminder", "en", ".docx", "preview_form_unknown"),
    ],
)
def test_what_cannot_be_shown_is_refused(kind: str, language: str, ending: str, code: str) -> None:
    with pytest.raises(BillingError, match=code):
        preview(None, kind, language, ending)


def test_a_copy_is_whole_and_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    assert copy_templates(folder) > len(DOCUMENT_KINDS) * 5
    assert template_rows(folder) == template_rows(None)
    with pytest.raises(BillingError, match="folder_exists"):
        copy_templates(folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(BillingError, match="file_not_written"):
        copy_templates(tmp_path / "file" / "ours")
