"""The whole flow runs as assets: once for each date, telling counts and amounts, nothing about a person."""

import json
from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs import resource
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import add_term
from billing_assets_tests.defs.conftest import FIRST, POLICY_COUNT, Run
from billing_assets_tests.state import business_state

CHAIN = ["due_charges", "invoices", "documents", "deliveries"]
WITHOUT_ADDRESS = 2


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    """Metadata of the one materialisation of an asset."""
    [event] = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def told(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Everything that a run leaves in Dagster's event log, as text."""
    for event in result.all_events:
        yield dg.serialize_value(event)


@pytest.mark.long
def test_a_run_bills_a_date_from_book_to_mailbox(run: Run, mailbox: MailboxServer) -> None:
    result = run()
    assert result.success
    assert [metadata_of(result, asset) != {} for asset in CHAIN] == [True] * 4
    assert metadata_of(result, "due_charges")["due_count"] == POLICY_COUNT
    assert metadata_of(result, "documents")["document_count"] == POLICY_COUNT
    assert metadata_of(result, "deliveries")["sent_count"] == POLICY_COUNT - WITHOUT_ADDRESS
    assert len(mailbox.messages()) == POLICY_COUNT - WITHOUT_ADDRESS


@pytest.mark.long
def test_invoices_tell_counts_amounts_with_currency_report_and_chart(run: Run, store: Database) -> None:
    facts = metadata_of(run(), "invoices")
    with store.transaction() as connection:
        total_minor = int(connection.execute(text("select sum(total_minor) from invoice")).scalar_one())
    assert facts["invoice_count"] == facts["invoiced_count"] == POLICY_COUNT
    assert facts["failed_count"] == facts["held_count"] == 0
    assert facts["total_eur"] == f"{total_minor // 100:,}.{total_minor % 100:02d} EUR"
    assert facts["numbers"] == "INV-00000001 to INV-00000020"
    assert f"| EUR | {POLICY_COUNT} |" in str(facts["run_report"])
    assert "](data:image/png;base64,iVBORw0KGgo" in str(facts["run_report"])


@pytest.mark.long
def test_a_second_run_of_a_date_writes_and_sends_nothing_and_still_shows_the_date(
    run: Run, store: Database, mailbox: MailboxServer
) -> None:
    run()
    before, sent = business_state(store), len(mailbox.messages())
    again = run()
    assert again.success
    assert business_state(store) == before
    assert len(mailbox.messages()) == sent
    facts = metadata_of(again, "invoices")
    assert facts["newly_issued_count"] == 0
    assert facts["invoice_count"] == POLICY_COUNT


@pytest.mark.long
def test_a_date_on_which_nothing_is_due_says_so(run: Run) -> None:
    run()
    result = run("2024-02-02")
    assert result.success
    assert "Nothing was due." in str(metadata_of(result, "invoices")["run_report"])


@pytest.mark.long
def test_a_held_run_fails_its_date_in_words_and_another_date_goes_on(run: Run, store: Database) -> None:
    add_term(store, "REN-1", effective=date(2023, 2, 5))
    run()
    add_term(store, "REN-1", effective=date(2024, 2, 5), premium_minor=50_000, is_renewal=True)
    held = run("2024-02-02")
    [failed] = [event for event in held.all_events if event.is_step_failure]
    failure = failed.step_failure_data.user_failure_data
    assert failed.step_key == "invoices"
    assert failure is not None
    assert failure.metadata["code"].value == "run_held"
    assert "1 policy has a bill of more than 3 times the last one" in str(failure.description)
    assert "more than 3 times" in str(metadata_of(held, "due_charges")["held_for"])
    assert metadata_of(run("2024-02-05"), "invoices")["newly_issued_count"] == 0


@pytest.mark.long
def test_nothing_that_dagster_keeps_is_about_a_person(run: Run, store: Database) -> None:
    kept = " ".join(told(run()))
    with store.transaction() as connection:
        contents = connection.execute(text("select content from payer_version")).scalars().all()
    payers = [json.loads(content) for content in contents]
    personal = {payer["name"] for payer in payers} | {payer["email"] for payer in payers if payer["email"]}
    personal |= {line for payer in payers for line in payer["address_lines"][:1]}
    assert len(personal) > 2 * POLICY_COUNT
    assert [
        value for value in personal if f"{value}\\" in kept or f'{value}"' in kept or f"{value} " in kept
    ] == []
    assert "@example.com" not in kept


@pytest.mark.long
def test_the_policy_book_is_observed_with_its_batch_and_file_as_data_version(run: Run) -> None:
    result = run()
    [event] = result.get_asset_observation_events()
    observation = event.asset_observation_data.asset_observation
    assert observation.data_version == "1-61"
    assert observation.metadata["policy_count"].value == POLICY_COUNT


@pytest.mark.long
def test_an_outage_of_the_mail_server_is_tried_again(
    run: Run, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "OUTAGE_WAIT_SECONDS", 0)
    mailbox.stop()
    result = run()
    retries = [event for event in result.all_events if event.is_step_up_for_retry]
    assert not result.success
    assert [event.step_key for event in retries] == ["deliveries"] * resource.OUTAGE_RETRIES
    assert metadata_of(result, "invoices")["invoice_count"] == POLICY_COUNT


@pytest.mark.long
def test_the_outbox_of_a_date_is_sent_by_the_deliver_job_when_the_mail_server_is_back(
    run: Run, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "OUTAGE_RETRIES", 0)
    mailbox.stop()
    assert not run().success
    mailbox.start()
    assert run(job="deliver").success
    assert len(mailbox.messages()) == POLICY_COUNT - WITHOUT_ADDRESS


def test_each_asset_has_owner_group_kinds_description_and_one_run_per_date() -> None:
    definitions = build_definitions(Settings(_env_file=None))
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners == ["team:billing-operations"]
        assert node.group_name == "billing"
        assert node.description
        assert any(tag.startswith("dagster/kind/") for tag in node.tags)
        if key.to_user_string() in CHAIN:
            assert node.backfill_policy == dg.BackfillPolicy.multi_run(1)
            assert node.pools == {"billing"}


def test_data_flows_one_way_from_policy_book_to_deliveries() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    parents = {
        key.to_user_string(): [parent.to_user_string() for parent in graph.get(key).parent_keys]
        for key in graph.get_all_asset_keys()
    }
    flow = ["policy_book", *CHAIN]
    assert parents == {
        "policy_book": [],
        **{child: [parent] for parent, child in zip(flow, CHAIN, strict=False)},
    }


def test_a_run_over_a_range_tells_of_each_date_by_itself(
    store: Database, instance: dg.DagsterInstance
) -> None:
    definitions = build_definitions(Settings(_env_file=None))
    job = definitions.resolve_implicit_global_asset_job_def()
    bounds = (
        ("dagster/asset_partition_range_start", FIRST),
        ("dagster/asset_partition_range_end", "2024-02-03"),
    )
    result = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey("due_charges")], tags=dict(bounds)
    )
    events = result.get_asset_materialization_events()
    assert [event.partition for event in events] == ["2024-02-01", "2024-02-02", "2024-02-03"]
    assert all("due_count" in event.materialization.metadata for event in events)
    assert [str(run[0]) for run in business_state(store)["runs"]] == [event.partition for event in events]


@pytest.mark.long
def test_a_run_over_a_range_bills_its_dates_in_order(store: Database, instance: dg.DagsterInstance) -> None:
    job = build_definitions(Settings(_env_file=None)).resolve_implicit_global_asset_job_def()
    bounds = (
        ("dagster/asset_partition_range_start", FIRST),
        ("dagster/asset_partition_range_end", "2024-02-03"),
    )
    result = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(asset) for asset in CHAIN], tags=dict(bounds)
    )
    assert result.success
    assert len(business_state(store)["invoices"]) == POLICY_COUNT
