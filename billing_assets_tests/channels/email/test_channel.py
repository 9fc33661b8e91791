"""Every end an SMTP dialogue can have gives its exact outcome."""

import socket
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.email import EmailChannel, SmtpSettings
from billing_assets.domain.deliveries import CHANNEL_FAULTS, Attachment, DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.certificates import self_signed
from billing_assets_tests.channels.email.samples import PDF, parts
from billing_assets_tests.channels.email.servers import Dialogue, LabServer, ScriptedServer, server_tls


def _send_once(settings: SmtpSettings) -> SendResult:
    with EmailChannel(settings) as channel:
        return channel.send(parts())


@pytest.mark.parametrize(
    ("mode", "state", "code", "reason", "kept_count"),
    [
        ("ok", "sent", 250, "accepted", 1),
        ("mail_553", "queued", 553, "sender_refused", 0),
        ("rcpt_450", "queued", 450, "greylisted", 0),
        ("rcpt_550", "failed", 550, "mailbox_unavailable", 0),
        ("rcpt_421", "queued", 421, "service_not_available", 0),
        ("data_451", "queued", 451, "refused_for_now", 0),
        ("data_552", "failed", 552, "message_too_big", 0),
        ("drop_before_keep", "unknown", 0, "no_answer_after_data", 0),
        ("drop_after_keep", "unknown", 0, "no_answer_after_data", 1),
    ],
)
def test_each_fault_of_the_lab_has_its_outcome(
    mode: str, state: str, code: int, reason: str, kept_count: int
) -> None:
    with LabServer(mode) as server:
        result = _send_once(server.settings())
        assert (result.state, result.reply_code, result.reason_code) == (state, code, reason)
        assert len(server.kept) == kept_count


def test_silence_after_the_final_dot_is_unknown() -> None:
    with LabServer("stall_after_keep") as server:
        result = _send_once(server.settings(answer_timeout_seconds=1))
        assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer_after_data")
        assert len(server.kept) == 1


def test_after_an_unknown_the_next_message_goes_out_on_a_new_connection() -> None:
    with LabServer("drop_after_keep") as server, EmailChannel(server.settings()) as channel:
        assert channel.send(parts(1)).state is DeliveryState.UNKNOWN
        server.mode = "ok"
        assert channel.send(parts(2)).state is DeliveryState.SENT
        assert server.connection_count == 2
        assert len(server.kept) == 2


def test_a_connection_reset_within_the_body_leaves_the_message_queued() -> None:
    def drop_in_body(dialogue: Dialogue) -> None:
        dialogue.greet()
        dialogue.go_to_data()
        dialogue.say("354 go")
        dialogue.hear()
        dialogue.reset()

    big = Attachment(file_name="big.pdf", media_type="application/pdf", content=b"\0" * 8_000_000)
    with ScriptedServer(drop_in_body) as server, EmailChannel(server.settings()) as channel:
        result = channel.send(parts(attachments=(big,)))
    assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "connection_lost_before_data")


def test_an_answer_that_comes_before_the_final_dot_counts_and_the_dot_is_never_sent() -> None:
    rest: list[bytes] = []

    def answer_early(dialogue: Dialogue) -> None:
        dialogue.greet()
        dialogue.go_to_data()
        dialogue.say("354 go", "552 5.3.4 too big")
        rest.append(dialogue.hear_rest())

    with ScriptedServer(answer_early) as server:
        result = _send_once(server.settings())
    assert (result.state, result.reply_code, result.reason_code) == ("failed", 552, "message_too_big")
    assert rest[0].endswith(b"--\r\n")
    assert b"\r\n.\r\n" not in rest[0]


@pytest.mark.parametrize("after", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_content_leaves_the_message_queued(after: str) -> None:
    def hang_up_at(dialogue: Dialogue) -> None:
        dialogue.greet()
        while not dialogue.hear().startswith(after):
            dialogue.say("250 go on")

    with ScriptedServer(hang_up_at) as server:
        result = _send_once(server.settings())
    assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "connection_lost_before_data")


@pytest.mark.parametrize("answer", ["nonsense", "354 again", "199 what"])
def test_an_unreadable_answer_to_the_final_dot_is_unknown(answer: str) -> None:
    def mumble(dialogue: Dialogue) -> None:
        dialogue.greet()
        dialogue.go_to_data()
        dialogue.say("354 go")
        dialogue.hear_content()
        dialogue.say(answer)
        dialogue.hear()

    with ScriptedServer(mumble) as server:
        result = _send_once(server.settings())
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer_after_data")


def _idle_then_close(dialogue: Dialogue) -> None:
    dialogue.greet()
    dialogue.take_message()


def _idle_then_421(dialogue: Dialogue) -> None:
    _idle_then_close(dialogue)
    dialogue.say("421 4.4.2 idle too long")


def _take_one(dialogue: Dialogue) -> None:
    dialogue.greet()
    dialogue.take_message()
    dialogue.hear()
    dialogue.say("221 bye")


@pytest.mark.parametrize("stale", [_idle_then_close, _idle_then_421])
def test_a_connection_gone_stale_between_messages_is_replaced_once(stale: object) -> None:
    assert callable(stale)
    with ScriptedServer(stale, _take_one) as server, EmailChannel(server.settings()) as channel:
        assert channel.send(parts(1)).state is DeliveryState.SENT
        assert channel.send(parts(2)).state is DeliveryState.SENT
        assert channel.connection_count == 2


def test_a_new_connection_that_fails_is_not_tried_again() -> None:
    with ScriptedServer(lambda d: d.say("421 4.3.2 busy"), _take_one) as server:
        result = _send_once(server.settings())
        assert (result.state, result.reply_code, result.reason_code) == (
            "queued",
            421,
            "service_not_available",
        )
        assert server.connection_count == 1
        assert _send_once(server.settings()).state is DeliveryState.SENT


def test_a_refused_connection_leaves_the_message_queued() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = _send_once(SmtpSettings(host="127.0.0.1", port=port, security="none", timeout_seconds=5))
    assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "connect_failed")


def test_two_hundred_messages_go_over_one_connection() -> None:
    with LabServer() as server:
        with EmailChannel(server.settings(max_messages_per_connection=1000)) as channel:
            assert {channel.send(parts(n)).state for n in range(200)} == {DeliveryState.SENT}
        assert server.connection_count == channel.connection_count == 1
        assert len(server.kept) == 200


def test_a_connection_carries_no_more_messages_than_the_settings_allow() -> None:
    with LabServer() as server:
        with EmailChannel(server.settings(max_messages_per_connection=4)) as channel:
            assert {channel.send(parts(n)).state for n in range(10)} == {DeliveryState.SENT}
        assert server.connection_count == 3


def test_a_refused_recipient_does_not_touch_the_next_message_on_the_same_connection() -> None:
    with LabServer("rcpt_550") as server, EmailChannel(server.settings()) as channel:
        assert channel.send(parts(1)).state is DeliveryState.FAILED
        server.mode = "ok"
        assert channel.send(parts(2, to_email="other@example.net")).state is DeliveryState.SENT
        assert [e.rcpt_tos for e in server.kept] == [["other@example.net"]]
        assert server.connection_count == 1


def test_a_421_closes_the_connection_and_the_next_message_opens_another() -> None:
    with LabServer("rcpt_421") as server, EmailChannel(server.settings()) as channel:
        assert channel.send(parts(1)).state is DeliveryState.QUEUED
        server.mode = "ok"
        assert channel.send(parts(2)).state is DeliveryState.SENT
        assert server.connection_count == 2


def test_reply_text_shows_no_address_and_no_local_part() -> None:
    with LabServer("rcpt_550") as server:
        result = _send_once(server.settings())
    assert result.reply_text == "5.1.1 <j***@example.org>: user j*** unknown"


def test_what_arrives_is_what_was_written() -> None:
    with LabServer() as server:
        _send_once(server.settings(bounce_email="bounces@example.net"))
    envelope = server.kept[0]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.mail_from == "bounces@example.net"
    assert [a.get_payload(decode=True) for a in message.iter_attachments()] == [PDF]
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == parts().text


def test_a_local_part_beyond_ascii_uses_smtputf8_where_offered() -> None:
    with LabServer() as server, EmailChannel(server.settings()) as channel:
        assert channel.send(parts(1, to_email="jürgen@bücher.example")).state is DeliveryState.SENT
        assert channel.send(parts(2)).state is DeliveryState.SENT
        assert server.kept[0].rcpt_tos == ["jürgen@xn--bcher-kva.example"]
        assert ["SMTPUTF8" in options for options in server.mail_options] == [True, False]


def test_a_local_part_beyond_ascii_fails_where_smtputf8_is_not_offered() -> None:
    with LabServer(enable_SMTPUTF8=False) as server, EmailChannel(server.settings()) as channel:
        result = channel.send(parts(1, to_email="jürgen@example.org"))
        assert (result.state, result.reason_code) == (DeliveryState.FAILED, "smtputf8_not_offered")
        assert channel.send(parts(2)).state is DeliveryState.SENT


def test_a_message_that_cannot_be_built_fails_without_a_connection() -> None:
    with LabServer() as server, EmailChannel(server.settings()) as channel:
        assert (
            channel.send(parts(to_email="a@example.com\r\nBcc: b@example.com")).reason_code == "bad_address"
        )
        assert channel.send(parts(subject="x\r\nBcc: b@example.com")).reason_code == "bad_message"
        assert channel.connection_count == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"from_email": "Facturas <f@example.com>"},
        {"message_id": "inv-1@bad domain@x"},
        {"from_name": "Acme\r\nBcc: b@example.com"},
    ],
)
def test_a_fault_of_the_sender_is_a_fault_of_the_channel_and_leaves_the_message_queued(
    changes: dict[str, Any],
) -> None:
    with LabServer() as server, EmailChannel(server.settings()) as channel:
        result = channel.send(parts(**changes))
    assert (result.state, result.reason_code) == ("queued", "bad_sender")
    assert result.reason_code in CHANNEL_FAULTS


def test_settings_show_nothing_secret_or_personal_in_their_repr() -> None:
    shown = repr(
        SmtpSettings(
            host="h.example", port=25, username="user7", password="pass7", bounce_email="p7@example.com"
        )
    )
    assert not [word for word in ("user7", "pass7", "p7@") if word in shown]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"port": 0}, "smtp_settings_invalid"),
        ({"host": "a b"}, "smtp_settings_invalid"),
        ({"timeout_seconds": 0}, "smtp_settings_invalid"),
        ({"security": "maybe"}, "smtp_settings_invalid"),
        ({"username": "u", "password": "p", "security": "none"}, "smtp_password_unprotected"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(BillingError) as caught:
        SmtpSettings(**{"host": "smtp.example.com", "port": 25, **changes})  # type: ignore[arg-type]
    assert caught.value.code == code


def test_an_unreadable_file_of_certificates_is_refused_at_once(tmp_path: Path) -> None:
    settings = SmtpSettings(host="smtp.example.com", port=25, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(BillingError, match="smtp_ca_file_unreadable"):
        EmailChannel(settings)


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


def test_starttls_refuses_a_certificate_it_does_not_know(tls_files: tuple[str, str]) -> None:
    with LabServer(tls_context=server_tls(*tls_files)) as server:
        result = _send_once(server.settings(security="starttls"))
        assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "tls_failed")
        assert server.kept == []


def test_starttls_takes_a_certificate_of_the_given_authority(tls_files: tuple[str, str]) -> None:
    with LabServer(tls_context=server_tls(*tls_files), require_starttls=True) as server:
        with EmailChannel(server.settings(security="starttls", ca_file=tls_files[0])) as channel:
            assert {channel.send(parts(n)).state for n in range(3)} == {DeliveryState.SENT}
        assert server.connection_count == 1


def test_tls_from_the_first_byte_works_and_is_verified(tls_files: tuple[str, str]) -> None:
    with LabServer(ssl_context=server_tls(*tls_files)) as server:
        good = _send_once(server.settings(security="tls", ca_file=tls_files[0]))
        bad = _send_once(server.settings(security="tls"))
    assert (good.state, bad.state, bad.reason_code) == ("sent", "queued", "tls_failed")


def test_starttls_never_falls_back_to_plain_text() -> None:
    with LabServer() as server:
        result = _send_once(server.settings(security="starttls"))
        assert (result.state, result.reason_code, server.kept) == ("queued", "tls_failed", [])


def test_a_refused_password_leaves_the_message_queued() -> None:
    with LabServer(auth_require_tls=False) as server:
        result = _send_once(server.settings(username="user7", password="pass7"))
    assert (result.state, result.reply_code, result.reason_code) == ("queued", 535, "auth_failed")
    assert "7" not in result.reply_text.replace("5.7.8", "")
