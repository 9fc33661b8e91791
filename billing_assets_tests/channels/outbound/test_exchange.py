"""One POST tells exactly how far it came, speaks to nobody it should not, and ends in time."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.outbound import Exchange, Outbound, OutboundSettings, Reach
from billing_assets.channels.outbound.wire import BoundedStream
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.certificates import self_signed
from billing_assets_tests.channels.email.servers import server_tls
from billing_assets_tests.channels.outbound.servers import (
    NAME,
    Call,
    HttpLab,
    answering,
    here,
    lab_outbound,
    taking,
)

BODY = b'{"a":1}'


def _post(url: str, body: bytes = BODY, **changes: Any) -> Exchange:
    return lab_outbound(**changes).post(url, {"Content-Type": "application/json"}, body)


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return self_signed(tmp_path_factory.mktemp("tls"), NAME)


def test_a_request_arrives_as_it_was_written_and_its_answer_comes_back() -> None:
    with HttpLab(answering("201 Created", "thanks", Retry_After="3")) as lab:
        exchange = _post(lab.url(path="/in?key=1"))
    heard = lab.heard[0]
    assert (heard.line, heard.body) == ("POST /in?key=1 HTTP/1.1", BODY)
    assert heard.headers["host"] == f"127.0.0.1:{lab.port}"
    assert heard.headers["connection"] == "close"
    assert (exchange.reach, exchange.status, exchange.is_whole) == (Reach.ANSWERED, 201, True)
    assert (exchange.text, exchange.headers["retry-after"]) == ("thanks", "3")


def test_the_certificate_is_checked_by_the_name_while_the_address_is_pinned(
    tls_files: tuple[str, str],
) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",)

    with HttpLab(tls=server_tls(*tls_files)) as lab:
        exchange = _post(lab.url("https", NAME), resolve=resolve, ca_file=tls_files[0])
    assert exchange.reach is Reach.ANSWERED
    assert asked == [NAME]
    assert lab.server_names == [NAME]
    assert lab.heard[0].headers["host"] == f"{NAME}:{lab.port}"


def test_a_certificate_of_nobody_known_or_of_another_name_is_no_tls(tls_files: tuple[str, str]) -> None:
    with HttpLab(tls=server_tls(*tls_files)) as lab:
        unknown = _post(lab.url("https", NAME), resolve=here)
        other = _post(lab.url("https", "other.example"), resolve=here, ca_file=tls_files[0])
    assert (unknown.reach, other.reach) == (Reach.NO_TLS, Reach.NO_TLS)
    assert [heard.body for heard in lab.heard] in ([], [b""], [b"", b""])


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_server_without_tls_or_without_a_word_is_no_tls(words: bytes) -> None:
    def script(call: Call) -> None:
        call.hear_bytes(1)
        if words:
            call.say(words)
        call.wait_for_the_end()

    with HttpLab(script) as lab:
        assert _post(lab.url("https", NAME), resolve=here, connect_seconds=0.3).reach is Reach.NO_TLS


def test_a_name_with_one_address_that_is_not_public_is_not_spoken_to() -> None:
    with HttpLab() as lab:
        for addresses in (["127.0.0.1"], ["9.9.9.9", "10.0.0.5"], ["9.9.9.9", "::ffff:9.9.9.9"]):
            outbound = Outbound(OutboundSettings(), lambda _h, _p, found=addresses: found)  # type: ignore[misc]
            assert outbound.post(lab.url("https", NAME), {}, BODY).reach is Reach.NOT_PUBLIC
    assert lab.connection_count == 0


def test_plain_http_is_for_this_machine_alone_even_where_loopback_is_allowed() -> None:
    assert _post("http://push.example/", resolve=lambda _h, _p: ["9.9.9.9"]).reach is Reach.NOT_PUBLIC
    assert Outbound().post("http://127.0.0.1/", {}, BODY).reach is Reach.BAD_URL


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_this_machine_is_found_out_however_its_number_is_written(host: str) -> None:
    reach = Outbound(OutboundSettings(connect_seconds=2)).post(f"https://{host}/", {}, BODY).reach
    assert reach in {Reach.NOT_PUBLIC, Reach.NOT_CONNECTED}


def test_a_name_of_this_machine_is_not_public() -> None:
    assert Outbound().post("https://localhost/", {}, BODY).reach is Reach.NOT_PUBLIC


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    with HttpLab() as lab:
        assert _post(lab.url()).reach is Reach.ANSWERED


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with HttpLab() as other, HttpLab(answering("307 Moved", Location=other.url())) as lab:
        assert _post(lab.url()).status == 307
    assert (lab.connection_count, other.connection_count) == (1, 0)


def test_nobody_there_and_no_name_are_not_connected() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert _post(f"http://127.0.0.1:{taken.getsockname()[1]}/").reach is Reach.NOT_CONNECTED

    def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise socket.gaierror("no such name")

    assert _post("https://push.example/", resolve=unknown).reach is Reach.NOT_CONNECTED
    assert _post("https://push.example/", resolve=lambda _h, _p: ()).reach is Reach.NOT_CONNECTED


def test_a_connection_lost_before_the_body_was_begun_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()

    def hang_up(call: Call) -> None:
        call.hear_head()
        call.close()
        closed.set()

    listening = BoundedStream.require_listening

    def late(stream: BoundedStream) -> None:
        closed.wait(10)
        listening(stream)

    monkeypatch.setattr(BoundedStream, "require_listening", late)
    with HttpLab(hang_up) as lab:
        exchange = _post(lab.url())
    assert (exchange.reach, exchange.is_whole) == (Reach.NOT_BEGUN, False)


def _reset_in_body(call: Call) -> None:
    call.hear_head()
    call.hear_bytes(1000)
    call.reset()


def _close_after_body(call: Call) -> None:
    call.hear()


def _silent_after_body(call: Call) -> None:
    call.hear()
    call.wait_for_the_end()


def _deaf(call: Call) -> None:
    call.hear_head()
    threading.Event().wait(1)


@pytest.mark.parametrize("script", [_reset_in_body, _close_after_body, _silent_after_body, _deaf])
def test_once_the_body_was_begun_only_an_answer_tells(script: Any) -> None:
    with HttpLab(script) as lab:
        exchange = _post(lab.url(), b"x" * 16_000_000, read_seconds=0.4, write_seconds=0.4)
    assert (exchange.reach, exchange.status) == (Reach.BEGUN, 0)
    assert lab.connection_count == 1


@pytest.mark.parametrize(
    "answer",
    [
        *(b"SSH-2.0-lab\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"\r\n\r\n", b"{}"),
        *(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\n" + b"A: " + b"a" * 200_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    ],
)
def test_an_answer_outside_http_is_no_answer(answer: bytes) -> None:
    def script(call: Call) -> None:
        call.hear()
        call.say(answer)

    with HttpLab(script) as lab:
        assert _post(lab.url()).reach is Reach.BEGUN


def test_an_answer_that_comes_in_the_middle_of_the_body_counts() -> None:
    def script(call: Call) -> None:
        call.hear_head()
        call.answer("413 Too Large", "too big")
        call.sock.shutdown(socket.SHUT_WR)
        call.wait_for_the_end()

    with HttpLab(script) as lab:
        exchange = _post(lab.url(), b"x" * 4_000_000)
    assert (exchange.status, exchange.text) == (413, "too big")


def test_a_server_that_drips_its_answer_is_left_when_the_time_is_over() -> None:
    def drip(call: Call) -> None:
        call.hear()
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 200:
            call.say(bytes([byte]))
            time.sleep(0.03)

    started = time.monotonic()
    with HttpLab(drip) as lab:
        exchange = _post(lab.url(), whole_seconds=0.5)
        assert time.monotonic() - started < 3
    assert exchange.reach is Reach.BEGUN


def test_a_body_that_drips_or_breaks_off_changes_nothing_of_the_status() -> None:
    def drip(call: Call) -> None:
        call.hear()
        call.say(b"HTTP/1.1 503 Busy\r\nContent-Length: 500\r\n\r\n")
        for _ in range(100):
            call.say(b"slow ")
            time.sleep(0.03)

    started = time.monotonic()
    with HttpLab(drip) as lab:
        exchange = _post(lab.url(), whole_seconds=0.5)
        assert time.monotonic() - started < 3
    assert (exchange.reach, exchange.status) == (Reach.ANSWERED, 503)
    assert exchange.text.startswith("slow slow")


def test_of_a_huge_answer_the_beginning_is_read_and_no_half_word() -> None:
    def talk(call: Call) -> None:
        call.hear()
        call.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            call.say(b"jane.roe@example.com ja " * 5000)

    with HttpLab(talk) as lab:
        exchange = _post(lab.url())
    assert exchange.status == 200
    assert 16_000 < len(exchange.text) <= 16_384
    assert set(exchange.text.split()) == {"jane.roe@example.com", "ja"}


def test_a_compressed_answer_is_not_unpacked() -> None:
    with HttpLab(answering("200 OK", "x" * 100, Content_Encoding="gzip")) as lab:
        exchange = _post(lab.url())
    assert (exchange.status, exchange.text) == (200, "")


def test_an_interruption_goes_through_and_leaves_no_connection() -> None:
    def interrupted(_host: str, _port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    ended = threading.Event()

    def script(call: Call) -> None:
        call.hear()
        call.wait_for_the_end()
        ended.set()

    def interrupt(_stream: BoundedStream, _max_bytes: int, timeout: float | None = None) -> bytes:
        raise KeyboardInterrupt

    with HttpLab(script) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundedStream, "read", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _post(lab.url(), resolve=interrupted)
        assert ended.wait(10)


def test_settings_that_cannot_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="outbound_settings_invalid"):
        OutboundSettings(read_seconds=0)
    with pytest.raises(BillingError, match="outbound_ca_file_unreadable"):
        Outbound(OutboundSettings(ca_file=str(tmp_path / "none.pem")))
    with pytest.raises(BillingError, match="endpoint_url_invalid"):
        Outbound().require_usable("http://api.example.com/")
    Outbound().require_usable("https://api.example.com/")


def test_many_threads_may_post_at_once() -> None:
    outbound = lab_outbound()
    with HttpLab(taking) as lab:
        found: list[Exchange] = []
        threads = [
            threading.Thread(target=lambda: found.append(outbound.post(lab.url(), {}, BODY)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [exchange.status for exchange in found] == [200] * 8
