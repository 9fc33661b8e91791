"""One run: outcomes, comparison, certificate, charges, and the decision on a held one."""

import json

from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk
from billing_assets_tests.billed_store import FAILED_COUNT, as_owner

HELD = (
    "update billing_run set state = 'held', finalised_at = null, report = null, plan_sha256 = 'ab12', "
    'held_reasons = \'[{"bound": "problems", "found": "3 of 30"}]\''
)


def test_each_outcome_leads_to_its_charges(client: TestClient) -> None:
    page = client.get("/runs/1").text
    assert 'href="/runs/1/charges?outcome=failed&amp;reason=no_tax_rule"' in page
    assert "The run is complete" in page
    charges = client.get("/runs/1/charges?outcome=failed&reason=no_tax_rule").text
    assert charges.count('class="state failed"') == FAILED_COUNT
    assert "POL-00000010" in charges
    assert 'href="/failures?policy=POL-00000010"' in charges


def test_an_invoiced_charge_leads_to_its_invoice_and_a_held_one_to_its_problem(
    client: TestClient, desk: Desk
) -> None:
    hold = "insert into problem_hold (problem_id, policy_term_id, company_id, policy_id) values (3, 7, 1, 7)"
    as_owner(desk.billing, hold)
    assert 'href="/invoices/INV-' in client.get("/runs/1/charges?outcome=invoiced").text
    assert 'href="/problems/3"' in client.get("/runs/1/charges?outcome=held").text
    assert client.get("/runs/1/charges?policy=POL-00000001").text.count('scope="row"') == 1


def test_a_run_stands_beside_comparable_dates_as_chart_and_table(client: TestClient, desk: Desk) -> None:
    week_before = """
        insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state,
            book_batch_id, shard_count, due_count, plan_totals, report, planned_at, finalised_at,
            held_reasons)
        select company_id, billing_date - 7, 1, issuing_date, state, book_batch_id, 0, 0, '[]', report,
            planned_at, finalised_at, '[]' from billing_run where run_id = 1
    """
    as_owner(desk.billing, week_before)
    page = client.get("/runs/1").text
    assert '<svg class="chart"' in page
    assert "<title id=" in page
    assert "<desc id=" in page
    assert "same weekday" in page
    assert "24 Jan 2024" in page


def test_certificate_and_report_can_be_taken_along(client: TestClient) -> None:
    kept = json.loads(client.get("/runs/1/certificate.json").text)
    assert kept["certificate"]["run"]["run_id"] == 1
    report = client.get("/runs/1/report.md")
    assert "attachment" in report.headers["content-disposition"]
    assert "**Billing date 2024-01-31**" in report.text


def test_a_held_run_is_approved_with_the_figures_that_were_shown(client: TestClient, desk: Desk) -> None:
    as_owner(desk.billing, HELD)
    assert 'name="shown" value="ab12"' in client.get("/runs/1").text
    form = {"decision": "approve", "reason": "the fleet renewed", "shown": "ab12"}
    page = client.post("/runs/1/decision", data=form).text
    assert "Approved." in page
    assert "the fleet renewed" in page
    assert desk.run(1).decision is not None


def test_other_figures_than_those_that_were_shown_are_not_approved(client: TestClient, desk: Desk) -> None:
    as_owner(desk.billing, HELD)
    form = {"decision": "approve", "reason": "seen", "shown": "cd34"}
    answer = client.post("/runs/1/decision", data=form)
    assert answer.status_code == 409
    assert desk.run(1).decision is None


def test_a_rejected_run_says_so(client: TestClient, desk: Desk) -> None:
    as_owner(desk.billing, HELD)
    form = {"decision": "reject", "reason": "the book was doubled", "shown": "ab12"}
    assert "rejected" in client.post("/runs/1/decision", data=form).text
    assert desk.run(1).state == "rejected"


def test_where_dagster_does_not_answer_the_page_says_so(client: TestClient, desk: Desk) -> None:
    assert "/runs/1/dagster" not in client.get("/runs/1").text
    desk.billing.settings.dagster_url = "http://127.0.0.1:9"
    assert 'hx-get="/runs/1/dagster"' in client.get("/runs/1").text
    assert "Dagster does not answer." in client.get("/runs/1/dagster").text


def test_a_run_of_a_selection_says_which_policies_it_bills(client: TestClient, desk: Desk) -> None:
    assert "It bills only these policies" not in client.get("/runs/1").text
    as_owner(
        desk.billing,
        """update billing_run set selection = '{"product_codes": ["motor"], "place_codes": ["ES"]}',
        report = report || '{"selection": {"product_codes": ["motor"], "place_codes": ["ES"]}}'""",
    )
    page = client.get("/runs/1").text
    assert "It bills only these policies: product: motor; place: ES" in " ".join(page.split())
    assert "product: motor; place: ES" in client.get("/runs").text
    spanish = client.get("/runs/1?language=es").text
    assert "Factura solo estas pólizas: producto: motor; lugar: ES" in " ".join(spanish.split())
