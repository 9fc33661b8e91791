"""Invariants are blocking checks: while one is broken, nothing is printed and nothing is sent."""

import dagster as dg
import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs.checks import DELIVERY_CHECKS
from billing_assets.domain.checks import CHECKS
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import FIRST, Run, tamper
from billing_assets_tests.state import business_state

BROKEN_SUM = """
update invoice set tax_minor = tax_minor + 1, total_minor = total_minor + 1
where invoice_id = (select min(invoice_id) from invoice)
"""


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Check id -> what it found."""
    return {found.check_name.partition("_")[0]: found for found in result.get_asset_check_evaluations()}


def executed(result: dg.ExecuteInProcessResult) -> set[str]:
    """Names of the steps that ended well."""
    return {event.step_key for event in result.all_events if event.is_step_success and event.step_key}


def test_every_invariant_is_one_blocking_check_with_its_statement() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    checks = {key.name.partition("_")[0]: graph.get(key) for key in graph.asset_check_keys}
    assert sorted(checks) == sorted(CHECKS)
    assert all(check.blocking for check in checks.values())
    assert not {key.name for key in graph.asset_check_keys} & set(CHECKS), "each has a word beside its id"
    assert all(check.description == CHECKS[name].statement for name, check in checks.items())


def test_checks_of_deliveries_stand_on_deliveries_and_all_others_guard_invoices() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    places = {key.name.partition("_")[0]: key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert {name for name, asset in places.items() if asset == "deliveries"} == DELIVERY_CHECKS
    assert set(places.values()) == {"invoices", "deliveries"}


@pytest.mark.long
def test_a_sound_date_passes_every_check_under_its_own_date(run: Run) -> None:
    found = evaluations(run())
    assert sorted(found) == sorted(CHECKS)
    assert all(evaluation.passed for evaluation in found.values())
    assert {evaluation.partition for evaluation in found.values()} == {FIRST}


@pytest.mark.long
def test_a_broken_invariant_stops_documents_and_deliveries(
    run: Run, store: Database, mailbox: MailboxServer
) -> None:
    assert run(job="bill_date").success
    sent = len(mailbox.messages())
    tamper(store, BROKEN_SUM)
    result = run()
    assert not result.success
    broken = {name: evaluation for name, evaluation in evaluations(result).items() if not evaluation.passed}
    assert "I01" in broken
    assert broken["I01"].severity == dg.AssetCheckSeverity.ERROR
    assert broken["I01"].metadata["offender_count"].value == 1
    assert "INV-00000001" in str(broken["I01"].metadata["offenders"].value)
    assert executed(result) == {"policy_book", "due_charges", "invoices"}
    assert len(mailbox.messages()) == sent


@pytest.mark.long
def test_deliveries_materialised_alone_stop_at_a_broken_invariant_too(
    run: Run, store: Database, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_SMTP_PORT", "1")
    monkeypatch.setattr("billing_assets.defs.resource.OUTAGE_RETRIES", 0)
    assert not run().success
    monkeypatch.setenv("BILLING_SMTP_PORT", str(mailbox.port))
    tamper(store, BROKEN_SUM)
    before = business_state(store)["deliveries"]
    result = run(job="deliver")
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "audit_failed" in dg.serialize_value(failure)
    assert business_state(store)["deliveries"] == before
    assert mailbox.messages() == ()
