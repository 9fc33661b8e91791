"""One attempt by Apprise, and what it came to.

Belongs here: starting the program that asks, reading what it saw. Does not belong here: Apprise itself
(``program``).

The URL goes to the program by stdin, where no list of processes shows it, and nothing that the program writes
beside its answer is kept: it may quote the URL.
"""

import json
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from billing_assets.channels.apprise.program import BEGUN
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import scheme_of

HTTP_SCHEMES: Final = (
    *("json", "jsons", "form", "forms", "xml", "xmls", "slack", "workflow", "workflows", "pagerduty"),
    *("opsgenie", "discord", "gchat", "mmost", "mmosts", "rocket", "rockets", "tgram", "ntfy", "ntfys"),
    *("gotify", "gotifys", "pover", "wxteams", "zulip", "jira", "splunk"),
)
"""Services that speak HTTP alone, so that it can be told whether they may have taken a message."""

_START_SECONDS: Final = 60


class AppriseChannel:
    """Hands messages to the services that Apprise URLs name, of the schemes that are allowed.

    ``timeout_seconds`` bounds connecting and each wait for the service; the whole of an attempt ends after
    twice that and some seconds.
    """

    def __init__(self, schemes: Collection[str] = HTTP_SCHEMES, timeout_seconds: int = 30) -> None:
        """Take the allowed schemes and the time-out; nothing is started yet."""
        self._schemes = frozenset(schemes)
        self._timeout_seconds = timeout_seconds

    def require_usable(self, url: str) -> None:
        """Raise ``channel_invalid`` unless Apprise takes the URL, of an allowed scheme; asks no service."""
        scheme = scheme_of(url)
        if scheme not in self._schemes:
            raise BillingError(
                "channel_invalid",
                f"'{scheme[:20]}' is not among the services that are allowed here",
                f"choose from {', '.join(sorted(self._schemes))}, or add it to BILLING_NOTIFICATION_SCHEMES",
            )
        answer = self._ask(url, "", "", is_dry=True)
        if "is_usable" not in answer:
            raise BillingError(
                "channel_unchecked",
                f"the program that knows the services of '{scheme}' did not start",
                "look whether memory or disk are full, and add the channel again",
            )
        if not answer["is_usable"]:
            raise BillingError(
                "channel_invalid",
                f"Apprise cannot read this URL of '{scheme}'",
                "see the page of the service in Apprise's documentation, and quote the URL in the shell",
            )

    def send(self, url: str, title: str, body: str) -> SendResult:
        """Try once, and return what came of it.

        ``sent``: the service took it. ``queued``: it refused, or no connection came about. ``unknown``: no
        answer came to what had left, a part was accepted, or nobody can tell. ``failed``: the URL cannot be
        used.
        """
        if scheme_of(url) not in self._schemes:
            return _result(DeliveryState.FAILED, "scheme_not_allowed")
        answer = self._ask(url, title, body, is_dry=False)
        if "is_usable" not in answer:
            is_lost = answer["has_begun"]
            state = DeliveryState.UNKNOWN if is_lost else DeliveryState.QUEUED
            return _result(state, "no_answer" if is_lost else "not_started")
        if not answer["is_usable"]:
            return _result(DeliveryState.FAILED, "bad_channel")
        return _meaning(answer, scheme_of(url))

    def _ask(self, url: str, title: str, body: str, *, is_dry: bool) -> dict[str, Any]:
        """Run the program and return its answer, or how far it came where it took too long or died."""
        order = {
            "url": url,
            "title": title,
            "body": body,
            "timeout_seconds": self._timeout_seconds,
            "is_dry": is_dry,
        }
        try:
            said: str | bytes = subprocess.run(
                [sys.executable, "-m", "billing_assets.channels.apprise.program"],
                input=json.dumps(order),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=False,
                timeout=2 * self._timeout_seconds + _START_SECONDS,
            ).stdout
        except subprocess.TimeoutExpired as error:
            said = error.stdout or b""
        return _last_word(said.decode() if isinstance(said, bytes) else said)


def _last_word(said: str) -> dict[str, Any]:
    """Return the answer of the program; where it has none, whether a message may have left."""
    lines = said.split()
    with suppress(ValueError):
        answer = json.loads(said.rstrip().rpartition("\n")[2])
        if isinstance(answer, dict):
            return answer
    return {"has_begun": BEGUN in lines}


def _meaning(answer: dict[str, Any], scheme: str) -> SendResult:
    """Return what the wire tells of an attempt that Apprise says worked or not."""
    status = int(answer["last_status"])
    if answer["is_sent"]:
        return _result(DeliveryState.SENT, "accepted", status)
    if answer["is_waiting"]:
        return _result(DeliveryState.UNKNOWN, "no_answer")
    if answer["accepted_count"]:
        return _result(DeliveryState.UNKNOWN, "partly_accepted", status)
    if status:
        return _result(DeliveryState.QUEUED, "http_refused", status)
    if scheme in HTTP_SCHEMES:
        return _result(DeliveryState.QUEUED, "connect_failed")
    return _result(DeliveryState.UNKNOWN, "no_word")


def _result(state: DeliveryState, reason_code: str, reply_code: int = 0) -> SendResult:
    return SendResult(state=state, reply_code=reply_code, reason_code=reason_code, reply_text="")
