"""The SMTP dialogue, phase by phase, and the connection it runs on.

Belongs here: settings, connecting, log-in, MAIL, RCPT, DATA, content and final dot.
Does not belong here: the bytes of a message (``message``), what a reply means (``replies``), when to try
again, any clock.

A receiver cannot accept a message before it has seen CRLF.CRLF. The body (which ends with CRLF) and the
final dot are therefore two separate writes: whatever goes wrong before the second write begins leaves
nothing accepted (``queued``); from its first byte on, only a reply tells, and without one the outcome is
``unknown`` (RFC 1047). ``queued`` is never a promise that a later attempt will do better.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final, Literal, Self

from billing_assets.channels.email.message import checked_addresses, message_bytes
from billing_assets.channels.email.replies import Phase, answer_of, is_last_answer, outcome
from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    DeliveryState,
    EmailMessageParts,
    SendResult,
    wire_address,
)
from billing_assets.domain.errors import BillingError

_LONGEST_FAREWELL_SECONDS: Final = 5
_SHORTEST_TELLING_NAME: Final = 3
_FINAL_DOT: Final = b".\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where and how to hand mail over; the repr shows no user name, password or address.

    ``security``: ``starttls`` and ``tls`` verify the certificate (against ``ca_file`` if given) and never
    fall back to plain text. ``timeout_seconds`` bounds each step; ``answer_timeout_seconds`` bounds the
    wait after the final dot (0: as ``timeout_seconds``), where RFC 5321 asks for 600: each impatience there
    makes an ``unknown``. ``bounce_email`` is the envelope sender, empty for the From address;
    ``ehlo_name`` is what this machine calls itself, empty for its own name.

    Errors: ``smtp_settings_invalid``; ``smtp_password_unprotected`` for a user name without TLS.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout_seconds: int = 60
    answer_timeout_seconds: int = 0
    bounce_email: str = field(default="", repr=False)
    ehlo_name: str = ""
    ca_file: str = ""
    max_messages_per_connection: int = 100

    def __post_init__(self) -> None:
        """Refuse settings that could only fail later, or that would show the password to the network."""
        is_valid = (
            self.security in {"none", "starttls", "tls"}
            and re.fullmatch(r"[A-Za-z0-9.:_-]+", self.host)
            and re.fullmatch(r"[\[\]A-Za-z0-9.:-]*", self.ehlo_name)
            and 0 < self.port < 1 << 16
            and min(self.timeout_seconds, self.max_messages_per_connection) > 0 <= self.answer_timeout_seconds
            and (self.username + self.password).isascii()
            and (not self.bounce_email or wire_address(self.bounce_email))
        )
        if not is_valid:
            raise BillingError(
                "smtp_settings_invalid",
                "the SMTP settings cannot work",
                "check host, port (1 to 65535), security (none, starttls, tls), time-outs and messages per "
                "connection (above 0), the bounce address, the EHLO name, and that user name and password "
                "are ASCII",
            )
        if self.username and self.security == "none" and not is_loopback(self.host):
            raise BillingError(
                "smtp_password_unprotected",
                "the SMTP settings would send a password over an unencrypted connection",
                "set security to starttls or tls",
            )


def is_loopback(host: str) -> bool:
    """Return whether ``host`` names this machine, so that nothing crosses a network.

    >>> (
    ...     is_loopback("localhost"),
    ...     is_loopback("127.0.0.2"),
    ...     is_loopback("::1"),
    ...     is_loopback("mail.example.com"),
    ... )
    (True, True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class _Mail:
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def is_ascii(self) -> bool:
        return (self.sender + self.recipient).isascii()


def _mail(parts: EmailMessageParts, bounce_email: str) -> _Mail:
    sender, recipient = checked_addresses(parts)
    content = re.sub(rb"(?m)^\.", b"..", message_bytes(parts))
    return _Mail(wire_address(bounce_email) or sender, recipient, content)


def _tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError:
        raise BillingError(
            "smtp_ca_file_unreadable",
            "the file of trusted certificates for SMTP cannot be read",
            "name a PEM file in ca_file, or leave it empty for the machine's own",
        ) from None


class EmailChannel:
    """Hands messages to one SMTP server, one after the other, on connections that are used again.

    A context manager: leaving it says QUIT. Nothing is opened before the first ``send``. Not for use by
    two threads at once. ``connection_count`` is how many connections were opened so far.

    Errors: ``smtp_ca_file_unreadable``.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        """Take the settings and read the trusted certificates; nothing is opened yet."""
        self._settings = settings
        self._tls = None if settings.security == "none" else _tls_context(settings)
        self._smtp: smtplib.SMTP | None = None
        self._used_count = 0
        self._is_in_transaction = False
        self.connection_count = 0

    def __enter__(self) -> Self:
        """Return the channel itself; the first message opens the connection."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Say QUIT and close."""
        self.close()

    def close(self) -> None:
        """Say QUIT and close; a server that is gone already, or does not answer, is no error."""
        if self._smtp is None:
            return
        try:
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(min(_LONGEST_FAREWELL_SECONDS, self._settings.timeout_seconds))
            self._smtp.quit()
        except OSError:
            self._drop()
        self._smtp = None

    def send(self, parts: EmailMessageParts) -> SendResult:
        """Try to hand over one message and return what came of it; see ``SendResult``.

        A message that cannot be built is ``failed`` with ``bad_address`` or ``bad_message``, and stays
        ``queued`` with ``bad_sender`` where the sender is at fault. A connection that turns out stale before
        MAIL was accepted is replaced once. Network trouble is a result, not an exception. An interruption
        closes the connection, so that no later message runs into its remains.
        """
        try:
            mail = _mail(parts, self._settings.bounce_email)
        except BillingError as error:
            is_ours = error.code in CHANNEL_FAULTS
            return outcome(DeliveryState.QUEUED if is_ours else DeliveryState.FAILED, error.code)
        try:
            result = self._deliver(mail)
        except BaseException:
            self._drop()
            raise
        return _without_local_part(result, mail)

    def _deliver(self, mail: _Mail) -> SendResult:
        if self._used_count >= self._settings.max_messages_per_connection:
            self.close()
        is_reused = self._smtp is not None
        result = self._begin(mail)
        if result is not None and is_reused and self._smtp is None:
            result = self._begin(mail)
        return result or self._transfer(mail)

    def _begin(self, mail: _Mail) -> SendResult | None:
        """Everything up to an accepted MAIL; None means that the server took it."""
        smtp = self._smtp
        if smtp is None:
            smtp, refusal = self._connect()
            if smtp is None:
                return refusal
            self._smtp, self._used_count, self._is_in_transaction = smtp, 0, False
        if not (mail.is_ascii or smtp.has_extn("smtputf8")):
            return outcome(DeliveryState.FAILED, "smtputf8_not_offered")
        if self._is_in_transaction and (result := self._ask("mail", "RSET", 2)):
            return result
        smtp.command_encoding = "ascii" if mail.is_ascii else "utf-8"
        size = f" SIZE={len(mail.content)}" if smtp.has_extn("size") else ""
        self._used_count += 1
        self._is_in_transaction = True
        return self._ask("mail", f"MAIL FROM:<{mail.sender}>{size}{'' if mail.is_ascii else ' SMTPUTF8'}", 2)

    def _connect(self) -> tuple[smtplib.SMTP, None] | tuple[None, SendResult]:
        """A connection ready for MAIL, or why there is none: never the fault of the message, so queued."""
        settings, smtp, stage = self._settings, None, "connect_failed"
        try:
            smtp = self._dial()
            if smtp.sock is not None:
                # Body and final dot are two writes: without this the dot waits for a delayed ACK, 40 ms.
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                stage = "tls_failed"
                smtp.starttls(context=self._tls)
                smtp.ehlo_or_helo_if_needed()
            if settings.username:
                stage = "auth_failed"
                smtp.login(settings.username, settings.password)
        except (OSError, UnicodeError) as error:
            if smtp is not None:
                smtp.close()
            return None, _connect_refusal(error, stage)
        return smtp, None

    def _dial(self) -> smtplib.SMTP:
        settings, name = self._settings, self._settings.ehlo_name or None
        self.connection_count += 1
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                settings.host, settings.port, name, timeout=settings.timeout_seconds, context=self._tls
            )
        return smtplib.SMTP(settings.host, settings.port, name, timeout=settings.timeout_seconds)

    def _ask(self, phase: Phase, command: str, wanted_class: int) -> SendResult | None:
        """Say one command; None when the reply is of the wanted class."""
        try:
            code, text = self._connected().docmd(command)
        except OSError:
            return self._lost_before_data()
        return None if code // 100 == wanted_class else self._answered(phase, code, text)

    def _answered(self, phase: Phase, code: int, text: bytes) -> SendResult:
        if is_last_answer(phase, code):
            self._drop()
        return answer_of(phase, code, text.decode(errors="replace"))

    def _transfer(self, mail: _Mail) -> SendResult:
        return (
            self._ask("rcpt", f"RCPT TO:<{mail.recipient}>", 2)
            or self._ask("data", "DATA", 3)
            or self._send_body(mail.content)
            or self._send_final_dot()
        )

    def _send_body(self, content: bytes) -> SendResult | None:
        """Send all but the final dot; None when it went out and the server kept listening."""
        smtp = self._connected()
        try:
            smtp.send(content)
            if not _has_early_answer(smtp):
                return None
            code, text = smtp.getreply()
        except OSError:
            return self._lost_before_data()
        self._drop()
        return answer_of("data", code, text.decode(errors="replace"))

    def _send_final_dot(self) -> SendResult:
        smtp, settings = self._connected(), self._settings
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(settings.answer_timeout_seconds or settings.timeout_seconds)
            smtp.send(_FINAL_DOT)
            code, text = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(settings.timeout_seconds)
        except OSError:
            self._drop()
            return outcome(DeliveryState.UNKNOWN, "no_answer_after_data")
        self._is_in_transaction = False
        return self._answered("content", code, text)

    def _lost_before_data(self) -> SendResult:
        self._drop()
        return outcome(DeliveryState.QUEUED, "connection_lost_before_data")

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected
        return self._smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _connect_refusal(error: Exception, stage: str) -> SendResult:
    if isinstance(error, ssl.SSLError):
        return outcome(DeliveryState.QUEUED, "tls_failed")
    if isinstance(error, smtplib.SMTPResponseException):
        reason = "service_not_available" if stage == "connect_failed" else stage
        reply = error.smtp_error
        text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        return outcome(DeliveryState.QUEUED, reason, error.smtp_code, text)
    is_refusal = isinstance(error, smtplib.SMTPException) and not isinstance(
        error, smtplib.SMTPServerDisconnected
    )
    return outcome(DeliveryState.QUEUED, stage if is_refusal else "connect_failed")


def _has_early_answer(smtp: smtplib.SMTP) -> bool:
    """Look, without waiting, whether the server spoke or hung up before it was sent the final dot.

    Errors: ``OSError`` when the connection is gone.
    """
    sock, reader = smtp.sock, smtp.file
    if sock is None or reader is None:
        raise smtplib.SMTPServerDisconnected
    wait_seconds = sock.gettimeout()
    sock.settimeout(0)
    try:
        if reader.peek(1):
            return True
        if not socket.socket.recv(sock, 1, socket.MSG_PEEK):
            raise smtplib.SMTPServerDisconnected
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    finally:
        sock.settimeout(wait_seconds)
    return False


def _without_local_part(result: SendResult, mail: _Mail) -> SendResult:
    """Mask the recipient where the server names it without its domain."""
    local_part = mail.recipient.rpartition("@")[0]
    if len(local_part) < _SHORTEST_TELLING_NAME:
        return result
    masked = re.sub(re.escape(local_part), f"{local_part[0]}***", result.reply_text, flags=re.IGNORECASE)
    return replace(result, reply_text=masked)
