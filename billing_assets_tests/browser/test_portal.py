"""A payer in a real browser: in by the mailed link, an amount understood, a PDF in hand, on a phone too."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.portal_access import PORTAL_LANGUAGES
from billing_assets.portal.payer.access import COOKIE
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_access import PayerAccess
from billing_assets_tests.books import billing_over
from billing_assets_tests.browser.office import served_office
from billing_assets_tests.browser.portal_book import open_portal
from billing_assets_tests.browser.test_invoice_page import violations
from billing_assets_tests.documents.samples import page_texts
from billing_assets_tests.payers import BILLS, EMAILS, link_of
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks

pytestmark = pytest.mark.needs("chromium")

NUMBER = BILLS["K1"][1]
PHONE = 360
PAGES = (
    "/my/",
    "/my/invoices",
    f"/my/invoices/{NUMBER}",
    f"/my/invoices/{NUMBER}/explanation",
    "/my/payments",
    "/my/documents",
    "/my/documents?older=999",
    "/my/details",
    "/my/sign-in/link?token=x",
)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    with MailboxServer(tmp_path / "mail") as server:
        yield server


@contextmanager
def served(database: Database, home: Path, mail_port: int) -> Iterator[tuple[Desk, str]]:
    """Serve the portal over a store and yield its desk and where it is."""
    with ExitStack() as stack:
        desk = Desk(billing_over(database, home, stack))
        url = stack.enter_context(served_office(desk))
        open_portal(desk, url, mail_port)
        yield desk, url


@pytest.mark.long
def test_a_payer_comes_in_by_the_mailed_link_understands_an_amount_and_has_the_pdf(
    page: Page, database: Database, mailbox: MailboxServer, tmp_path: Path
) -> None:
    with served(database, tmp_path, mailbox.port) as (desk, url):
        page.goto(f"{url}/my/")
        page.get_by_label("E-mail address").focus()
        page.keyboard.type(EMAILS["K1"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        page.goto(_link_in(mailbox, page))
        page.get_by_role("button", name="Sign in").press("Enter")
        page.wait_for_url(f"{url}/my/")
        page.get_by_role("link", name=NUMBER).press("Enter")
        page.get_by_role("button", name="Why these amounts?").press("Enter")
        net = page.locator(".why-line", has_text="Net amount").first
        expect(net).to_contain_text("÷ 12 =")
        expect(net).to_contain_text("The premium of the term is divided equally.")
        pdf = page.request.get(f"{url}/my/invoices/{NUMBER}/pdf")
        assert pdf.body() == desk.invoice_pdf(NUMBER)
        assert page.request.get(f"{url}/my/invoices/{BILLS['K2'][0]}/pdf").status == 404
        page.get_by_role("button", name="Sign out").press("Enter")
        page.wait_for_url(f"{url}/my/sign-in")


@pytest.mark.long
def test_a_payer_asks_for_a_statement_on_a_phone_by_keyboard_and_opens_the_pdf(
    page: Page, database: Database, tmp_path: Path
) -> None:
    with served(database, tmp_path, 9) as (desk, url):
        page.set_viewport_size({"width": 390, "height": 844})
        page.context.add_cookies([_session(desk, url)])
        page.goto(f"{url}/my/documents")
        page.get_by_role("button", name="Ask for a document").press("Enter")
        page.get_by_label("From").fill("2024-01-01")
        page.get_by_label("Until").fill("2024-12-31")
        page.get_by_role("button", name="Ask for the statement").press("Enter")
        said = page.get_by_role("status")
        expect(said).to_contain_text("Statement of account: ready.")
        assert violations(page) == []
        link = said.get_by_role("link", name="PDF STM-00000001").get_attribute("href")
        pdf = page.request.get(f"{url}{link}")
        assert (pdf.headers["content-type"], pdf.body()[:5]) == ("application/pdf", b"%PDF-")
        assert "Payer 1" in page_texts(pdf.body())[0]
        page.get_by_text("Copies of invoices").press("Enter")
        expect(page.get_by_label("From")).to_be_hidden()
        for box in page.get_by_role("checkbox").all():
            box.press("Space")
        assert violations(page) == []
        page.get_by_role("button", name="Ask for the copies").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("PDF CVR-00000002")
        page.goto(f"{url}/my/payments")
        page.get_by_role("button", name="Payment receipt of").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("PDF RCP-00000003")
        page.get_by_role("link", name="Français").press("Enter")
        expect(page.get_by_text("Ce que vous avez demandé")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _session(desk: Desk, url: str) -> SetCookieParam:
    """Return the cookie of a browser in which K1 is signed in."""
    token = PayerAccess(desk.billing, desk.company_id).use_link(link_of(desk.database, 1))
    return {"name": COOKIE, "value": token, "url": f"{url}/my"}


def _link_in(mailbox: MailboxServer, page: Page) -> str:
    """Return the link of the first mail, once it is there."""
    for _ in range(100):
        for path in mailbox.messages():
            body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
            assert body is not None
            return str(re.findall(r"http\S+", body.get_content())[0])
        page.wait_for_timeout(50)
    raise AssertionError("no mail came")


@pytest.mark.slow
def test_no_page_shuts_anybody_out_or_is_wider_than_a_phone_in_any_language(
    page: Page, database: Database, tmp_path: Path
) -> None:
    with served(database, tmp_path, 9) as (desk, url):
        session = _session(desk, url)
        page.set_viewport_size({"width": PHONE, "height": 740})
        page.goto(f"{url}/my/sign-in")
        assert violations(page) == []
        page.context.add_cookies([session])
        for path in PAGES:
            for language in PORTAL_LANGUAGES:
                page.goto(f"{url}{path}{'&' if '?' in path else '?'}language={language}")
                assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, (path, language)
            assert violations(page) == [], path


def test_everything_works_without_a_script(chromium: Browser, database: Database, tmp_path: Path) -> None:
    with served(database, tmp_path, 9) as (_desk, url):
        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{url}/my/sign-in/link?token={link_of(database, 1)}")
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{url}/my/details")
        page.get_by_label("First choice").select_option("portal")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("status")).to_contain_text("It is kept")
        page.goto(f"{url}/my/documents")
        page.get_by_text("Statement of account").click()
        page.get_by_text("Statement of account").click()
        page.get_by_role("button", name="Ask for the statement").click()
        expect(page.get_by_role("status")).to_contain_text("ready")
        context.close()
