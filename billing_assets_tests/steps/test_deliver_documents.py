"""Every document goes out once over real SMTP, or it is known why not."""

import email
import email.policy
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import GAVE_UP
from billing_assets.domain.errors import BillingError
from billing_assets.steps import deliver_documents as delivering
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.steps.dispatch import MAX_OUTAGES
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, fill_book
from billing_assets_tests.channels.email.servers import LabServer
from billing_assets_tests.documents.samples import RARE, added_fonts, cut_template
from billing_assets_tests.steps.outbox import (
    FEBRUARY,
    POLICIES,
    WITH_ADDRESS,
    bill_february,
    broken_invariants,
    outbox,
    states,
    use_port,
)

prepare = bill_february

_SPOIL_ADDRESS = """
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, replace(content, 'payer2@example.com', 'payer2 at example'), 'x', batch_id
from payer_version where payer_id = 2
"""

_RARE_NAME = f"""
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, content, sha256(convert_to(content, 'UTF8')), batch_id
from (select payer_id, company_id, batch_id, replace(content, 'Payer 2', 'Payer {RARE}') as content
    from payer_version where payer_id = 2) as renamed
"""

_ONE_PAYER_MORE = """
update intake_batch set control_totals = jsonb_set(control_totals, '{written_payer_count}',
    to_jsonb((control_totals ->> 'written_payer_count')::int + 1))
"""

_OTHER_LANGUAGE = """
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, content, sha256(convert_to(content, 'UTF8')), batch_id from (
    select payer_id, company_id, batch_id,
        regexp_replace(content, '"language" : "[a-z]*"', '"language" : "' || :language || '"') as content
    from payer_version where payer_id = 1) as other
"""


def resolve(billing: Billing, decision: Decision, delivery_id: int) -> None:
    billing.resolve(
        DecisionOrder(delivery_ids=(delivery_id,), decision=decision, note="why", decided_by="ana")
    )


def write_template(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def the_message_of(database: Database, folder: Path) -> EmailMessage:
    """Bill and deliver a book of one term, and return the message that was received."""
    with MailboxServer(folder / "mailbox") as mailbox, ExitStack() as stack:
        billing = billing_over(database, folder, stack, smtp_port=mailbox.port)
        billing.invoice(billing.order(FEBRUARY))
        billing.print(FEBRUARY)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 1
        (path,) = mailbox.messages()
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def test_each_payer_with_an_address_gets_one_message_and_the_other_a_reason(
    billing: Billing, tmp_path: Path
) -> None:
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        first, second = billing.deliver(FEBRUARY), billing.deliver(FEBRUARY)
        assert len(mailbox.messages()) == WITH_ADDRESS
    assert first.facts["sent_count"] == WITH_ADDRESS
    assert first.facts["without_address_count"] == 1
    assert first.facts["unprintable_count"] == 0
    assert second.facts["sent_count"] == second.facts["queued_count"] == 0
    (failed,) = [row for row in outbox(billing) if row[0] != "sent"]
    assert failed == ("failed", 0, "no_address", 0, "billing operations")


def test_what_was_refused_for_now_is_left_alone_by_retries_until_it_is_due(billing: Billing) -> None:
    with LabServer("rcpt_450") as server:
        use_port(billing, server.port)
        billing.deliver(FEBRUARY)
        server.mode = "ok"
        assert billing.waiting_dates(is_due_only=True) == []
        assert billing.waiting_dates() == [FEBRUARY]
        early = billing.deliver(FEBRUARY, is_due_only=True)
        later = Desk(billing).waiting_later(FEBRUARY)
        assert later.delivery_count == Desk(billing).waiting_later(None).delivery_count == WITH_ADDRESS
        assert later.first_at is not None
        assert later.last_at is not None
        assert utc_now() < later.first_at <= later.last_at <= utc_now() + timedelta(minutes=15)
        assert Desk(billing).waiting_later(FEBRUARY + timedelta(days=1)).delivery_count == 0
        assert (early.facts["sent_count"], len(server.kept)) == (0, 0)
        with billing.database.transaction() as connection:
            connection.execute(text("update delivery set next_attempt_at = now() where delivery_id = 1"))
        assert billing.waiting_dates(is_due_only=True) == [FEBRUARY]
        assert billing.deliver(FEBRUARY, is_due_only=True).facts["sent_count"] == 1
        assert Desk(billing).waiting_later(None).delivery_count == WITH_ADDRESS - 1
        assert billing.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS - 1
    assert broken_invariants(billing) == []


def test_a_number_with_a_slash_makes_a_plain_file_name(database: Database, tmp_path: Path) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, invoice_prefix="2024/"), AT)
    message = the_message_of(database, tmp_path)
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "2024-00000001.pdf"


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "text_language"),
    [("es", "es"), ("es-MX", "es"), ("en", "en"), ("it", "en"), ("de", "de"), ("", "en")],
)
def test_a_message_names_the_language_of_its_text(
    database: Database, tmp_path: Path, language: str, text_language: str
) -> None:
    """A language without a catalogue gets the English text, and that is what the header says."""
    fill_book(database, 1)
    with database.transaction() as connection:
        spoil = text(_OTHER_LANGUAGE)
        connection.execute(spoil, {"language": language})
    message = the_message_of(database, tmp_path)
    assert message["Content-Language"] == text_language


def test_a_transient_refusal_waits_and_the_next_call_sends_it(billing: Billing) -> None:
    with LabServer("rcpt_450") as server:
        use_port(billing, server.port)
        first = billing.deliver(FEBRUARY)
        assert states(billing) == {"queued": WITH_ADDRESS, "failed": 1}
        server.mode = "ok"
        second = billing.deliver(FEBRUARY)
        assert len(server.kept) == WITH_ADDRESS
    assert first.facts["waiting_count"] == second.facts["sent_count"] == WITH_ADDRESS
    assert {row[3] for row in outbox(billing) if row[0] == "sent"} == {2}


def test_a_message_refused_for_now_too_often_waits_for_a_person(billing: Billing) -> None:
    billing.settings = billing.settings.model_copy(update={"delivery_max_attempts": 2})
    with LabServer("rcpt_450") as server:
        use_port(billing, server.port)
        assert billing.deliver(FEBRUARY).facts["waiting_count"] == WITH_ADDRESS
        last = billing.deliver(FEBRUARY).facts
        assert (last["waiting_count"], last["failed_count"]) == (0, WITH_ADDRESS)
        server.mode = "ok"
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 0
        given = {row for row in outbox(billing) if row[3]}
        assert given == {("failed", 450, GAVE_UP, 2, "billing operations")}
        resolve(billing, Decision.AGAIN, 1)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 1
    assert broken_invariants(billing) == []


def test_a_server_that_is_down_uses_up_no_attempt(billing: Billing) -> None:
    billing.settings = billing.settings.model_copy(update={"delivery_max_attempts": 1})
    for _ in range(3):
        use_port(billing, 9)
        with pytest.raises(BillingError, match="channel_down"):
            billing.deliver(FEBRUARY)
    assert states(billing) == {"queued": WITH_ADDRESS, "failed": 1}


def test_a_message_goes_to_the_newest_address_and_what_had_none_follows_by_itself(
    billing: Billing, tmp_path: Path
) -> None:
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        change_address(billing.database, 1, "moved@example.com")
        assert billing.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS
        change_address(billing.database, 3, "found@example.com")
        second = billing.deliver(FEBRUARY).facts
        assert (second["address_found_count"], second["queued_count"], second["sent_count"]) == (1, 1, 1)
        kept = [email.message_from_bytes(path.read_bytes()) for path in mailbox.messages()]
    receivers = {str(message["To"]).strip("<>") for message in kept}
    assert {"moved@example.com", "found@example.com"} <= receivers
    assert "payer1@example.com" not in receivers


def test_a_refused_address_waits_for_a_person_though_a_newer_one_is_known(
    billing: Billing, tmp_path: Path
) -> None:
    with LabServer("rcpt_550") as server:
        use_port(billing, server.port)
        billing.deliver(FEBRUARY)
    change_address(billing.database, 1, "mended@example.com")
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 0
        resolve(billing, Decision.AGAIN, 1)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 1
        (message,) = [email.message_from_bytes(path.read_bytes()) for path in mailbox.messages()]
    assert str(message["To"]) == "<mended@example.com>"


def test_what_a_person_gives_up_while_others_are_sent_is_passed_over(
    billing: Billing, tmp_path: Path
) -> None:
    def give_up(stage: str, done: int, _total: int) -> None:
        if stage == "delivering" and done == 2:
            resolve(billing, Decision.GIVEN_UP, 6)

    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        facts = billing.deliver(FEBRUARY, progress=give_up).facts
        assert len(mailbox.messages()) == facts["sent_count"] == WITH_ADDRESS - 1
    assert broken_invariants(billing) == []


def test_an_invoice_that_no_font_could_print_leaves_once_a_font_was_added(
    database: Database, tmp_path: Path
) -> None:
    """Its template is frozen, its first rendering not yet: a page full of squares is never kept."""
    fill_book(database, POLICIES)
    with database.transaction() as connection:
        connection.execute(text(_RARE_NAME))
        connection.execute(text("set local role none"))
        connection.execute(text(_ONE_PAYER_MORE))
    folders = [
        write_template(tmp_path / "cut", cut_template().files),
        write_template(tmp_path / "mended", {**cut_template().files, **added_fonts()}),
    ]
    with MailboxServer(tmp_path / "mailbox") as mailbox, ExitStack() as stack:
        before, after = (
            billing_over(database, tmp_path, stack, smtp_port=mailbox.port, templates_dir=folder)
            for folder in folders
        )
        before.invoice(before.order(FEBRUARY))
        before.print(FEBRUARY)
        assert before.deliver(FEBRUARY).facts["failed_count"] == 1
        assert ("failed", 0, "unprintable", 1, "billing operations") in outbox(before)
        assert broken_invariants(before) == []
        resolve(after, Decision.AGAIN, 2)
        assert after.deliver(FEBRUARY).facts["sent_count"] == 1
        assert len(mailbox.messages()) == WITH_ADDRESS
    assert broken_invariants(after) == []


def test_a_permanent_refusal_fails_with_its_code_and_an_owner(billing: Billing) -> None:
    with LabServer("rcpt_550") as server:
        use_port(billing, server.port)
        billing.deliver(FEBRUARY)
        server.mode = "ok"
        assert billing.deliver(FEBRUARY).facts["sent_count"] == 0
        assert server.kept == []
    refused = [row for row in outbox(billing) if row[1]]
    assert {(row[0], row[1], row[3], row[4]) for row in refused} == {("failed", 550, 1, "billing operations")}
    assert len(refused) == WITH_ADDRESS


def test_a_connection_lost_after_the_message_is_unknown_and_is_never_sent_again(billing: Billing) -> None:
    with LabServer("drop_after_keep") as server:
        use_port(billing, server.port)
        first = billing.deliver(FEBRUARY)
        server.mode = "ok"
        second = billing.deliver(FEBRUARY)
        assert len(server.kept) == WITH_ADDRESS
    assert first.facts["unknown_count"] == WITH_ADDRESS
    assert second.facts["sent_count"] == 0
    unknown = {row for row in outbox(billing) if row[0] == "unknown"}
    assert unknown == {("unknown", 0, "no_answer_after_data", 1, "billing operations")}


def test_a_server_that_is_down_stops_the_batch_and_loses_nothing(billing: Billing, tmp_path: Path) -> None:
    use_port(billing, 9)
    with pytest.raises(BillingError) as caught:
        billing.deliver(FEBRUARY)
    assert caught.value.code == "channel_down"
    assert states(billing) == {"queued": WITH_ADDRESS, "failed": 1}
    assert sum(row[3] for row in outbox(billing)) == MAX_OUTAGES
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS


def test_a_payer_whose_address_cannot_work_is_a_failed_row_and_stops_nobody(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, POLICIES)
    with database.transaction() as connection:
        connection.execute(text(_SPOIL_ADDRESS))
    with ExitStack() as stack, MailboxServer(tmp_path / "mailbox") as mailbox:
        opened = billing_over(database, tmp_path, stack, smtp_port=mailbox.port)
        opened.invoice(opened.order(FEBRUARY))
        opened.print(FEBRUARY)
        assert opened.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS - 1
        reasons = sorted(row[2] for row in outbox(opened) if row[0] == "failed")
    assert reasons == ["bad_address", "no_address"]


def test_a_stop_between_two_messages_keeps_every_answer_and_leaves_none_in_the_air(
    billing: Billing, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "delivering" and done == 3:
            raise KeyboardInterrupt

    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        with pytest.raises(KeyboardInterrupt):
            billing.deliver(FEBRUARY, progress=stop)
        assert states(billing) == {"sent": 3, "queued": WITH_ADDRESS - 3, "failed": 1}
        billing.deliver(FEBRUARY)
        assert len(mailbox.messages()) == WITH_ADDRESS


def test_small_batches_send_the_same(
    billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "BATCH", 3)
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        assert billing.deliver(None).facts["sent_count"] == WITH_ADDRESS
        assert len(mailbox.messages()) == WITH_ADDRESS
