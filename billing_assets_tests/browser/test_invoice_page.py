"""The web page of an invoice works on a phone and for readers of screens."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from billing_assets_tests.documents.samples import GOLDEN

pytestmark = pytest.mark.needs("chromium")

TITLES = {"en": "Premium invoice ALO-2027-00000417", "es": "Factura de prima ALO-2027-00000417"}
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
each_language = pytest.mark.parametrize("language", sorted(TITLES))


def open_golden(page: Page, name: str, width: dict[str, int] = DESK) -> None:
    page.set_viewport_size({"width": width["width"], "height": width["height"]})
    page.goto((GOLDEN / name).as_uri())


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong: rule, element, and what it says."""
    found: dict[str, Any] = Axe().run(page).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@each_language
def test_it_says_what_it_is_and_in_which_language(page: Page, language: str) -> None:
    open_golden(page, f"invoice.{language}.html")
    assert page.title() == TITLES[language]
    assert page.locator("html").get_attribute("lang") == language
    assert page.get_by_role("heading", level=1).count() == 1


@each_language
@pytest.mark.parametrize("form", ["invoice", "email"])
def test_nothing_is_wider_than_a_phone(page: Page, form: str, language: str) -> None:
    open_golden(page, f"{form}.{language}.html", PHONE)
    width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert (width, wanted) == (PHONE["width"], PHONE["width"])


@each_language
def test_every_amount_has_a_heading_above_it_or_before_it(page: Page, language: str) -> None:
    open_golden(page, f"invoice.{language}.html")
    lines, totals, taxes = page.locator("table").all()
    for table in (lines, taxes):
        headings = table.locator("thead th[scope=col]").all_inner_texts()
        rows = table.locator("tbody tr").all()
        assert {row.locator("td").count() for row in rows} == {len(headings)}
        assert all(text.strip() for text in headings)
    assert totals.locator("tr").count() == totals.locator("tr:has(th[scope=row] + td)").count() == 3


@pytest.mark.long
@each_language
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    page: Page, width: dict[str, int], scheme: Literal["light", "dark"], language: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    open_golden(page, f"invoice.{language}.html", width)
    assert violations(page) == []


def test_axe_would_see_a_table_without_names_and_text_that_fades(page: Page) -> None:
    page.set_content("<p style='color: #ccc; background: #fff'>45.00</p><img src='data:,'>")
    found = " ".join(violations(page))
    assert "color-contrast" in found
    assert "image-alt" in found
