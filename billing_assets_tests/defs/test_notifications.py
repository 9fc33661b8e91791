"""The sensor starts a run only where a message is due; a failed run of Dagster only makes us look."""

from datetime import date

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs.notifications import (
    FOUND_TAG,
    SENSOR_SECONDS,
    WATCH_SECONDS,
    build_notification_sensors,
)
from billing_assets.domain.notification_rules import ChannelKind, Rule
from billing_assets.domain.notifications import Severity
from billing_assets.store.connection import Database
from billing_assets.wiring.notification_desk import NotificationDesk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings, read_settings
from billing_assets_tests.defs.conftest import Run, tamper
from billing_assets_tests.notified import add_run


@pytest.fixture(autouse=True)
def _told(store: Database) -> None:
    with open_billing(read_settings()) as program:
        desk = NotificationDesk(program)
        desk.add_channel("ops", ChannelKind.EMAIL, "ops@example.com", "en", "ana")
        desk.add_rule(Rule(rule_name="ops", channel_name="ops", minimum_severity=Severity.INFO), "ana")


def tick(instance: dg.DagsterInstance, name: str = "notify_people") -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    (sensor,) = (sensor for sensor in build_notification_sensors() if sensor.name == name)
    return sensor.evaluate_tick(context)


def test_where_nothing_happened_nothing_starts(instance: dg.DagsterInstance) -> None:
    found = tick(instance)
    assert not found.run_requests
    assert found.skip_message == "no message is due"


@pytest.mark.long
def test_what_happened_starts_one_run_that_tells_it(
    run: Run, instance: dg.DagsterInstance, mailbox: MailboxServer
) -> None:
    assert run().success
    before = len(mailbox.messages())
    (wanted,) = tick(instance).run_requests or []
    assert wanted.run_key is None
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("notify")
    done = job.execute_in_process(instance=instance)
    assert done.success
    (told,) = (mail for mail in mailbox.messages() if b"To: <ops@example.com>" in mail.read_bytes())
    assert b"is final" in told.read_bytes()
    assert len(mailbox.messages()) == before + 1
    assert not tick(instance).run_requests


@pytest.mark.long
def test_while_a_run_tells_no_other_is_started(run: Run, instance: dg.DagsterInstance) -> None:
    assert run().success
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("notify")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "tells people already" in (tick(instance).skip_message or "")


@pytest.mark.long
def test_a_failed_run_of_dagster_lets_us_look_and_says_nothing_by_itself(
    run: Run, instance: dg.DagsterInstance, store: Database
) -> None:
    assert run().success

    @dg.op
    def fail() -> None:
        raise ValueError("no")

    @dg.job
    def failing() -> None:
        fail()

    failed = failing.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="look_after_a_failure",
        dagster_instance=instance,
        dagster_run=failed.dagster_run,
        dagster_event=failed.get_run_failure_event(),
    ).for_run_failure()
    sensor = build_notification_sensors()[1]
    skipped = sensor(context)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "looked; messages due: 1"
    with store.transaction() as connection:
        kinds = connection.exec_driver_sql("select event_kind from notification_event").scalars().all()
    assert "run_failed" not in kinds
    assert "run_finalised" in kinds


def test_a_late_date_is_named_and_told_once(
    store: Database, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(store, date(2024, 2, 1))
    tamper(store, "update billing.notification_rule set hears_from = hears_from - interval '30 days'")
    assert tick(instance, "watch_late_runs").skip_message == "all is in time"
    monkeypatch.setenv("BILLING_RUN_DEADLINE", "00:00")
    (wanted,) = tick(instance, "watch_late_runs").run_requests or []
    assert wanted.tags[FOUND_TAG].startswith("alondra: ")
    assert wanted.tags[FOUND_TAG].endswith("not_begun, and 2 more")
    with store.transaction() as connection:
        kinds = connection.exec_driver_sql("select event_kind from notification_event").scalars().all()
    assert kinds.count("run_late") == 7
    tamper(store, "update billing.notification_message set state = 'sent'")
    assert "and 2 more; no message is due" in (tick(instance, "watch_late_runs").skip_message or "")


def test_what_stands_still_is_counted_and_told(store: Database, instance: dg.DagsterInstance) -> None:
    assert tick(instance, "watch_stuck_deliveries").skip_message == "all is in time"
    with open_billing(read_settings()) as program:
        program.invoice(program.order(date(2024, 2, 1)))
    tamper(
        store,
        "with made as (insert into billing.document (company_id, invoice_id, snapshot_sha256, recorded_at) "
        "select company_id, invoice_id, snapshot_sha256, now() from billing.invoice where invoice_id = 1 "
        "returning document_id) insert into billing.delivery (company_id, document_id, channel, purpose, "
        "message_id, state, reason_code, queued_at, changed_at) select 1, document_id, 'email', 'issue', "
        "'made', 'queued', 'greylisted', now() - interval '5 hours', now() from made",
    )
    (wanted,) = tick(instance, "watch_stuck_deliveries").run_requests or []
    assert wanted.tags[FOUND_TAG] == "alondra: 1 queued greylisted"


def test_the_sensors_are_off_at_first_and_look_every_half_minute_or_five() -> None:
    seconds = {sensor.name: sensor.minimum_interval_seconds for sensor in build_notification_sensors()}
    assert {name for name, each in seconds.items() if each == SENSOR_SECONDS == 30} == {
        "notify_people",
        "look_after_a_failure",
    }
    assert {name for name, each in seconds.items() if each == WATCH_SECONDS == 300} == {
        "watch_late_runs",
        "watch_stuck_deliveries",
    }
    states = {sensor.default_status for sensor in build_notification_sensors()}
    assert states == {dg.DefaultSensorStatus.STOPPED}
