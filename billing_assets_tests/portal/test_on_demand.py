"""Invoices on demand on their page: looked at, issued once, refused with the reason."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.portal.on_demand import MOST_POLICIES, policy_numbers
from billing_assets.wiring.desk import Desk

PAGE = "/invoices/on-demand"


def count(desk: Desk, query: str) -> int:
    with desk.database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def unbilled(desk: Desk) -> tuple[str, str]:
    """A policy with something left to bill, and a day by which it is due."""
    query = """
        select p.policy_number, max(v.expiration_date)::text from policy p
        join policy_term_version v using (policy_id) join payment_plan n using (plan_code)
        where v.superseded_batch_id is null and v.hold_code is null and n.frequency_code = 'monthly'
        group by 1 order by 1 limit 1
    """
    with desk.database.transaction() as connection:
        number, day = connection.execute(text(query)).one()
    return str(number), str(day)


def test_a_list_is_looked_at_with_its_amounts_and_nothing_is_written(
    operator: TestClient, desk: Desk
) -> None:
    number, day = unbilled(desk)
    before = count(desk, "select count(*) from invoice")
    shown = operator.post(PAGE, data={"policies": f"{number}\nNO-SUCH", "until": day, "act": "preview"})
    assert shown.status_code == 200
    assert number in shown.text
    assert "€" in shown.text
    assert "The book has no such policy" in shown.text
    assert "Issue these invoices" in shown.text
    assert count(desk, "select count(*) from invoice") == before


def test_they_are_issued_in_one_run_that_the_audit_log_names_and_once(
    operator: TestClient, desk: Desk
) -> None:
    number, day = unbilled(desk)
    before = count(desk, "select count(*) from invoice")
    form = {"policies": number, "until": day, "act": "issue"}
    first = operator.post(PAGE, data=form)
    assert "OND-00000001" in first.text
    issued = count(desk, "select count(*) from invoice")
    assert issued > before
    again = operator.post(PAGE, data=form)
    assert "Everything up to that date is billed" in again.text
    assert count(desk, "select count(*) from invoice") == issued
    acts = "select count(*) from audit_entry where act = 'request_invoices' and actor_kind = 'user'"
    assert count(desk, acts) == 1
    assert "asked for invoices" in operator.get("/audit-log").text


@pytest.mark.parametrize(
    ("policies", "until", "words"),
    [
        ("", "2024-03-01", "No policy is named"),
        ("P-1", "soon", "Give the billing date"),
        ("\n".join(f"P-{number}" for number in range(MOST_POLICIES + 1)), "2024-03-01", "At most 1,000"),
        ("x" * 101, "2024-03-01", "no number of a policy"),
    ],
)
def test_what_is_unclear_is_shown_with_what_was_typed(
    operator: TestClient, policies: str, until: str, words: str
) -> None:
    shown = operator.post(PAGE, data={"policies": policies, "until": until, "act": "issue"})
    assert shown.status_code == 409
    assert words in shown.text
    assert policies[:50] in shown.text


def test_a_viewer_may_not_ask_and_is_not_led_there(viewer: TestClient, operator: TestClient) -> None:
    assert viewer.get(PAGE).status_code == 403
    assert viewer.post(PAGE, data={"policies": "P-1", "until": "2024-03-01"}).status_code == 403
    assert PAGE not in viewer.get("/invoices").text
    assert PAGE in operator.get("/invoices").text


def test_it_speaks_spanish(operator: TestClient) -> None:
    assert "Facturas a petición" in operator.get(f"{PAGE}?language=es").text


def test_a_pasted_list_is_read_once_for_each_policy() -> None:
    assert policy_numbers(" P-1;P-2\r\nP-1 ") == ["P-1", "P-2"]
    with pytest.raises(BillingError, match="policies_missing"):
        policy_numbers(" ,\n;")
