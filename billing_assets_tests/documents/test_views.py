"""Every kind of document in every language, printed: kept text, archival, accessible, the same bytes."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from billing_assets.documents.labels import load_catalogues
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.views import (
    DOCUMENT_KINDS,
    language_of,
    languages_of,
    sample_document,
    view_of,
)
from billing_assets.domain.errors import BillingError
from billing_assets_tests.documents.golden import golden_samples
from billing_assets_tests.documents.letters import template_of
from billing_assets_tests.documents.samples import GOLDEN, page_texts

ROOT = Path(__file__).parents[2]
LANGUAGES = ["de", "en", "es", "fr"]
_FRENCH_MARKS = re.compile(r" [?!;:»%]|« ")


@pytest.mark.parametrize("kind", [*DOCUMENT_KINDS, "explanation"])
def test_every_language_of_a_kind_has_the_same_keys_and_placeholders(kind: str) -> None:
    catalogues = load_catalogues(template_of(kind))
    english = catalogues["en"]
    assert sorted(catalogues) == LANGUAGES
    for catalogue in catalogues.values():
        tables = {"text": catalogue.text, **catalogue.names}
        wanted = {"text": english.text, **english.names}
        assert {name: set(words) for name, words in tables.items()} == {
            name: set(words) for name, words in wanted.items()
        }
        for name, words in wanted.items():
            for key, text in words.items():
                found = sorted(re.findall(r"\{\w+\}", tables[name][key]))
                assert found == sorted(re.findall(r"\{\w+\}", text)), f"{kind}.{catalogue.language}.{key}"


@pytest.mark.parametrize("kind", [*DOCUMENT_KINDS, "explanation"])
def test_french_marks_are_not_torn_from_their_word(kind: str) -> None:
    catalogue = load_catalogues(template_of(kind))["fr"]
    texts = [text for words in (catalogue.text, *catalogue.names.values()) for text in words.values()]
    assert [text for text in texts if _FRENCH_MARKS.search(text)] == []


@pytest.mark.long
@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_page_and_mail_say_what_is_kept_of_them(kind: str) -> None:
    for name, text in golden_samples(kind).items():
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), name


def test_nothing_is_kept_of_a_document_that_is_not_there() -> None:
    kept = {path.name for path in (GOLDEN / "samples").iterdir()}
    assert kept == {
        f"{kind}.{language}.{form}.txt"
        for kind in DOCUMENT_KINDS
        for language in LANGUAGES
        for form in ("mail", "pdf")
    }


@pytest.mark.long
@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_every_page_is_archival_accessible_complete_and_its_code_reads_back(kind: str) -> None:
    template = template_of(kind)
    printer = PdfPrinter(template)
    for language in LANGUAGES:
        document = sample_document(template, language)
        printed = printer.printed(document)
        view = view_of(document, template)
        assert printed.missing_characters == ()
        for pattern in (
            rb"<pdfaid:part>3</pdfaid:part>",
            rb"<pdfaid:conformance>A</pdfaid:conformance>",
            rb"<pdfuaid:part>1</pdfuaid:part>",
            rb"/Lang\s*\(" + language.encode(),
        ):
            assert re.search(pattern, printed.content), pattern
        text = " ".join(" ".join(page_texts(printed.content)).split())
        assert str(view["title"]) in text
        payment = view["payment"]
        payloads = [payment["qr"]["payload"]] if isinstance(payment, dict) and payment["qr"] else []
        assert codes_of(printed.content) == payloads


def codes_of(content: bytes) -> list[str]:
    """Return what the codes on the pages of a PDF say."""
    document = pypdfium2.PdfDocument(content)
    found = []
    for page in document:
        bitmap = page.render(scale=3, grayscale=True)
        image = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
        found += [code.text for code in zxingcpp.read_barcodes(image)]
    document.close()
    return found


@pytest.mark.long
def test_the_bytes_of_every_kind_are_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "import hashlib\n"
        "from billing_assets.documents.pdf import PdfPrinter\n"
        "from billing_assets.documents.templates import default_templates_dir, load_template\n"
        "from billing_assets.documents.views import DOCUMENT_KINDS, sample_document\n"
        "for kind in DOCUMENT_KINDS:\n"
        "    template = load_template(default_templates_dir(), kind)\n"
        "    pdf = PdfPrinter(template).pdf(sample_document(template, 'fr'))\n"
        "    print(kind, hashlib.sha256(pdf).hexdigest())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    here = {
        kind: hashlib.sha256(
            PdfPrinter(template_of(kind)).pdf(sample_document(template_of(kind), "fr"))
        ).hexdigest()
        for kind in DOCUMENT_KINDS
    }
    assert dict(line.split() for line in ran.stdout.splitlines()) == here


def test_a_sample_is_read_by_the_payer_of_the_language() -> None:
    template = template_of("reminder")
    assert sample_document(template).payer.language == "es"
    french = sample_document(template, "fr-CA")
    assert (french.payer.name, french.payer.language) == ("Françoise Lemoine", "fr-CA")
    assert language_of(french, template) == "fr"
    assert languages_of(template) == LANGUAGES


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(BillingError, match="language_unknown"):
        sample_document(template_of("reminder"), "pt")
