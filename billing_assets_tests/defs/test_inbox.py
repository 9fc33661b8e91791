"""The sensor starts one run for all that is in the inbox, and none where nothing is to be done."""

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.definitions import build_definitions
from billing_assets.defs.inbox import SENSOR_SECONDS, build_inbox_sensor
from billing_assets.domain.on_demand import InboxEntry
from billing_assets.store.connection import Database
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings, read_settings


def add(*numbers: int) -> None:
    with open_billing(read_settings()) as program:
        entries = [InboxEntry(request_key=str(each), policy_number=f"POL-{each:08d}") for each in numbers]
        OnDemandDesk(program).add(entries)


def tick(instance: dg.DagsterInstance) -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    return build_inbox_sensor().evaluate_tick(context)


@pytest.mark.usefixtures("store")
def test_an_empty_inbox_starts_nothing(instance: dg.DagsterInstance) -> None:
    found = tick(instance)
    assert not found.run_requests
    assert found.skip_message == "no request is open"


def test_all_requests_together_start_one_run_that_answers_them(
    store: Database, instance: dg.DagsterInstance
) -> None:
    add(1, 2, 3)
    (wanted,) = tick(instance).run_requests or []
    assert wanted.run_key is None
    definitions = build_definitions(Settings(_env_file=None))
    job = definitions.resolve_job_def("drain_inbox")
    assert job.execute_in_process(instance=instance).success
    assert not tick(instance).run_requests
    with store.transaction() as connection:
        query = "select count(*) from inbox_request where state = 'done'"
        assert connection.exec_driver_sql(query).scalar_one() == 3


@pytest.mark.usefixtures("store")
def test_while_a_run_drains_no_other_is_started(instance: dg.DagsterInstance) -> None:
    add(1)
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("drain_inbox")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "drains the inbox already" in (tick(instance).skip_message or "")


def test_the_sensor_looks_no_oftener_than_a_run_takes_to_start_and_is_off_at_first() -> None:
    sensor = build_inbox_sensor()
    assert sensor.minimum_interval_seconds == SENSOR_SECONDS >= 5
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
