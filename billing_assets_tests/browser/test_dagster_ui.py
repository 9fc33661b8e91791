"""Dagster's own pages show our flow, and a date can be billed and read there."""

import re

import pytest
from playwright.sync_api import Page, expect

from billing_assets.definitions import build_definitions
from billing_assets.defs.checks import DELIVERY_CHECKS
from billing_assets.domain.checks import CHECKS
from billing_assets.wiring.settings import Settings
from billing_assets_tests.browser.conftest import PATIENCE_MS
from billing_assets_tests.browser.dagster_ui import dagster_url

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

__all__ = ["dagster_url"]

FLOW = ("policy_book", "due_charges", "invoices", "documents", "deliveries")
DATE = "2025-01-31"
RUN_PATIENCE_MS = 180_000
DESK = {"width": 1900, "height": 1200}


def bill_from_the_page(page: Page, url: str, billing_date: str) -> None:
    """Launch the job for one date as a person does, and wait on the page of its run until it is green."""
    page.goto(f"{url}/locations/billing_assets/jobs/bill_date")
    page.get_by_role("button", name="Materialize all").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Show all partitions").click()
    dates = dialog.get_by_placeholder(re.compile(r"^ex: "))
    dates.fill(billing_date)
    dates.press("Enter")
    dialog.get_by_role("button", name="Launch 1 run").click()
    expect(dialog).to_have_count(0)
    page.goto(f"{url}/runs")
    page.locator('a[href^="/runs/"]', has_text=re.compile(r"^[0-9a-f]{8}$")).first.click()
    expect(page).to_have_title(re.compile(r"\[SUCCESS\]"), timeout=RUN_PATIENCE_MS)


def test_the_asset_graph_shows_every_step_of_the_flow(page: Page, dagster_url: str) -> None:
    page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    page.goto(f"{dagster_url}/asset-groups")
    for name in FLOW:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    offered = f"Materialize all ({len(graph.materializable_asset_keys)})"
    expect(page.get_by_role("button", name=offered).first).to_be_enabled()


def test_a_date_billed_from_the_page_is_green_with_its_figures_and_checks(
    page: Page, dagster_url: str
) -> None:
    page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    bill_from_the_page(page, dagster_url, DATE)

    page.goto(f"{dagster_url}/assets/invoices?view=partitions&partition={DATE}")
    expect(page.get_by_text("Materialized", exact=True).first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(r"^newly_issued_count [1-9]"))).to_be_visible()
    page.get_by_role("row", name=re.compile("^run_report")).get_by_text("[Show Markdown]").click()
    report = page.get_by_role("dialog")
    expect(report.get_by_text(f"Billing date {DATE}")).to_be_visible()
    expect(report.get_by_alt_text(re.compile("^outcomes and amounts of run"))).to_be_visible()

    page.goto(f"{dagster_url}/assets/invoices?view=checks&checkDetail=I08_numbers")
    guards = len(CHECKS.keys() - DELIVERY_CHECKS)
    expect(page.get_by_text(f"Checks ({guards})")).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True)).to_have_count(guards, timeout=PATIENCE_MS)
    expect(page.get_by_text("Passed", exact=True)).to_have_count(1)

    page.goto(f"{dagster_url}/assets/deliveries?view=partitions&partition={DATE}")
    expect(page.get_by_role("row", name=re.compile(r"^sent_count [1-9]"))).to_be_visible()
