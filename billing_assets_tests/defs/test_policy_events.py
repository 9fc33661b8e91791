"""The sensor starts one run for all events that there are, none where nothing is to be done, and is on."""

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.definitions import build_definitions
from billing_assets.defs.policy_events import SENSOR_SECONDS, build_events_sensor
from billing_assets.store.connection import Database
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.policy_events import EventDesk
from billing_assets.wiring.settings import Settings, read_settings
from billing_assets_tests.events import term_event


def add(*numbers: str) -> None:
    with open_billing(read_settings()) as program:
        EventDesk(program).add([term_event(number) for number in numbers])


def tick(instance: dg.DagsterInstance) -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    return build_events_sensor().evaluate_tick(context)


def test_all_events_together_start_one_run_that_takes_and_bills_them(
    store: Database, instance: dg.DagsterInstance
) -> None:
    assert "no event is open" in (tick(instance).skip_message or "")
    add("N1", "N2", "N3")
    (wanted,) = tick(instance).run_requests or []
    assert wanted.run_key is None
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("drain_policy_events")
    assert job.execute_in_process(instance=instance).success
    assert not tick(instance).run_requests
    with store.transaction() as connection:
        query = (
            "select count(distinct policy_number) from invoice_line join policy_term using (policy_term_id) "
            "join policy using (policy_id) where policy_number like 'N_'"
        )
        assert connection.exec_driver_sql(query).scalar_one() == 3


@pytest.mark.usefixtures("store")
def test_while_a_run_takes_events_no_other_is_started(instance: dg.DagsterInstance) -> None:
    add("N1")
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("drain_policy_events")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "takes events already" in (tick(instance).skip_message or "")


def test_the_sensor_is_on_and_looks_often_enough_for_a_minute() -> None:
    sensor = build_events_sensor()
    assert 5 <= (sensor.minimum_interval_seconds or 0) == SENSOR_SECONDS <= 20
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
