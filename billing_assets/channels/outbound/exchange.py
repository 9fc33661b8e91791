"""One POST, and an exact account of how far it came.

Belongs here: checking where a URL leads, the request, and what of its answer is read.
Does not belong here: what an answer means (the channel's own), trying again, any date or time of day.

A receiver may act on a request once its body has begun to arrive. Whatever goes wrong before the first byte
of the body is written leaves nothing accepted; from then on only an answer tells. No redirect is followed,
no proxy is taken from the environment, and each request has a connection of its own: one that was left
open may be dead without our knowing, and each such death would be an outcome that nobody knows.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import httpcore

from billing_assets.channels.outbound.addresses import (
    Target,
    is_loopback_address,
    is_public_address,
    read_url,
)
from billing_assets.channels.outbound.wire import (
    BoundedStream,
    Deadline,
    PinnedBackend,
    Resolver,
    TlsFailed,
    resolve_name,
    resolved_within,
)
from billing_assets.domain.errors import BillingError

_LARGEST_ANSWER: Final = 16_384
_WIRE_FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    OSError,
)


class Reach(StrEnum):
    """How far a POST came.

    ``bad_url``: the URL cannot be used. ``not_public``: it leads to an address that may not be spoken to.
    ``not_connected``: no name, no connection. ``no_tls``: connected, without TLS coming about.
    ``not_begun``: the connection was lost before any of the body was written. ``begun``: some of the body
    was written, and no answer came that can be read. ``answered``: a status came.
    """

    BAD_URL = "bad_url"
    NOT_PUBLIC = "not_public"
    NOT_CONNECTED = "not_connected"
    NO_TLS = "no_tls"
    NOT_BEGUN = "not_begun"
    BEGUN = "begun"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What came of a POST.

    ``status`` is that of the answer, 0 without one. ``is_whole``: all of the body was written. ``headers``
    of the answer have names in lower case; ``text`` is the beginning of what it says, at most 16 KiB, empty
    where it cannot be read. Headers and text are the other side's own words: mask before keeping.
    """

    reach: Reach
    status: int = 0
    is_whole: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundSettings:
    """How long to wait, whom to trust, and whether this machine itself may be spoken to.

    ``connect_seconds`` is for the look-up, for each address that is tried, and for TLS; ``write_seconds`` and
    ``read_seconds`` are for each piece that goes or comes; ``whole_seconds`` is for all of it together.
    ``allow_loopback`` lets tests and demos speak to this machine, by http too. ``ca_file`` names trusted
    certificates (PEM), empty for the machine's own.

    Errors: ``outbound_settings_invalid``.
    """

    connect_seconds: float = 10
    write_seconds: float = 30
    read_seconds: float = 30
    whole_seconds: float = 60
    allow_loopback: bool = False
    ca_file: str = ""

    def __post_init__(self) -> None:
        """Refuse a time-out that leaves no time."""
        if min(self.connect_seconds, self.write_seconds, self.read_seconds, self.whole_seconds) <= 0:
            raise BillingError(
                "outbound_settings_invalid",
                "a time-out for speaking to endpoints is not above 0",
                "set the time-outs in seconds, above 0",
            )


class _Body:
    """The body as httpcore draws it: tells whether any of it was begun, and whether all of it was written."""

    def __init__(self, content: bytes, backend: PinnedBackend) -> None:
        self._content = content
        self._backend = backend
        self.is_begun = False
        self.is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        if self._backend.stream is not None:
            self._backend.stream.require_listening()
        self.is_begun = True
        yield self._content
        self.is_whole = True


class Outbound:
    """Posts to endpoints that others name. May be used by several threads.

    Errors: ``outbound_ca_file_unreadable``.
    """

    def __init__(self, settings: OutboundSettings | None = None, resolve: Resolver = resolve_name) -> None:
        """Read the trusted certificates; nothing is opened yet."""
        self._settings = settings or OutboundSettings()
        self._resolve = resolve
        try:
            self._tls = ssl.create_default_context(cafile=self._settings.ca_file or None)
        except OSError:
            raise BillingError(
                "outbound_ca_file_unreadable",
                "the file of trusted certificates for endpoints cannot be read",
                "name a PEM file in ca_file, or leave it empty for the machine's own",
            ) from None

    def require_usable(self, url: str) -> None:
        """Raise ``endpoint_url_invalid`` unless the URL can be used; resolves and asks nothing."""
        read_url(url, allow_loopback=self._settings.allow_loopback)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        """POST ``body`` once, and return how far that came; never raises for what the other side does.

        ``headers`` are ASCII; host, length and connection are set here.
        """
        try:
            target = read_url(url, allow_loopback=self._settings.allow_loopback)
        except BillingError:
            return Exchange(reach=Reach.BAD_URL)
        deadline = Deadline(self._settings.whole_seconds)
        try:
            wait = deadline.within(self._settings.connect_seconds)
            addresses = resolved_within(self._resolve, target.host, target.port, wait)
        except OSError:
            return Exchange(reach=Reach.NOT_CONNECTED)
        if not addresses:
            return Exchange(reach=Reach.NOT_CONNECTED)
        if not all(self._may_speak_to(address, target) for address in addresses):
            return Exchange(reach=Reach.NOT_PUBLIC)
        return self._exchange(target, headers, body, PinnedBackend(addresses, deadline))

    def _may_speak_to(self, address: str, target: Target) -> bool:
        if self._settings.allow_loopback and is_loopback_address(address):
            return True
        return target.scheme == "https" and is_public_address(address)

    def _exchange(
        self, target: Target, headers: Mapping[str, str], content: bytes, backend: PinnedBackend
    ) -> Exchange:
        body = _Body(content, backend)
        request = httpcore.Request(
            "POST",
            httpcore.URL(
                scheme=target.scheme.encode(),
                host=target.host.encode(),
                port=target.port,
                target=target.path.encode(),
            ),
            headers=[
                ("Host", target.host_header),
                ("Content-Length", str(len(content))),
                ("Connection", "close"),
                ("Accept-Encoding", "identity"),
                *headers.items(),
            ],
            content=body,
            extensions={
                "timeout": {
                    "connect": self._settings.connect_seconds,
                    "write": self._settings.write_seconds,
                    "read": self._settings.read_seconds,
                }
            },
        )
        with httpcore.HTTPConnection(
            request.url.origin, ssl_context=self._tls, network_backend=backend
        ) as connection:
            try:
                response = connection.handle_request(request)
            except _WIRE_FAULTS as error:
                return Exchange(reach=_reach_of(error, backend.stream, body), is_whole=body.is_whole)
            return _answer(response, body)


def _reach_of(error: Exception, stream: BoundedStream | None, body: _Body) -> Reach:
    if isinstance(error, TlsFailed):
        return Reach.NO_TLS
    if stream is None:
        return Reach.NOT_CONNECTED
    return Reach.BEGUN if body.is_begun else Reach.NOT_BEGUN


def _answer(response: httpcore.Response, body: _Body) -> Exchange:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    is_readable = headers.get("content-encoding", "identity") == "identity"
    text = _beginning(response) if is_readable else ""
    return Exchange(
        reach=Reach.ANSWERED, status=response.status, is_whole=body.is_whole, headers=headers, text=text
    )


def _beginning(response: httpcore.Response) -> str:
    """Return the beginning of the body; what cuts it short changes nothing of the status that came."""
    content = bytearray()
    with suppress(*_WIRE_FAULTS):
        for chunk in response.iter_stream():
            content += chunk
            if len(content) > _LARGEST_ANSWER:
                # The last word may be half an address, which nothing would mask.
                return " ".join(content[:_LARGEST_ANSWER].decode(errors="replace").split()[:-1])
        return content.decode(errors="replace")
    return " ".join(content.decode(errors="replace").split()[:-1])
