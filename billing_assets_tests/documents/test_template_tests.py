"""A test of a template finds what is wrong in any language and form, and names no customer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_assets.documents.enclosure import Enclosure
from billing_assets.documents.template_tests import TemplateTest, run_template_test
from billing_assets.documents.templates import Template
from billing_assets_tests.documents.samples import spanish, template

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def enclosure() -> Iterator[Enclosure]:
    made = Enclosure()
    yield made
    made.close()


def outcome_of(enclosure: Enclosure, folder: Path, changed: dict[str, bytes]) -> TemplateTest:
    path = folder / "own.archive"
    files = {**template().files, **changed}
    path.write_bytes(Template(kind="invoice", folder=folder, files=files).archive())
    return run_template_test(str(path), [spanish()], enclosure, "typst 0")


def codes(found: TemplateTest) -> set[tuple[str, str]]:
    return {(each.code, each.document) for each in found.findings}


def test_the_shipped_template_passes_in_every_language(enclosure: Enclosure, tmp_path: Path) -> None:
    found = outcome_of(enclosure, tmp_path, {})
    assert found.findings == ()
    assert found.is_passed
    assert found.languages == ("de", "en", "es", "fr")
    assert found.documents == (spanish().invoice_number,)
    assert found.as_json()["engine_version"] == "typst 0"


def test_a_page_that_fails_is_found_for_each_document(enclosure: Enclosure, tmp_path: Path) -> None:
    found = outcome_of(enclosure, tmp_path, {"invoice/invoice.typ": b"#nope"})
    assert not found.is_passed
    assert len(found.findings) == 5
    assert codes(found) >= {("template_does_not_compile", "sample.de")}
    assert "invoice/invoice.typ:1" in found.findings[0].found


def test_pages_without_tags_are_found(enclosure: Enclosure, tmp_path: Path) -> None:
    page = template().files["_shared/document.typ"]
    at = page.index(b"#set document(")
    untitled = page[:at] + b"#let unused(..rest) = none\n#unused(" + page[at + len(b"#set document(") :]
    found = outcome_of(enclosure, tmp_path, {"invoice/invoice.typ": untitled})
    assert "title" in found.findings[0].found


def test_what_a_mail_does_not_say_is_found(enclosure: Enclosure, tmp_path: Path) -> None:
    silent = {"invoice/email.txt.j2": b"Hello", "invoice/email.subject.j2": b" "}
    assert codes(outcome_of(enclosure, tmp_path, silent)) >= {
        ("number_missing", "sample.en"),
        ("subject_missing", "sample.en"),
    }


def test_labels_and_letters_that_are_missing_are_found(enclosure: Enclosure, tmp_path: Path) -> None:
    labels = (
        template().files["invoice/labels.en.toml"].replace(b"[text]\n", '[text]\nslogan = "日本"\n'.encode())
    )
    found = outcome_of(enclosure, tmp_path, {"invoice/labels.en.toml": labels})
    assert codes(found) >= {("label_missing", "labels.fr"), ("characters_missing", "sample.en")}
    assert "slogan" in found.findings[0].found


def test_labels_that_cannot_be_read_end_the_test(enclosure: Enclosure, tmp_path: Path) -> None:
    found = outcome_of(enclosure, tmp_path, {"invoice/labels.en.toml": b"= ="})
    assert codes(found) == {("labels_unusable", "labels")}
    assert not found.is_passed
