"""Fixtures of the browser tests: the machine's Chromium, and pages that keep watch over themselves.

Belongs here: starting the browser, what no page may do.
Does not belong here: the pages themselves, a server (`dagster_ui`).

Playwright drives the Chromium that is installed; it never fetches a browser of its own.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from billing_assets_tests.conftest import CHROMIUM_NAMES

PATIENCE_MS = 60_000
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
_LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The installed Chromium, headless; root has to do without its sandbox."""
    path = next(path for path in map(shutil.which, CHROMIUM_NAMES) if path)
    arguments = [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page; the test fails if it asks anything outside this machine or reports an error."""
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/Madrid")
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    faults: list[str] = []

    def watch_request(request: Request) -> None:
        if not request.url.startswith(_LOCAL):
            faults.append(f"asked {request.url}")

    def watch_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"reported {message.text}")

    opened.on("request", watch_request)
    opened.on("console", watch_console)
    opened.on("pageerror", lambda error: faults.append(f"raised {error}"))
    yield opened
    context.close()
    assert not faults
