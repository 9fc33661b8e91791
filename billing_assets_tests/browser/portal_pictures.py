"""Pictures of every page of the portal of payers, for the documentation.

    python -m billing_assets_tests.browser.portal_pictures [--folder docs/images/portal]

Belongs here: which pages, in which looks. Does not belong here: how a picture is taken (``office_pictures``),
the store that they show (``portal_book``).
"""

import argparse
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import sync_playwright

from bench.servers import embedded, fresh_database
from billing_assets.portal.payer.access import COOKIE
from billing_assets.store.connection import Database
from billing_assets.wiring.build import today_of, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_access import PayerAccess
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets_tests.books import COMPANY, billing_over
from billing_assets_tests.browser.office import served_office
from billing_assets_tests.browser.office_pictures import take_picture
from billing_assets_tests.browser.portal_book import PAYER, fill_portal, open_portal
from billing_assets_tests.conftest import CHROMIUM_NAMES
from billing_assets_tests.payers import link_of

_PHONE = (360, 740)
_WITHOUT_SIGN_IN = ("linked", "sign-in-link", "nowhere")
_LANGUAGES = ("es", "de", "fr")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill a store, serve it, and take a picture of each page."""
    parser = argparse.ArgumentParser(description="Pictures of every page of the portal.")
    parser.add_argument("--folder", type=Path, default=Path("docs/images/portal"))
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="billing-pictures-")))
        database = Database(fresh_database(embedded(stack), "portal"))
        stack.callback(database.close)
        desk = Desk(billing_over(database, home, stack, portal_url="http://127.0.0.1"))
        fill_portal(desk.billing, today_of(COMPANY), home)
        url = stack.enter_context(served_office(desk))
        open_portal(desk, url, 9)
        token = PayerAccess(desk.billing, desk.company_id).use_link(link_of(database, PAYER))
        session: SetCookieParam = {"name": COOKIE, "value": token, "url": f"{url}/my"}
        _take_all(url, _pages(desk), session, options.folder)


def _pages(desk: Desk) -> Mapping[str, str]:
    number = "INV-00000007"
    invoice_id = desk.invoice(number).invoice.invoice_id
    link, _ = PortalLinks(desk.database, desk.billing.settings, utc_now).make(1, PAYER, invoice_id)
    return {
        "account": "/my/",
        "invoices": "/my/invoices",
        "invoice": f"/my/invoices/{number}",
        "explanation": f"/my/invoices/{number}/explanation",
        "payments": "/my/payments",
        "documents": "/my/documents?asked=4",
        "ask": "/my/documents#ask",
        "ask-copies": "/my/documents?older=999999#ask",
        "details": "/my/details",
        "linked": link.removeprefix(desk.billing.settings.portal_url),
        "sign-in-link": "/my/sign-in/link?token=x",
        "nowhere": "/my/nowhere",
    }


def _take_all(url: str, pages: Mapping[str, str], session: SetCookieParam, folder: Path) -> None:
    path = next(path for path in map(shutil.which, CHROMIUM_NAMES) if path)
    nobody: SetCookieParam = {"name": "nobody", "value": "x", "url": url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        take_picture(browser, nobody, f"{url}/my/sign-in", folder / "sign-in.png")
        for name, address in pages.items():
            whose = nobody if name in _WITHOUT_SIGN_IN else session
            take_picture(browser, whose, url + address, folder / f"{name}.png")
        for name in ("account", "invoices", "invoice", "details", "ask", "ask-copies"):
            take_picture(browser, session, url + pages[name], folder / f"{name}-phone.png", size=_PHONE)
        take_picture(browser, session, url + pages["account"], folder / "account-dark.png", scheme="dark")
        for language in _LANGUAGES:
            take_picture(
                browser, session, url + pages["account"], folder / f"account-{language}.png", locale=language
            )
        browser.close()


if __name__ == "__main__":
    main()
