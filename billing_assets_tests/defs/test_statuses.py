"""The sensor starts one run for all that is to be told, none where there is no news; the asset tells it."""

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.definitions import build_definitions
from billing_assets.defs.statuses import build_status_check, build_status_sensor
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings

pytestmark = pytest.mark.long


def tick(instance: dg.DagsterInstance) -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    return build_status_sensor().evaluate_tick(context)


def bill(instance: dg.DagsterInstance) -> None:
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("bill_date")
    selection = [dg.AssetKey("due_charges"), dg.AssetKey("invoices")]
    assert job.execute_in_process(
        instance=instance, partition_key="2024-02-01", asset_selection=selection
    ).success


def test_news_starts_one_run_that_tells_them_and_says_how_many(
    store: Database, instance: dg.DagsterInstance
) -> None:
    assert "everything is told" in (tick(instance).skip_message or "")
    bill(instance)
    assert len(tick(instance).run_requests or []) == 1
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("tell_statuses")
    done = job.execute_in_process(instance=instance)
    (event,) = done.get_asset_materialization_events()
    facts = event.materialization.metadata
    told = [int(str(facts[name].value)) for name in ("issued_count", "past_due_count", "last_number")]
    assert told[0] + told[1] == told[2] > 0
    assert facts["untold_count"].value == 0
    assert "data:image/png" in str(facts["chart"].value)
    assert done.get_asset_check_evaluations()[0].passed
    assert not tick(instance).run_requests
    with store.transaction() as connection:
        count = connection.exec_driver_sql("select count(*) from status_event").scalar_one()
    assert count == facts["last_number"].value


def test_while_a_run_tells_no_other_is_started(store: Database, instance: dg.DagsterInstance) -> None:
    bill(instance)
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("tell_statuses")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "already" in (tick(instance).skip_message or "")
    assert next(iter(build_status_check().check_specs)).asset_key == dg.AssetKey("statuses")
