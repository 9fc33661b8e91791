"""10,666 real policies, cut over on 2024-01-01, billed on each day of 2024 and 2025."""

import csv
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.store.companies import save_company
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.conftest import PORTFOLIO
from billing_assets_tests.databases import analyse, copied_database
from billing_assets_tests.reference.invoices import invoices
from billing_assets_tests.reference.policy import ReferencePolicy
from billing_assets_tests.state import business_state

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "billing_assets_tests" / "golden" / "motor_portfolio.json"
CUT_OVER = date(2024, 1, 1)
DAYS = [CUT_OVER + timedelta(days=number) for number in range((date(2026, 1, 1) - CUT_OVER).days)]
_SATURDAY = 6
WEEKDAYS = [day for day in DAYS if day.isoweekday() < _SATURDAY]
ANALYSED = (0, 5, 20, 100)
"""Before these runs the tables are counted, as a server does in the nights between."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("portfolio"),
]


@pytest.fixture(scope="module")
def billed(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Billing]:
    """The portfolio after two years of runs, one a weekday: its plans have nothing due on a closed day."""
    name = f"portfolio_{os.getpid()}"
    with copied_database(server_url, template_database, name) as database, ExitStack() as stack:
        with database.transaction() as connection:
            save_company(connection, COMPANY, AT)
        billing = billing_over(database, tmp_path_factory.mktemp("home"), stack)
        Desk(billing).import_policies(PORTFOLIO, ROOT / "examples" / "motor_portfolio.yaml", CUT_OVER)
        for number, day in enumerate(WEEKDAYS):
            if number in ANALYSED:
                analyse(database)
            billing.invoice(billing.order(day))
        yield billing


def policies() -> list[ReferencePolicy]:
    """Return the rows of the file that the book can hold, read without the program's own reader."""
    found = []
    with PORTFOLIO.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            effective = date.fromisoformat(row["last_renewal_date"])
            if date.fromisoformat(row["contract_start_date"]) > effective:
                continue
            lapsed = row["lapsed_date"]
            found.append(
                ReferencePolicy(
                    policy_number=row["customer_id"],
                    line_of_business="motor",
                    place_code="ES",
                    currency="EUR",
                    plan_code={"0": "yearly", "1": "half_yearly"}[row["payment_method"]],
                    effective_date=effective,
                    expiration_date=date.fromisoformat(row["next_renewal_date"]),
                    anchor_date=effective,
                    cover_to_date=date.fromisoformat(lapsed) if lapsed else None,
                    cut_over_date=CUT_OVER,
                    premium_minor=int(row["net_premium_amount"].removesuffix(".0")) * 100,
                )
            )
    return found


def billed_by_policy(billing: Billing) -> dict[str, tuple[int, int, int]]:
    """Return (invoices, net, tax) of each billed policy."""
    query = """
        select policy_number, count(*), sum(l.net_minor)::bigint, sum(l.tax_minor)::bigint
        from invoice_line l join policy_term using (policy_term_id) join policy using (policy_id) group by 1
    """
    with billing.database.transaction() as connection:
        return {number: (count, net, tax) for number, count, net, tax in connection.execute(text(query))}


def test_every_policy_is_billed_what_the_reference_bills(billed: Billing) -> None:
    expected = {}
    for policy in policies():
        made = invoices(policy, "ES", DAYS)
        if made:
            net, tax = sum(item.net_minor for item in made), sum(item.tax_minor for item in made)
            expected[policy.policy_number] = (len(made), net, tax)
    assert billed_by_policy(billed) == expected


def test_terms_that_lie_inside_are_billed_their_whole_premium_unless_cover_ended(billed: Billing) -> None:
    found = billed_by_policy(billed)
    inside = [item for item in policies() if item.effective_date >= CUT_OVER]
    whole = [item for item in inside if item.cover_to_date in {None, item.expiration_date}]
    without = [item for item in inside if item.cover_to_date and item.cover_to_date <= item.effective_date]
    assert len(whole) > 4_000
    assert [item for item in whole if found[item.policy_number][1] != item.premium_minor] == []
    assert len(without) > 500
    assert [item for item in without if item.policy_number in found] == []


def test_the_totals_are_the_golden_ones(billed: Billing) -> None:
    query = """
        select extract(year from i.issue_date)::int, plan_code, product_code, count(*),
            sum(i.net_minor)::bigint, sum(i.tax_minor)::bigint
        from invoice i join invoice_line l using (invoice_id)
        join policy_term_version v using (policy_term_version_id) group by 1, 2, 3 order by 1, 2, 3
    """
    outcomes = (
        "select outcome, coalesce(reason_code, ''), count(*) from due_charge group by 1, 2 order by 1, 2"
    )
    with billed.database.transaction() as connection:
        totals = {
            "invoices": [list(row) for row in connection.execute(text(query))],
            "outcomes": [list(row) for row in connection.execute(text(outcomes))],
        }
    assert totals == json.loads(GOLDEN.read_text())


def test_the_audit_is_clean_and_a_second_run_of_any_day_of_two_years_writes_nothing(billed: Billing) -> None:
    assert [result for result in billed.audit() if result.offender_count] == []
    before = business_state(billed.database)
    for day in WEEKDAYS[::7]:
        assert billed.invoice(billed.order(day)).facts["invoice_count"] == 0
    assert business_state(billed.database) == before
