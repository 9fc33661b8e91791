"""Invariants are blocking checks: while one is broken, nothing is printed and nothing is sent."""

from collections.abc import Iterable

import dagster as dg
import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs.checks import DELIVERY_CHECKS
from billing_assets.domain.checks import CHECKS, STANDING_CHECKS
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import FIRST, Run, tamper
from billing_assets_tests.state import business_state

OTHERS = {dg.AssetKey(name) for name in ("policy_book", "statuses", "document_requests")}
"""Assets whose checks are no invariants: of the book, of what is told in time, of requests."""

BROKEN_SUM = """
update invoice set tax_minor = tax_minor + 1, total_minor = total_minor + 1
where invoice_id = (select min(invoice_id) from invoice)
"""


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Check id -> what it found."""
    return {
        found.check_name.partition("_")[0]: found
        for found in result.get_asset_check_evaluations()
        if found.asset_key not in OTHERS
    }


def executed(result: dg.ExecuteInProcessResult) -> set[str]:
    """Names of the steps that ended well."""
    return {event.step_key for event in result.all_events if event.is_step_success and event.step_key}


def invariant_keys(keys: Iterable[dg.AssetCheckKey]) -> set[dg.AssetCheckKey]:
    """The checks that are invariants; others are no statement about what was billed."""
    return {key for key in keys if key.asset_key not in OTHERS}


def test_every_invariant_is_one_check_with_its_statement_that_blocks_unless_it_tells_of_standstill() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    checks = {key.name.partition("_")[0]: graph.get(key) for key in invariant_keys(graph.asset_check_keys)}
    assert sorted(checks) == sorted(CHECKS)
    assert {name for name, check in checks.items() if not check.blocking} == STANDING_CHECKS
    assert not {key.name for key in invariant_keys(graph.asset_check_keys)} & set(CHECKS), (
        "each has a word beside its id"
    )
    assert all(check.description == CHECKS[name].statement for name, check in checks.items())


def test_checks_of_deliveries_stand_on_deliveries_and_all_others_guard_invoices() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    places = {
        key.name.partition("_")[0]: key.asset_key.to_user_string()
        for key in invariant_keys(graph.asset_check_keys)
    }
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
def test_what_stands_still_in_the_outbox_warns_and_the_run_ends_well(run: Run, store: Database) -> None:
    assert run().success
    lost = "update delivery set owner = '', changed_at = now() - interval '2 days' where state = 'failed'"
    tamper(store, lost)
    result = run()
    standstill = evaluations(result)["I15"]
    assert not standstill.passed
    assert standstill.severity == dg.AssetCheckSeverity.WARN
    assert result.success


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
