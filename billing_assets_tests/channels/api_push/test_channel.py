"""One attempt against a real server gives its exact outcome, and a repeat is the same message."""

import json
import re
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.api_push import ApiPushChannel, PushEndpoint
from billing_assets.channels.outbound import Outbound, OutboundSettings
from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.api_push.samples import (
    ASKED_AT,
    NEW_SECRET,
    OLD_SECRET,
    endpoint,
    is_signed,
    push,
)
from billing_assets_tests.channels.certificates import self_signed
from billing_assets_tests.channels.email.servers import server_tls
from billing_assets_tests.channels.outbound.servers import (
    NAME,
    Call,
    HttpLab,
    Script,
    answering,
    here,
    lab_outbound,
    taking,
)


def _send_once(script: Script) -> SendResult:
    with HttpLab(script) as lab:
        return ApiPushChannel(lab_outbound(read_seconds=0.5)).send(endpoint(lab.url()), push())


def test_a_message_arrives_to_the_byte_and_signed_by_every_secret() -> None:
    with HttpLab() as lab:
        result = ApiPushChannel(lab_outbound()).send(endpoint(lab.url(), NEW_SECRET, OLD_SECRET), push())
    assert (result.state, result.reply_code, result.reason_code, result.reply_text) == (
        "sent",
        200,
        "accepted",
        "taken",
    )
    heard = lab.heard[0]
    assert json.loads(heard.body) == {"number": 1}
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["webhook-timestamp"] == str(int(ASKED_AT.timestamp()))
    assert is_signed(heard.headers, heard.body, NEW_SECRET)
    assert is_signed(heard.headers, heard.body, OLD_SECRET)


def test_over_tls_the_endpoint_is_known_by_its_name(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, NAME)
    with HttpLab(tls=server_tls(certificate, key)) as lab:
        target = endpoint(lab.url("https", NAME))
        known = ApiPushChannel(lab_outbound(resolve=here, ca_file=certificate)).send(target, push())
        unknown = ApiPushChannel(lab_outbound(resolve=here)).send(target, push())
    assert (known.state, unknown.state, unknown.reason_code) == ("sent", "queued", "tls_failed")


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("204 No Content", "sent", "accepted"),
        ("302 Found", "failed", "redirected"),
        ("410 Gone", "failed", "endpoint_gone"),
        ("422 No", "failed", "rejected"),
        ("429 Slow Down", "queued", "too_many_requests"),
        ("500 Fault", "queued", "server_error"),
    ],
)
def test_what_the_endpoint_answers_is_what_comes_of_it(status: str, state: str, reason: str) -> None:
    result = _send_once(answering(status, Location="http://127.0.0.1:9/", Retry_After="7"))
    assert (result.state, result.reason_code, result.reply_code) == (state, reason, int(status[:3]))
    assert result.retry_after_seconds == (7 if state == "queued" else None)


def _cut_after_body(call: Call) -> None:
    call.hear()


def _stay_silent(call: Call) -> None:
    call.hear()
    call.wait_for_the_end()


def _mumble(call: Call) -> None:
    call.hear()
    call.say(b"250 ok\r\n\r\n")


@pytest.mark.parametrize("script", [_cut_after_body, _stay_silent, _mumble])
def test_without_an_answer_to_what_had_left_nobody_knows(script: Script) -> None:
    result = _send_once(script)
    assert (result.state, result.reason_code, result.reply_code) == ("unknown", "no_answer_after_request", 0)


@given(
    st.one_of(
        st.binary(max_size=80),
        st.builds(
            lambda *pieces: b"".join(pieces),
            st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/2 ", b"http/1.1 ", b"\r\nHTTP/1.1 "]),
            st.sampled_from(
                [b"200 OK", b"204", b"2 0 0", b"0200 OK", b"\xb2\xb0\xb0 OK", b"503", b"410 Gone"]
            ),
            st.sampled_from([b"\r\n", b"\n", b"\r\nA: b\r\n", b"\r\nContent-Length: -1\r\n", b""]),
            st.sampled_from([b"\r\n", b"\n", b"\r\nbody", b""]),
        ),
    )
)
def test_whatever_bytes_come_back_only_a_readable_yes_is_sent(answer: bytes) -> None:
    def script(call: Call) -> None:
        call.hear()
        call.say(answer)

    result = _send_once(script)
    if result.state == "sent":
        assert re.match(rb"\s*HTTP/1\.[01] 2\d\d\b", answer)
    else:
        assert result.state in {"failed", "queued", "unknown"}
        assert result.state != "unknown" or result.reason_code == "no_answer_after_request"


def test_a_server_that_drips_does_not_hold_us() -> None:
    def drip(call: Call) -> None:
        call.hear()
        for _ in range(200):
            call.say(b"H")
            time.sleep(0.03)

    started = time.monotonic()
    with HttpLab(drip) as lab:
        result = ApiPushChannel(lab_outbound(whole_seconds=0.5)).send(endpoint(lab.url()), push())
        assert time.monotonic() - started < 3
    assert result.state == "unknown"


def test_an_answer_that_is_cut_counts_from_the_end_of_its_headers_on() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    cuts = iter(range(len(answer) + 1))

    def say_a_part(call: Call) -> None:
        call.hear()
        call.say(answer[: next(cuts)])

    with HttpLab(say_a_part) as lab:
        channel = ApiPushChannel(lab_outbound())
        states = [channel.send(endpoint(lab.url()), push()).state for _ in range(len(answer) + 1)]
    readable = len(answer) - len(b"hello")
    assert states == ["unknown"] * readable + ["sent"] * (len(answer) + 1 - readable)


def test_a_yes_to_half_a_message_is_unknown() -> None:
    def agree_at_once(call: Call) -> None:
        call.hear_head()
        call.answer("200 OK", "fine")
        call.reset()

    with HttpLab(agree_at_once) as lab:
        result = ApiPushChannel(lab_outbound()).send(endpoint(lab.url()), push(payload=b"x" * 20_000_000))
    assert (result.state, result.reason_code) == ("unknown", "no_answer_after_request")


def test_nobody_there_leaves_the_message_queued() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        result = ApiPushChannel(lab_outbound()).send(endpoint(url), push())
    assert (result.state, result.reason_code) == ("queued", "connect_failed")


def test_a_second_attempt_has_the_same_id_and_content_and_its_own_time_and_signature() -> None:
    with HttpLab(taking) as lab:
        channel = ApiPushChannel(lab_outbound())
        channel.send(endpoint(lab.url()), push())
        channel.send(endpoint(lab.url()), push(dated_at=ASKED_AT.replace(hour=10)))
    first, second = lab.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert is_signed(second.headers, second.body, NEW_SECRET)


def test_what_cannot_be_pushed_fails_without_a_connection() -> None:
    with HttpLab() as lab:
        channel = ApiPushChannel(lab_outbound())
        assert channel.send(endpoint(lab.url()), push(message_id="a b")).reason_code == "bad_message"
        assert channel.send(endpoint(lab.url(), "whsec_short"), push()).reason_code == "bad_endpoint"
        assert channel.send(PushEndpoint(url=lab.url(), secrets=()), push()).reason_code == "bad_endpoint"
        assert channel.send(endpoint("https://user@x.example/"), push()).reason_code == "bad_endpoint"
        strict = ApiPushChannel(Outbound(OutboundSettings(), here))
        inner = strict.send(endpoint(lab.url("https", NAME)), push())
        assert (inner.state, inner.reason_code) == ("failed", "address_not_public")
    assert lab.connection_count == 0


def test_an_endpoint_can_be_checked_before_anything_is_sent() -> None:
    channel = ApiPushChannel()
    channel.require_usable(endpoint("https://api.example.com/in"))
    for wrong, code in (
        (endpoint("http://api.example.com/in"), "endpoint_url_invalid"),
        (endpoint("https://api.example.com/in", "secret"), "push_secret_invalid"),
    ):
        with pytest.raises(BillingError, match=code):
            channel.require_usable(wrong)
