"""The program that asks Apprise: one document in, one out, and what it saw of HTTP."""

import json
import subprocess
import sys

from billing_assets.channels.apprise.program import Wire
from billing_assets_tests.hooks import hook_server


def ask(order: dict[str, object]) -> tuple[dict[str, object], str]:
    done = subprocess.run(
        [sys.executable, "-m", "billing_assets.channels.apprise.program"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_it_tells_what_was_answered_and_never_the_url() -> None:
    with hook_server() as hook:
        hook.answers = [503]
        order = {"url": hook.url, "title": "t", "body": "b", "timeout_seconds": 2, "is_dry": False}
        answer, said = ask(order)
    assert answer == {
        "is_usable": True,
        "is_sent": False,
        "is_waiting": False,
        "last_status": 503,
        "accepted_count": 0,
    }
    assert "secret-token" not in said


def test_a_dry_order_asks_nobody() -> None:
    order = {"url": "json://127.0.0.1:1/x", "title": "", "body": "", "timeout_seconds": 2, "is_dry": True}
    assert ask(order)[0] == {"is_usable": True}


def test_an_answer_to_a_question_is_no_acceptance() -> None:
    wire = Wire()
    wire.answered("GET", 200)
    assert wire.accepted_count == 0
    wire.answered("POST", 201)
    wire.answered("POST", 500)
    assert (wire.accepted_count, wire.last_status) == (1, 500)
