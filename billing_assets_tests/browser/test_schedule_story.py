"""A schedule from its first day to its audit trail, with Dagster's own daemon: nothing is fired by hand."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from billing_assets.wiring.demo import demo_mailbox
from billing_assets_tests.billed_store import fill_untaxed
from billing_assets_tests.books import COMPANY, billing_over
from billing_assets_tests.browser.dagster_ui import free_port, started
from billing_assets_tests.databases import copied_database, url_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

Found = TypeVar("Found")

ZONE = ZoneInfo(COMPANY.time_zone)
ROOM = timedelta(seconds=25)
"""So much time is needed at least to add a schedule and to pause it."""
TICKS = 150
"""Seconds in which Dagster has looked at least once, though it is still starting."""

_TICKS_OF = """{ scheduleOrError(scheduleSelector: {repositoryName: "__repository__",
    repositoryLocationName: "billing_assets", scheduleName: "invoice_runs"}) {
  ... on Schedule { scheduleState { ticks(limit: 5) { status skipReason } } } } }"""

# The daemon bills today, which may be a closed day: a plan that holds the sending bills all the same.
_ANY_DAY = """
insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
    holiday_behaviour, minimum_payment_days, valid_from, source)
values ('any_day', 'monthly', 0, 0, 'none', 'none', 'hold_sending', 0, date '1990-01-01', 'a test')
"""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where Dagster and the office answer, and the link that signs in there."""

    dagster: str
    office: str
    link: str


@pytest.fixture
def places(server_url: str, template_database: str, tmp_path: Path) -> Iterator[Places]:
    """Dagster with its daemon, and the office, each a process of its own, over one billed store."""
    name = "billing_test_story"
    with ExitStack() as stack:
        database = stack.enter_context(copied_database(server_url, template_database, name))
        with ExitStack() as filling:
            billing = billing_over(database, tmp_path, filling)
            fill_untaxed(billing, plans=("any_day",))
            with database.transaction() as connection:
                connection.execute(text(_ANY_DAY))
        mailbox = stack.enter_context(demo_mailbox(tmp_path))
        ports = free_port(), free_port()
        dagster, office = (f"http://127.0.0.1:{port}" for port in ports)
        variables = {
            "BILLING_HOME": str(tmp_path),
            "BILLING_DATABASE_URL": url_of(server_url, name),
            "BILLING_COMPANY": COMPANY.company_code,
            "BILLING_SMTP_HOST": mailbox.host,
            "BILLING_SMTP_PORT": str(mailbox.port),
            "BILLING_DAGSTER_URL": dagster,
        }
        for command, port in (("ui", ports[0]), ("office", ports[1])):
            arguments, log = [command, "--port", str(port)], tmp_path / f"{command}.log"
            stack.enter_context(started(arguments, variables, tmp_path, log))
        found = awaited(lambda: re.search(r"http\S+token=\S+", (tmp_path / "office.log").read_text()), 60)
        awaited(lambda: answers(f"{office}/sign-in"), 60)
        yield Places(dagster=dagster, office=office, link=found[0])


def awaited(look: Callable[[], Found | None], seconds: int) -> Found:
    """Look again and again until something is found; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(1)
    return found


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def skip_reasons(dagster: str) -> str:
    """Return why the last looks at billing runs started nothing, as Dagster keeps it."""
    body = json.dumps({"query": _TICKS_OF}).encode()
    request = urllib.request.Request(f"{dagster}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)["data"]["scheduleOrError"]
    except OSError:
        return ""
    ticks = found.get("scheduleState", {}).get("ticks", [])
    return "\n".join(tick["skipReason"] or "" for tick in ticks)


def soon() -> datetime:
    """Return the next full minute, by the company's clock, that leaves room to act before it."""
    return (datetime.now(ZONE) + ROOM + timedelta(minutes=1)).replace(second=0, microsecond=0)


def add_schedule(page: Page, office: str, at: datetime) -> None:
    page.goto(f"{office}/schedules/new")
    for label, value in (("Code", "nightly"), ("Name", "Nightly run"), ("Who answers for it", "ana")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Counted from").fill(f"{at:%Y-%m-%d}")
    page.get_by_label("Times of day").fill(f"{at:%H:%M}")
    expect(page.locator("#firings tbody tr")).to_have_count(10)
    expect(page.locator("#firings tbody tr").first).to_contain_text(f"{at:%H:%M}")
    page.get_by_label("Why, kept for ever").fill("the daily run")
    page.get_by_role("button", name="Keep the schedule").click()
    expect(page.get_by_role("status")).to_contain_text("fires from now on")
    expect(page.get_by_role("heading", name="The next 30")).to_be_visible()


def pause(page: Page) -> None:
    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_label("Why", exact=True).fill("the rates are late")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("What is left out meanwhile is kept.")


def resume(page: Page, office: str) -> None:
    page.goto(f"{office}/schedules/pauses")
    page.get_by_role("link", name="Resume").click()
    expect(page.get_by_role("heading", name="Left out until now: 1")).to_be_visible()
    expect(page.get_by_text("would make")).to_be_visible()
    page.get_by_role("radio", name="One run").check()
    page.get_by_label("Why", exact=True).fill("the rates are there")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("1 of what was left out are due now")


def test_a_schedule_is_added_paused_resumed_and_its_run_followed_to_what_it_could_not_bill(
    places: Places, page: Page
) -> None:
    office = places.office
    page.goto(places.link)
    page.wait_for_url(f"{office}/")
    at = soon()
    add_schedule(page, office, at)
    pause(page)

    page.goto(f"{office}/schedules/code/nightly")
    fired = page.locator("#live tbody tr")
    expect(fired).to_contain_text("left out by a pause", timeout=TICKS * 1000)
    reasons = awaited(lambda: skip_reasons(places.dagster), TICKS)
    assert "nightly is paused by" in reasons
    assert "the rates are late" in reasons

    resume(page, office)
    page.goto(f"{office}/runs")
    final = page.locator("tbody tr").filter(has=page.locator(".state.finalised"))
    awaited(lambda: page.reload() and final.count(), TICKS)
    final.get_by_role("link").first.click()

    page.get_by_role("row", name=re.compile("failed")).get_by_role("link").first.click()
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.goto(f"{office}/failures")
    page.locator('input[name="row"]').first.check()
    page.get_by_role("button", name="Bill again").click()
    expect(page.get_by_role("status")).to_contain_text("Asked for: 1")

    page.goto(f"{office}/audit-log")
    acts = page.locator("tbody tr")
    for act, why in (
        ("added a schedule", "the daily run"),
        ("paused schedules", "the rates are late"),
        ("resumed schedules", "the rates are there"),
        ("asked to bill again", ""),
    ):
        expect(acts.filter(has_text=act).filter(has_text=why)).to_have_count(1)
    page.goto(f"{office}/schedules/code/nightly")
    expect(fired.locator(".state.done")).to_be_visible(timeout=TICKS * 1000)
    expect(fired.get_by_role("link", name=re.compile("^Run "))).to_be_visible()
    expect(fired.get_by_role("link", name=re.compile("^Dagster "))).to_be_visible()
    expect(fired).to_contain_text("takes up what a pause left out")
