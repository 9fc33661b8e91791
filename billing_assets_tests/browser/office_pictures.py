"""Pictures of every page of the office, for the documentation.

    python -m billing_assets_tests.browser.office_pictures [--folder docs/images/office] [--count 4000]

Belongs here: how they are taken. Does not belong here: the store that they show (``office_book``).
"""

import argparse
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, sync_playwright

from bench.servers import embedded, fresh_database
from billing_assets.store.connection import Database
from billing_assets.wiring.build import today_of
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.forecasts import ForecastDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.browser.office import office_pages, served_office, session_of
from billing_assets_tests.browser.office_book import fill_office, office_company
from billing_assets_tests.browser.office_schedules import keep_schedules
from billing_assets_tests.conftest import CHROMIUM_NAMES

_DESK, _PHONE = (1280, 860), (390, 844)
_SECOND_LOOKS = ("today", "run", "failures", "forecast", "schedules", "schedule-calendar")
_SETTLED_MS = 400
Scheme = Literal["light", "dark"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill a store, serve it, and take a picture of each page."""
    parser = argparse.ArgumentParser(description="Pictures of every page of the office.")
    parser.add_argument("--folder", type=Path, default=Path("docs/images/office"))
    parser.add_argument("--count", type=int, default=4_000, help="policies")
    parser.add_argument("--days", type=int, default=100, help="days that are billed")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these pages alone")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="billing-pictures-")))
        owner_url = fresh_database(embedded(stack), "office")
        database = Database(owner_url)
        stack.callback(database.close)
        billing = billing_over(database, home, stack)
        desk = Desk(billing)
        today = today_of(office_company())
        fill_office(billing, owner_url, today, count=options.count, days=options.days)
        keep_schedules(billing, today)
        ForecastDesk(billing).make()
        url = stack.enter_context(served_office(desk))
        session, pages = session_of(desk, url), office_pages(desk)
        wanted = {name: pages[name] for name in options.only or pages}
        _take_all(url, wanted, session, options.folder)


def _take_all(url: str, pages: Mapping[str, str], session: SetCookieParam, folder: Path) -> None:
    path = next(path for path in map(shutil.which, CHROMIUM_NAMES) if path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        take = partial(take_picture, browser, session)
        for name, address in pages.items():
            take(url + address, folder / f"{name}.png")
            if name in _SECOND_LOOKS:
                take(url + address, folder / f"{name}-dark.png", scheme="dark")
                take(url + address, folder / f"{name}-phone.png", size=_PHONE)
                take(url + address, folder / f"{name}-es.png", locale="es-ES")
        browser.close()


def take_picture(
    browser: Browser,
    session: SetCookieParam,
    address: str,
    file: Path,
    *,
    size: tuple[int, int] = _DESK,
    scheme: Scheme = "light",
    locale: str = "en-GB",
) -> None:
    """Take a picture of a page as whoever has the session sees it."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale=locale
    )
    context.add_cookies([session])
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(_SETTLED_MS)
    page.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    main()
