"""A person rehearses, approves, rejects and bills by a form, and each is done once."""

from datetime import date
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import add_term
from billing_assets_tests.defs.conftest import FIRST, POLICY_COUNT, Run
from billing_assets_tests.state import business_state

APPROVAL = {"reason": "the figures are right", "approved_by": "A. Gil"}


def output_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Metadata of the one output of a job."""
    [event] = [each for each in result.all_events if each.is_successful_output]
    return {name: value.value for name, value in event.step_output_data.metadata.items()}


def failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """Code and words of the one failure of a job."""
    [failed] = [event for event in result.all_events if event.is_step_failure]
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    return str(failure.metadata["code"].value), str(failure.description)


def count(store: Database, query: str) -> int:
    with store.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def invoices_in(store: Database) -> int:
    return count(store, "select count(*) from invoice")


def test_a_rehearsal_shows_what_would_be_issued_and_issues_nothing(ask: Run, store: Database) -> None:
    facts = output_of(ask("rehearse", "rehearse_date", billing_date=FIRST))
    assert facts["due_count"] == POLICY_COUNT
    assert facts["state"] == "planned"
    assert len(facts["plan_sha256"]) == 64
    (row,) = [record.data for record in facts["to_be_invoiced"].records][:1]
    assert row["installments"] > 0
    assert "EUR" in str(row["total"])
    assert str(facts["chart"]).startswith("![run 1](data:image/png;base64,iVBORw0KGgo")
    assert invoices_in(store) == 0


@pytest.mark.long
def test_an_approval_bills_what_was_shown_and_sends_it_once(
    ask: Run, store: Database, mailbox: MailboxServer
) -> None:
    shown = output_of(ask("rehearse", "rehearse_date", billing_date=FIRST))
    form = {"run_id": shown["run_id"], "shown_hash": shown["plan_sha256"][:12].upper(), **APPROVAL}
    facts = output_of(ask("approve_run", "approve", **form, deliver=True))
    assert facts["invoice_count"] == facts["raise_invoices_invoice_count"] == POLICY_COUNT
    before, sent = business_state(store), len(mailbox.messages())
    assert sent > 0
    again = output_of(ask("approve_run", "approve", **form))
    assert again["is_repeat"]
    assert "invoice_count" not in again
    assert (business_state(store), len(mailbox.messages())) == (before, sent)


def test_another_hash_than_was_looked_at_is_refused(ask: Run, store: Database) -> None:
    shown = output_of(ask("rehearse", "rehearse_date", billing_date=FIRST))
    result = ask("approve_run", "approve", run_id=shown["run_id"], shown_hash="0000", **APPROVAL)
    assert failure_of(result)[0] == "run_changed_since"
    assert invoices_in(store) == 0


@pytest.mark.long
def test_a_run_that_a_bound_holds_is_shown_with_it_and_can_be_rejected(
    ask: Run, run: Run, store: Database
) -> None:
    add_term(store, "REN-1", effective=date(2023, 2, 5))
    run()
    add_term(store, "REN-1", effective=date(2024, 2, 5), premium_minor=50_000, is_renewal=True)
    shown = output_of(ask("rehearse", "rehearse_date", billing_date="2024-02-02"))
    assert "more than 3 times" in shown["held_for"]
    assert [record.data["policy"] for record in shown["policies_that_stand_out"].records] == ["REN-1"]
    form = {"run_id": shown["run_id"], "reason": "a digit too many", "rejected_by": "A. Gil"}
    assert not output_of(ask("reject_run", "reject", **form))["is_repeat"]
    assert (
        count(
            store, f"select count(*) from billing_run where run_id = {shown['run_id']} and state = 'rejected'"
        )
        == 1
    )


@pytest.mark.long
def test_a_date_is_billed_once_with_all_it_missed_on_one_invoice_and_unsent_if_so_asked(
    ask: Run, run: Run, store: Database, mailbox: MailboxServer
) -> None:
    facts = output_of(
        ask("bill_once", "bill", billing_date="2024-05-02", catch_up="one_invoice", deliver=False)
    )
    assert facts["raise_invoices_due_count"] > facts["invoice_count"] == invoices_in(store)
    assert count(store, "select count(distinct policy_term_id) from invoice_line") == facts["invoice_count"]
    assert not mailbox.messages()
    assert run("2024-05-02").success
    assert invoices_in(store) == facts["invoice_count"]
    assert len(mailbox.messages()) > 0


def test_a_date_long_past_on_the_invoices_needs_reason_and_approver(ask: Run, store: Database) -> None:
    form = {"billing_date": FIRST, "issuing_date": "2024-02-03", "deliver": False}
    assert failure_of(ask("bill_once", "bill", **form))[0] == "backdating_unapproved"
    assert ask("bill_once", "bill", **form, **APPROVAL).success
    with store.transaction() as connection:
        found = connection.execute(text("select distinct issue_date from invoice")).scalars().all()
    assert found == [date(2024, 2, 3)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("billing_date", "31/01/2025", "date_unclear"),
        ("issuing_date", "2025-02-30", "date_unclear"),
        ("catch_up", "all_at_once", "catch_up_unknown"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_what_to_write(
    ask: Run, field: str, value: str, code: str
) -> None:
    found, words = failure_of(ask("rehearse", "rehearse_date", **({"billing_date": FIRST} | {field: value})))
    assert found == code
    assert field in words
    assert value in words


def test_nothing_of_a_person_stands_in_what_a_rehearsal_tells(ask: Run, store: Database) -> None:
    result = ask("rehearse", "rehearse_date", billing_date=FIRST)
    kept = " ".join(dg.serialize_value(event) for event in result.all_events)
    with store.transaction() as connection:
        names = connection.execute(text("select content::json ->> 'name' from payer_version")).scalars().all()
    assert len(set(names)) > 1
    assert [name for name in names if f'{name}"' in kept or f"{name} " in kept] == []


def test_the_jobs_stand_beside_the_daily_ones_without_a_partition() -> None:
    definitions = build_definitions(Settings(_env_file=None))
    for name in ("rehearse", "approve_run", "reject_run", "bill_once"):
        assert definitions.resolve_job_def(name).partitions_def is None


@pytest.mark.long
def test_a_selection_is_billed_and_the_date_bills_the_rest(ask: Run, run: Run, store: Database) -> None:
    facts = output_of(
        ask("bill_once", "bill", billing_date=FIRST, plan_codes="monthly", place_codes="ES", deliver=False)
    )
    monthly = facts["invoice_count"]
    assert 0 < monthly < POLICY_COUNT
    assert "Only place ES; plan monthly" in str(facts["run_report"])
    again = output_of(ask("bill_selection", "bill_selected", billing_date=FIRST, plan_codes="monthly"))
    assert (again["raise_invoices_invoice_count"], invoices_in(store)) == (0, monthly)
    assert run().success
    assert invoices_in(store) == POLICY_COUNT


def test_a_selection_of_nothing_and_a_place_that_there_is_not_are_refused(ask: Run, store: Database) -> None:
    empty = ask("bill_selection", "bill_selected", billing_date=FIRST)
    assert failure_of(empty)[0] == "selection_empty"
    unknown = ask("bill_selection", "bill_selected", billing_date=FIRST, place_codes="Atlantis")
    assert failure_of(unknown)[0] == "selection_invalid"
    assert invoices_in(store) == 0
