"""The sensor reads the bounce mailbox as soon as a mail is there, and rests where none is set."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.definitions import build_definitions
from billing_assets.defs.bounces import SENSOR_SECONDS, build_bounces_sensor
from billing_assets.feeds.mail_folder import READ
from billing_assets.wiring.settings import Settings
from billing_assets_tests.channels.email.bounce_mails import report

pytestmark = pytest.mark.usefixtures("store")


def tick(instance: dg.DagsterInstance) -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    return build_bounces_sensor().evaluate_tick(context)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bounces"
    folder.mkdir()
    monkeypatch.setenv("BILLING_BOUNCE_FOLDER", str(folder))
    return folder


def test_without_a_mailbox_it_rests(instance: dg.DagsterInstance) -> None:
    assert "BILLING_BOUNCE_FOLDER" in (tick(instance).skip_message or "")


def test_an_empty_mailbox_starts_nothing(folder: Path, instance: dg.DagsterInstance) -> None:
    assert tick(instance).skip_message == "no mail waits in the bounce mailbox"


def test_a_mail_starts_one_run_that_reads_it(folder: Path, instance: dg.DagsterInstance) -> None:
    (folder / "1.eml").write_bytes(report())
    (wanted,) = tick(instance).run_requests or []
    assert wanted.run_key is None
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("read_bounces")
    result = job.execute_in_process(instance=instance)
    metadata = next(event for event in result.all_events if event.is_successful_output)
    assert metadata.step_output_data.metadata["unmatched_count"].value == 1
    assert (folder / READ / "1.eml").exists()
    assert "no mail waits" in (tick(instance).skip_message or "")


def test_while_a_run_reads_no_other_is_started(folder: Path, instance: dg.DagsterInstance) -> None:
    (folder / "1.eml").write_bytes(report())
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("read_bounces")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "reads the bounce mailbox already" in (tick(instance).skip_message or "")


def test_the_sensor_is_on_and_looks_once_a_minute() -> None:
    sensor = build_bounces_sensor()
    assert sensor.minimum_interval_seconds == SENSOR_SECONDS >= 30
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
