"""The whole flow runs as assets: once for each date, telling counts and amounts, nothing about a person."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetNode
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs import resource
from billing_assets.defs.conventions import GROUP, OWNERS, TAGS
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


def nodes() -> dict[str, AssetNode]:
    """Asset -> what Dagster knows of it before it ever ran, of every asset there is."""
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}


def test_each_asset_has_owner_group_tags_kinds_description_and_described_columns() -> None:
    for name, node in nodes().items():
        assert node.owners == OWNERS, name
        assert node.group_name == GROUP, name
        assert TAGS.items() <= node.tags.items(), name
        assert any(tag.startswith("dagster/kind/") for tag in node.tags), name
        assert node.description not in {None, "", name}, name
        schema = node.metadata["dagster/column_schema"]
        assert schema.columns, name
        assert all(column.description and column.type for column in schema.columns), name
        assert str(node.metadata["dagster/table_name"]).startswith("billing."), name


def test_each_asset_that_is_materialised_has_a_date_a_freshness_policy_one_run_per_date_and_the_pool() -> (
    None
):
    materialised = {name: node for name, node in nodes().items() if node.is_materializable}
    # What other systems are told is of no date, and waits for nobody.
    told = materialised.pop("statuses")
    assert (told.partitions_def, told.pools) == (None, set())
    answered = materialised.pop("document_requests")
    assert (answered.partitions_def, answered.pools) == (None, set())
    assert sorted(materialised) == sorted([*CHAIN, "allocations"])
    for name, node in materialised.items():
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition), name
        # Who takes in no payments allocates nothing, and is not late with it.
        assert (node.freshness_policy is not None) == (name != "allocations"), name
        assert node.backfill_policy == dg.BackfillPolicy.multi_run(1), name
        assert node.pools == {"billing"}, name
        assert node.code_version, name


def test_what_is_observed_is_watched_by_a_check_instead_of_a_policy_that_never_knows() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    observed = {name for name, node in nodes().items() if not node.is_materializable}
    assert observed == {"policy_book"}
    names = {key.name for key in graph.asset_check_keys if key.asset_key == dg.AssetKey("policy_book")}
    assert "recent_import" in names


def test_no_policy_tries_again_what_only_an_outage_excuses() -> None:
    """A policy would begin again what a person stopped, too: whatever runs asks for its retry by itself."""
    definitions = build_definitions(Settings(_env_file=None))
    ops = {
        op.name: op
        for job in definitions.resolve_all_job_defs()
        for op in job.all_node_defs
        if isinstance(op, dg.OpDefinition)
    }
    assert {*CHAIN, "policy_book", "invoices_checks", "deliveries_checks", "drain"} <= set(ops)
    for name, op in ops.items():
        assert op.retry_policy is None, name
        assert op.required_resource_keys == {"billing"}, f"{name} must reach the program by the resource"


@pytest.mark.long
def test_each_asset_shows_a_picture_of_what_it_did(run: Run) -> None:
    result = run()
    shown = {event.asset_key.to_user_string(): event.metadata for event in materialised_or_observed(result)}
    assert set(shown) == set(nodes()) - {"allocations", "statuses", "document_requests"}
    for name, metadata in shown.items():
        pictures = [value for value in metadata.values() if isinstance(value, dg.MarkdownMetadataValue)]
        drawn = [
            str(value.value)
            for value in pictures
            if "](data:image/png;base64,iVBORw0KGgo" in str(value.value)
        ]
        assert drawn, name
        assert all(text.startswith(("![", "#", "**")) for text in drawn), "a picture has words"
        assert any(isinstance(value, dg.IntMetadataValue) for value in metadata.values()), "nothing to plot"


def materialised_or_observed(
    result: dg.ExecuteInProcessResult,
) -> list[dg.AssetMaterialization | dg.AssetObservation]:
    """What the assets of a run told."""
    events = result.get_asset_observation_events()
    return [
        *(event.materialization for event in result.get_asset_materialization_events()),
        *(event.asset_observation_data.asset_observation for event in events),
    ]


@pytest.mark.long
def test_invoices_stand_beside_comparable_dates(run: Run, store: Database) -> None:
    first = metadata_of(run(), "invoices")
    assert [record.data["billing date"] for record in table_of(first)] == [FIRST]
    add_term(store, "WEEK-1", effective=date(2024, 2, 12))
    week = metadata_of(run("2024-02-08"), "invoices")
    rows = {record.data["billing date"]: record.data for record in table_of(week)}
    assert rows[FIRST]["invoices"] == POLICY_COUNT
    assert rows[FIRST]["total"] == first["total_eur"]


def table_of(facts: dict[str, object]) -> list[dg.TableRecord]:
    """The comparable dates of a materialisation of invoices."""
    return list(facts["beside_comparable_dates"].records)  # type: ignore[attr-defined]


@pytest.mark.long
@pytest.mark.parametrize("asset", ["policy_book", *CHAIN])
def test_a_lost_store_is_tried_again_after_longer_and_longer_waits_by_every_asset(
    asset: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BILLING_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:1/nothing")
    monkeypatch.setattr(resource, "OUTAGE_WAIT_SECONDS", 0.01)
    result = execute_alone(asset)
    retries = [event for event in result.all_events if event.is_step_up_for_retry]
    waits = [event.step_retry_data.seconds_to_wait for event in retries]
    assert waits == [0.01, 0.02, 0.04]
    assert not result.success


@pytest.mark.long
@pytest.mark.parametrize("asset", ["policy_book", *CHAIN])
def test_a_mistake_is_tried_once_by_every_asset(
    asset: str, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_TIME_ZONE", "Pacific/Auckland")
    result = execute_alone(asset)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    [failed] = [event for event in result.all_events if event.is_step_failure]
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.metadata["code"].value == "time_zone_differs"


def execute_alone(asset: str) -> dg.ExecuteInProcessResult:
    """Materialise or observe one asset of a date, without its checks."""
    definitions = build_definitions(Settings(_env_file=None))
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(asset)],
            partition_key=None if asset == "policy_book" else FIRST,
            raise_on_error=False,
        )


def test_data_flows_one_way_from_policy_book_to_deliveries() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    parents = {
        key.to_user_string(): sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in graph.get_all_asset_keys()
    }
    flow = ["policy_book", *CHAIN]
    assert parents == {
        "policy_book": [],
        **{child: [parent] for parent, child in zip(flow, CHAIN, strict=False)},
        "allocations": ["invoices"],
        "statuses": ["allocations", "deliveries", "invoices"],
        "document_requests": ["allocations", "documents"],
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
