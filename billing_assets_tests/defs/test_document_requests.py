"""The sensor starts one run for all that is asked, none where nobody asks; the asset answers it."""

from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from billing_assets.definitions import build_definitions
from billing_assets.defs.document_requests import build_request_sensor
from billing_assets.domain.document_requests import DocumentWish, WantedDocument
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.requested_books import asking, desk_over

pytestmark = pytest.mark.long
EUROS = WantedDocument(document_kind=DocumentWish.STATEMENT, currency="EUR")
UNKNOWN = WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=("INV-99999999",))


def tick(instance: dg.DagsterInstance) -> SensorExecutionData:
    definitions = build_definitions(Settings(_env_file=None))
    context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
    return build_request_sensor().evaluate_tick(context)


def test_what_is_asked_starts_one_run_that_answers_it(
    store: Database, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert "nobody asks" in (tick(instance).skip_message or "")
    with ExitStack() as stack:
        desk = desk_over(store, tmp_path, stack)
        desk.ask(asking("a", EUROS))
        desk.ask(asking("b", UNKNOWN))
    assert len(tick(instance).run_requests or []) == 1
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("answer_requests")
    done = job.execute_in_process(instance=instance)
    (event,) = done.get_asset_materialization_events()
    facts = {name: each.value for name, each in event.materialization.metadata.items()}
    assert (facts["answered_count"], facts["waiting_count"], facts["statement_count"]) == (1, 1, 1)
    assert facts["left_waiting_count"] == 1
    assert not done.get_asset_check_evaluations()[0].passed
    assert not tick(instance).run_requests
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    with ExitStack() as stack:
        desk_over(store, tmp_path, stack).ask(asking("c", EUROS))
    assert "already" in (tick(instance).skip_message or "")


def test_mails_that_cannot_be_read_keep_no_payer_waiting(
    store: Database, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_REQUEST_FOLDER", str(tmp_path / "gone"))
    with ExitStack() as stack:
        desk = desk_over(store, tmp_path, stack)
        number, _is_new = desk.ask(asking("mailed", EUROS))
        job = build_definitions(Settings(_env_file=None)).resolve_job_def("answer_requests")
        with pytest.raises(BillingError, match="gone"):
            job.execute_in_process(instance=instance)
        assert desk.request(number).request.state == "answered"
