"""The pages of the office: nobody is kept out, on a desk or a phone, in light and dark, in both languages."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from billing_assets.store.connection import Database
from billing_assets.wiring.build import today_of
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.forecasts import ForecastDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.browser.office import office_pages, served_office, session_of
from billing_assets_tests.browser.office_book import fill_office, office_company
from billing_assets_tests.browser.office_schedules import keep_schedules
from billing_assets_tests.browser.test_invoice_page import violations
from billing_assets_tests.databases import copied_database

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@dataclass(frozen=True, kw_only=True)
class Office:
    """Where the office answers, the address of each of its pages, and the cookie of somebody signed in."""

    url: str
    pages: Mapping[str, str]
    session: SetCookieParam


@pytest.fixture(scope="module")
def office(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Where the office answers, and the address of each of its pages, over a store with all there is."""
    with ExitStack() as stack:
        database: Database = stack.enter_context(
            copied_database(server_url, template_database, "billing_test_office")
        )
        home: Path = tmp_path_factory.mktemp("office")
        billing = billing_over(database, home, stack)
        today = today_of(office_company())
        fill_office(billing, database.url, today, count=600, days=9)
        keep_schedules(billing, today)
        ForecastDesk(billing).make()
        desk = Desk(billing)
        url = stack.enter_context(served_office(desk))
        yield Office(url=url, pages=office_pages(desk), session=session_of(desk, url))


@pytest.fixture
def page(page: Page, office: Office) -> Page:
    """A page of somebody who is signed in."""
    page.context.add_cookies([office.session])
    return page


def opened(page: Page, size: dict[str, int], address: str) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.goto(address)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    page: Page,
    office: Office,
    size: dict[str, int],
    scheme: Literal["light", "dark"],
    language: str,
) -> None:
    url, pages = office.url, office.pages
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{url}/language/{language}")
    found = {}
    for name, address in pages.items():
        if name != "nowhere":
            opened(page, size, url + address)
            assert page.locator("html").get_attribute("lang") == language
            found[name] = violations(page)
            width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert width <= wanted, f"{name} is wider than its screen"
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_menu_is_one_line_and_what_it_hides_keeps_nobody_out(
    page: Page, office: Office, size: dict[str, int], language: str
) -> None:
    page.goto(f"{office.url}/language/{language}")
    opened(page, size, f"{office.url}/schedules")
    entries = page.locator(".top .menu a")
    assert len({box["y"] for box in (each.bounding_box() for each in entries.all()) if box}) == 1
    head = page.locator(".top").bounding_box()
    assert head is not None
    assert head["height"] < (60 if size is DESK else 110)
    for drop in page.locator(".drop > summary").all():
        drop.click()
        expect(page.locator(".drop[open]")).to_have_count(1)
        assert violations(page) == []
        width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= wanted
    page.keyboard.press("Escape")
    expect(page.locator(".drop[open]")).to_have_count(0)
    expect(drop).to_be_focused()


def test_the_menu_opens_by_key_where_no_script_runs(chromium: Browser, office: Office) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    context.add_cookies([office.session])
    page = context.new_page()
    page.goto(f"{office.url}/runs")
    audit_log = page.get_by_role("link", name="Audit log")
    expect(audit_log).to_be_hidden()
    page.get_by_role("link", name="Not delivered").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(audit_log).to_be_visible()
    audit_log.press("Enter")
    page.wait_for_url(f"{office.url}/audit-log")
    expect(page.locator("summary", has_text="More")).to_have_text("More: Audit log")
    page.locator("summary").last.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    context.close()


def test_a_worklist_is_worked_with_the_keyboard_alone(page: Page, office: Office) -> None:
    url = office.url
    opened(page, DESK, f"{url}/problems")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    first = page.locator('input[name="row"]').first
    first.focus()
    page.keyboard.press("Space")
    page.locator('input[name="owner"][maxlength]').focus()
    page.keyboard.type("motor team")
    page.get_by_role("button", name="Assign").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 given to their new owner.")


def test_all_rows_are_ticked_at_once_and_a_refusal_stands_beside_its_row(page: Page, office: Office) -> None:
    url = office.url
    opened(page, DESK, f"{url}/deliveries")
    page.get_by_label("Tick all rows of this page").check()
    page.get_by_label("Note, kept with the decision").fill("they say so")
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.locator("form.sheet").evaluate(
            "form => form.requestSubmit(form.querySelector('[value=\"given-up\"]'))"
        )
    assert posted.value.status == 303
    expect(page.get_by_role("status")).to_contain_text("given up.")


def test_the_day_shows_a_run_going_on_without_being_asked(page: Page, office: Office) -> None:
    url = office.url
    opened(page, DESK, url)
    expect(page.get_by_role("progressbar")).to_be_visible()
    with page.expect_response(lambda answer: bool(answer.request.headers.get("hx-request"))):
        pass
    expect(page.get_by_role("progressbar")).to_have_count(1)


def test_a_pasted_list_is_looked_at_and_nobody_is_kept_out_of_what_it_comes_to(
    page: Page, office: Office
) -> None:
    opened(page, DESK, f"{office.url}/invoices/on-demand")
    page.get_by_label("Policy numbers").fill("POL-00000001\nPOL-00000002\nNO-SUCH-POLICY")
    page.get_by_label("Up to this billing date").fill("2099-12-31")
    page.get_by_role("button", name="Look what it comes to").click()
    rows = page.get_by_role("region", name="What would be billed").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("The book has no such policy")
    expect(page.get_by_role("button", name="Issue these invoices")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= wanted


def test_a_selection_is_looked_at_and_started_with_the_keyboard_on_a_phone(
    page: Page, office: Office
) -> None:
    opened(page, PHONE, f"{office.url}/runs")
    page.get_by_role("link", name="Bill a date or a selection").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Billing date")).to_have_value(str(today_of(office_company())))
    page.get_by_label("Products").fill("no_such_product")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing in the policy book has one of these codes.")
    expect(page.get_by_label("Products")).to_have_value("no_such_product")
    # The run that was interrupted is what may be gone on with.
    opened(page, PHONE, office.url + office.pages["run-asked"])
    start = page.get_by_role("button", name="Start the run and send")
    expect(start).to_be_visible()
    assert violations(page) == []
    width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= wanted


def test_an_invoice_is_regenerated_after_a_look_at_both(page: Page, office: Office) -> None:
    opened(page, DESK, office.url + office.pages["regenerate"])
    expect(page.get_by_role("region", name="As it was billed", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="As it would be billed now")).to_be_visible()
    assert violations(page) == []
