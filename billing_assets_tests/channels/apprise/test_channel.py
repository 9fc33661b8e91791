"""One attempt by Apprise against real receivers: taken, refused, nobody there, no answer, no word."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from billing_assets.channels.apprise import HTTP_SCHEMES, AppriseChannel
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets_tests.hooks import HookServer, hook_server

CHANNEL = AppriseChannel(timeout_seconds=1)


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


def test_a_message_that_is_taken_is_sent_with_title_and_text(hook: HookServer) -> None:
    result = CHANNEL.send(hook.url, "one headline", "one text")
    assert (result.state, result.reply_code, result.reason_code) == (DeliveryState.SENT, 200, "accepted")
    (body,) = hook.bodies
    assert (body["title"], body["message"].strip()) == ("one headline", "one text")


@pytest.mark.long
@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_refusal_waits_for_another_try_and_is_asked_only_once_even_where_the_url_wants_more(
    hook: HookServer, status: int
) -> None:
    hook.answers = [status]
    result = CHANNEL.send(f"{hook.url}?retry=3&wait=0.1", "title", "text")
    assert (result.state, result.reply_code, result.reason_code) == (
        DeliveryState.QUEUED,
        status,
        "http_refused",
    )
    assert len(hook.bodies) == 1


@pytest.mark.long
def test_a_receiver_that_hangs_may_have_taken_the_message(hook: HookServer) -> None:
    hook.answers = [0]
    result = CHANNEL.send(hook.url, "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer")
    assert len(hook.bodies) == 1


def test_a_receiver_that_hangs_up_without_an_answer_may_have_taken_the_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(60)

        def take_and_hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=take_and_hang_up)
        thread.start()
        result = CHANNEL.send(f"json://127.0.0.1:{port}/x", "title", "text")
        thread.join()
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer")


@pytest.mark.long
def test_a_receiver_that_drips_its_answer_ends_with_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_over = threading.Event()
        server.settimeout(60)

        def drip() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            with connection:
                while not is_over.wait(0.3):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        port = server.getsockname()[1]
        result = AppriseChannel(timeout_seconds=1).send(f"json://127.0.0.1:{port}/x", "title", "text")
        is_over.set()
        thread.join()
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer")


def test_where_nobody_listens_nothing_was_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = CHANNEL.send(f"json://127.0.0.1:{port}/x", "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "connect_failed")


def test_of_a_service_that_does_not_speak_http_nobody_can_tell_why_it_failed() -> None:
    channel = AppriseChannel([*HTTP_SCHEMES, "mailto"], timeout_seconds=1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"mailto://127.0.0.1:{port}?from=a@example.com&to=b@example.com"
    result = channel.send(url, "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_word")


def test_a_part_that_was_accepted_is_never_sent_again_by_itself(hook: HookServer) -> None:
    """Two targets in one URL are two requests."""
    hook.answers = [200, 500]
    port = hook.server_address[1]
    result = CHANNEL.send(f"mmost://127.0.0.1:{port}/{'t' * 24}?to=one,two", "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "partly_accepted")


def test_where_the_program_does_not_even_start_nothing_was_sent(
    hook: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    result = CHANNEL.send(hook.url, "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.QUEUED, "not_started")
    with pytest.raises(BillingError, match="did not start"):
        CHANNEL.require_usable(hook.url)


def test_a_scheme_that_is_not_allowed_is_never_asked(hook: HookServer) -> None:
    result = AppriseChannel(["slack"]).send(hook.url, "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.FAILED, "scheme_not_allowed")
    assert not hook.bodies


def test_a_url_is_looked_at_without_asking_its_service(hook: HookServer) -> None:
    CHANNEL.require_usable(hook.url)
    assert not hook.bodies


@pytest.mark.parametrize("url", ["slack://only-one-token", "syslog://"])
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BillingError) as refused:
        CHANNEL.require_usable(url)
    assert refused.value.code == "channel_invalid"
    assert "only-one-token" not in str(refused.value)


def test_a_url_that_cannot_be_used_any_more_waits_for_a_person() -> None:
    result = CHANNEL.send("slack://only-one-token", "title", "text")
    assert (result.state, result.reason_code) == (DeliveryState.FAILED, "bad_channel")


KNOWN = """
import apprise
kinds = ("protocols", "secure_protocols")
for service in apprise.Apprise().details()["schemas"]:
    for kind in kinds:
        for name in service[kind] or ():
            print(name)
"""


def test_every_scheme_of_the_list_is_one_that_apprise_knows() -> None:
    done = subprocess.run([sys.executable, "-c", KNOWN], capture_output=True, text=True, check=True)
    assert set(HTTP_SCHEMES) <= set(done.stdout.split())
