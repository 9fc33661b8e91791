"""The web page: complete, self-contained, and literal about what people wrote."""

import re

import pytest

from billing_assets.documents.html import HtmlRenderer
from billing_assets_tests.documents.samples import GOLDEN, english, spanish, template, with_payer

RENDERER = HtmlRenderer(template())


@pytest.mark.parametrize(("language", "invoice"), [("en", english()), ("es", spanish())])
def test_the_page_is_the_golden_one(language: str, invoice: object) -> None:
    golden = GOLDEN / f"invoice.{language}.html"
    assert RENDERER.html(invoice) == golden.read_text(encoding="utf-8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["<b>Ana</b>", "{{7*7}}", "<script>alert(1)</script>", '"><img src=x onerror=y>']
)
def test_a_hostile_name_is_shown_and_not_run(name: str) -> None:
    page = RENDERER.html(with_payer(english(), name=name, address_lines=(name,)))
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert page.count(escaped) >= 2
    assert "<script" not in page
    assert "<img" not in page


def test_the_page_loads_nothing_from_anywhere() -> None:
    page = RENDERER.html(spanish())
    assert not re.findall(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", page)
    assert "<link" not in page


def test_the_page_has_a_language_one_main_heading_and_described_pictures() -> None:
    page = RENDERER.html(spanish())
    assert '<html lang="es"' in page
    assert page.count("<h1>") == 1
    assert page.count('role="img" aria-label="') == 2
    assert page.count("<th ") == page.count('scope="col"') + page.count('scope="row"')
