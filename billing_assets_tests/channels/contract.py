"""What every channel that hands documents over must keep, and the faults by which it is proved.

Belongs here: the faults, what each must come to, and how a channel joins: by a rig that plays them.
Does not belong here: the proof (``test_contract``), faults that only one channel can have (its own tests).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from billing_assets.channels import api_push, email
from billing_assets.channels.api_push import ApiPushChannel
from billing_assets.channels.email import EmailChannel, SmtpSettings
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets_tests.channels.api_push.samples import endpoint, push
from billing_assets_tests.channels.certificates import self_signed
from billing_assets_tests.channels.email.samples import parts
from billing_assets_tests.channels.email.servers import Dialogue, LabServer, ScriptedServer, server_tls
from billing_assets_tests.channels.outbound.servers import (
    NAME,
    Call,
    HttpLab,
    Script,
    answering,
    here,
    lab_outbound,
)

PERSON = "jane.roe@example.org"


class Fault(StrEnum):
    """What the other side does with a message."""

    TAKES = "takes"
    NOT_THERE = "not_there"
    GONE_BEFORE_CONTENT = "gone_before_content"
    REFUSES_FOR_GOOD = "refuses_for_good"
    REFUSES_FOR_NOW = "refuses_for_now"
    DROPS_AFTER_CONTENT = "drops_after_content"
    KEEPS_AND_DROPS = "keeps_and_drops"
    KEEPS_AND_FALLS_SILENT = "keeps_and_falls_silent"
    TALKS_NONSENSE = "talks_nonsense"


COMES_TO: Mapping[Fault, DeliveryState] = {
    Fault.TAKES: DeliveryState.SENT,
    Fault.NOT_THERE: DeliveryState.QUEUED,
    Fault.GONE_BEFORE_CONTENT: DeliveryState.QUEUED,
    Fault.REFUSES_FOR_GOOD: DeliveryState.FAILED,
    Fault.REFUSES_FOR_NOW: DeliveryState.QUEUED,
    Fault.DROPS_AFTER_CONTENT: DeliveryState.UNKNOWN,
    Fault.KEEPS_AND_DROPS: DeliveryState.UNKNOWN,
    Fault.KEEPS_AND_FALLS_SILENT: DeliveryState.UNKNOWN,
    Fault.TALKS_NONSENSE: DeliveryState.UNKNOWN,
}
KEPT = {Fault.TAKES, Fault.KEEPS_AND_DROPS, Fault.KEEPS_AND_FALLS_SILENT}
"""The faults in which the other side has the message afterwards."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The other side, playing a fault: hand a message over, and see what it has."""

    send: Callable[[int], SendResult]
    kept_ids: Callable[[], Sequence[str]]
    connection_count: Callable[[], int]


class Rig(Protocol):
    """How a channel joins the contract."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reason codes that the channel documents."""
        ...

    def serve(self, fault: Fault, folder: Path) -> AbstractContextManager[Served]:
        """Play a fault on every connection."""
        ...


class EmailRig:
    """E-mail, against servers that speak SMTP."""

    reasons = email.REASON_MEANINGS
    _modes: Mapping[Fault, str] = {
        Fault.TAKES: "ok",
        Fault.REFUSES_FOR_GOOD: "rcpt_550",
        Fault.REFUSES_FOR_NOW: "rcpt_450",
        Fault.DROPS_AFTER_CONTENT: "drop_before_keep",
        Fault.KEEPS_AND_DROPS: "drop_after_keep",
        Fault.KEEPS_AND_FALLS_SILENT: "stall_after_keep",
    }

    @contextmanager
    def serve(self, fault: Fault, folder: Path) -> Iterator[Served]:
        """Play a fault."""
        if fault in self._modes:
            with LabServer(self._modes[fault]) as lab:
                yield Served(
                    send=lambda number: _mail(lab.settings(answer_timeout_seconds=1), number),
                    kept_ids=lambda: [_message_id(envelope.content) for envelope in lab.kept],
                    connection_count=lambda: lab.connection_count,
                )
            return
        script = _hang_up_at_mail if fault is Fault.GONE_BEFORE_CONTENT else _mumble_after_content
        with ScriptedServer(*([] if fault is Fault.NOT_THERE else [script] * 2)) as server:
            settings = server.settings()
            if fault is Fault.NOT_THERE:
                server.close()
            yield Served(
                send=lambda number: _mail(settings, number),
                kept_ids=list,
                connection_count=lambda: server.connection_count,
            )


def _mail(settings: SmtpSettings, number: int) -> SendResult:
    with EmailChannel(settings) as channel:
        return channel.send(parts(number, to_email=PERSON))


def _message_id(content: str | bytes | None) -> str:
    assert isinstance(content, bytes)
    return str(message_from_bytes(content)["Message-ID"])


def _hang_up_at_mail(dialogue: Dialogue) -> None:
    dialogue.greet()
    dialogue.hear()


def _mumble_after_content(dialogue: Dialogue) -> None:
    dialogue.greet()
    dialogue.go_to_data()
    dialogue.say("354 go")
    dialogue.hear_content()
    dialogue.say("nonsense")


class PushRig:
    """API push, against servers that speak HTTP over TLS."""

    reasons = api_push.REASON_MEANINGS

    @contextmanager
    def serve(self, fault: Fault, folder: Path) -> Iterator[Served]:
        """Play a fault."""
        certificate, key = self_signed(folder, NAME)
        tls = None if fault is Fault.GONE_BEFORE_CONTENT else server_tls(certificate, key)
        kept: list[str] = []
        channel = ApiPushChannel(lab_outbound(resolve=here, ca_file=certificate, read_seconds=0.4))
        with HttpLab(_scripts(kept)[fault], tls) as lab:
            if fault is Fault.NOT_THERE:
                lab.close()
            yield Served(
                send=lambda number: channel.send(endpoint(lab.url("https", NAME)), push(number)),
                kept_ids=lambda: kept,
                connection_count=lambda: lab.connection_count,
            )


def _scripts(kept: list[str]) -> Mapping[Fault, Script]:
    def keep(call: Call) -> None:
        call.hear()
        kept.append(call.heard.headers["webhook-id"])

    def take(call: Call) -> None:
        keep(call)
        call.answer("200 OK")

    def fall_silent(call: Call) -> None:
        keep(call)
        call.wait_for_the_end()

    def mumble(call: Call) -> None:
        call.hear()
        call.say(b"250 ok\r\n")

    def hang_up(call: Call) -> None:
        with suppress(OSError):
            call.close()

    return {
        Fault.TAKES: take,
        Fault.NOT_THERE: hang_up,
        Fault.GONE_BEFORE_CONTENT: hang_up,
        Fault.REFUSES_FOR_GOOD: answering("410 Gone", f"<{PERSON}> left"),
        Fault.REFUSES_FOR_NOW: answering("503 Busy", f"<{PERSON}> is busy"),
        Fault.DROPS_AFTER_CONTENT: lambda call: call.hear(),
        Fault.KEEPS_AND_DROPS: keep,
        Fault.KEEPS_AND_FALLS_SILENT: fall_silent,
        Fault.TALKS_NONSENSE: mumble,
    }


RIGS: Mapping[str, Rig] = {"email": EmailRig(), "api_push": PushRig()}
"""The channels whose other side is not ours; that of the inboxes joins where there is a store for it."""
