"""The jobs that are of no billing date."""

from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.defs.resource import BillingResource
from billing_assets.domain.payments import NewPayment, SourceKind
from billing_assets.store.connection import Database
from billing_assets.wiring.payment_desk import PaymentDesk
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import FIRST, Run, tamper

_BY_POST = (
    """
    insert into billing.payer_version (payer_id, company_id, content, content_sha256, batch_id)
    select payer_id, company_id, content, sha256(convert_to(content, 'UTF8')), batch_id from (
        select y.payer_id, y.company_id, y.batch_id,
            (y.content::jsonb || jsonb_build_object('channels', 'print_post'))::text as content
        from billing.delivery v join billing.document d using (document_id)
        join billing.invoice i using (invoice_id) join billing.payer_version y using (payer_version_id)
        where v.delivery_id = 1) as changed
    """,
    """
    update billing.intake_batch set control_totals = jsonb_set(control_totals, '{written_payer_count}',
        to_jsonb((control_totals ->> 'written_payer_count')::int + 1))
    """,
    "delete from billing.delivery_attempt where delivery_id = 1",
    """
    update billing.delivery v set state = 'queued', channel = 'print_post', reason_code = '',
        message_id = left(encode(sha256(convert_to(concat_ws(chr(31), c.company_code,
            billing.document_number(s.prefix, i.invoice_number), 'print_post', 'issue'), 'UTF8')), 'hex'), 32)
            || '@' || split_part(v.message_id, '@', 2)
    from billing.document d join billing.invoice i using (invoice_id)
    join billing.number_series s using (number_series_id)
    join billing.company c on c.company_id = i.company_id
    where v.delivery_id = 1 and d.document_id = v.document_id
    """,
)
"""The payer of the first delivery takes letters, and that delivery is one that waits."""


_OLDEST_OPEN = """
select i.total_minor, i.currency, p.payer_key from billing.invoice i join billing.payer p using (payer_id)
where i.document_kind = 'invoice' order by i.due_date, i.invoice_id limit 1
"""


def _execute(job: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    found = build_definitions(Settings(_env_file=None)).resolve_job_def(job)
    return found.execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture
def billed(run: Run) -> None:
    assert run(FIRST).success


def test_what_waits_is_sent_whatever_its_date(
    billed: None, store: Database, mailbox: MailboxServer, instance: dg.DagsterInstance
) -> None:
    before = len(list(mailbox.folder.iterdir()))
    tamper(store, "update billing.delivery set state = 'queued' where delivery_id = 1")
    tamper(store, "delete from billing.delivery_attempt where delivery_id = 1")
    assert _execute("retry_deliveries", instance).success
    assert len(list(mailbox.folder.iterdir())) > before


def test_with_nothing_waiting_nothing_is_sent(billed: None, instance: dg.DagsterInstance) -> None:
    assert _execute("retry_deliveries", instance).success


@pytest.mark.long
def test_what_failed_is_tried_again_by_a_job_of_no_date(
    run: Run, store: Database, instance: dg.DagsterInstance
) -> None:
    foreign = "update billing.policy_term_version set line_of_business = 'home', place_code = {0} where {1}"
    only_one = "policy_id = 10"
    tamper(store, foreign.format("'DE'", only_one))
    run(FIRST)
    tamper(store, foreign.format("'ES'", only_one).replace("'home'", "'motor'"))
    tamper(store, "update billing.billing_run set finalised_at = finalised_at - interval '1 hour'")
    result = _execute("retry_failed_invoices", instance)
    assert result.success
    metadata = next(event for event in result.all_events if event.is_successful_output)
    assert metadata.step_output_data.metadata["cleared_count"].value == 1
    assert _execute("retry_failed_invoices", instance).success


def test_what_came_in_is_allocated_by_a_job_of_no_date(
    billed: None, store: Database, instance: dg.DagsterInstance
) -> None:
    with store.transaction() as connection:
        owed = connection.execute(text(_OLDEST_OPEN)).one()
    with BillingResource() as resource, resource.open() as program:
        desk = PaymentDesk(program)
        payment = NewPayment(
            source_kind=SourceKind.CASH,
            external_key="receipt-1",
            currency=owed.currency,
            amount_minor=owed.total_minor,
            value_date=desk.today,
            booking_date=desk.today,
            payer_key=owed.payer_key,
        )
        assert desk.add(payment, "ana")
    assert _count_of(_execute("allocate_payments", instance), "allocation_count") == 1
    assert _count_of(_execute("allocate_payments", instance), "allocation_count") == 0


def _count_of(result: dg.ExecuteInProcessResult, name: str) -> object:
    assert result.success
    output = next(event for event in result.all_events if event.is_successful_output)
    return output.step_output_data.metadata[name].value


def test_a_clean_store_passes_every_check(billed: None, instance: dg.DagsterInstance) -> None:
    assert _execute("check_invariants", instance).success


def test_a_broken_invariant_fails_the_job_by_its_name(
    billed: None, store: Database, instance: dg.DagsterInstance
) -> None:
    tamper(store, "update billing.invoice set due_date = due_date + 1 where invoice_id = 1")
    result = _execute("check_invariants", instance)
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "I0" in str(failure.step_failure_data.user_failure_data or failure.step_failure_data.error)


def test_what_goes_by_post_is_written_where_the_settings_say(
    billed: None,
    store: Database,
    mailbox: MailboxServer,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    monkeypatch.setenv("BILLING_PRINT_FOLDER", str(folder))
    for statement in _BY_POST:
        tamper(store, statement)
    assert _execute("retry_deliveries", instance).success
    (batch,) = folder.iterdir()
    assert len(list(batch.glob("*.pdf"))) == 1
