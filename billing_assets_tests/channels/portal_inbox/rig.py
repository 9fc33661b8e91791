"""The portal inbox in the contract of channels: a real store, and a way to it that loses what it is told to.

Belongs here: how each fault is played. Does not belong here: what it must come to (``contract``).

The other side is our own PostgreSQL. It cannot fall silent for ever: what stands for it is a connection that
ends after a while without an answer.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import event, make_url, text

from billing_assets.channels import portal_inbox
from billing_assets.channels.portal_inbox import InboxEntry, PortalInboxChannel
from billing_assets.domain.deliveries import SendResult
from billing_assets.store import portal_documents
from billing_assets.store.connection import Database
from billing_assets.store.portal_documents import keep_in_inbox
from billing_assets_tests.books import AT
from billing_assets_tests.channels.contract import Fault, Served
from billing_assets_tests.faults.programs import url_behind
from billing_assets_tests.faults.proxy import LosingProxy

_AWAY = 424_242
_COMMIT = b"COMMIT\x00"
_HASH = "ab" * 32
_ROW = """
select p.message_id from portal_document p
join document d using (invoice_id) join delivery v using (document_id)
where v.delivery_id = :delivery
"""
_SAME_KEY = """
insert into portal_document
    (company_id, payer_id, invoice_id, purpose, message_id, content_sha256, delivered_at)
select 1, i.payer_id, i.invoice_id, v.purpose, 'm', sha256('x'), now()
from delivery v join document d using (document_id) join invoice i using (invoice_id)
"""


class AnsweringProxy(LosingProxy):
    """Loses an answer as its parent does; keeps what was said from the server, or says something itself."""

    def __init__(
        self, host: str, port: int, word: bytes, *, reaches: bool, says: bytes = b"", after: float = 0
    ) -> None:
        """Cut at ``word``: it ``reaches`` the server or not; the client gets ``says`` and the end."""
        # A connection that becomes the program's role commits that first.
        super().__init__(host, port, word, 2 if word == _COMMIT else 1)
        self._reaches, self._says, self._after = reaches, says, after

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        threading.Thread(target=self._answer, args=(server, client), daemon=True).start()
        with suppress(OSError):
            while block := client.recv(1 << 16):
                if self._is_the_one(block):
                    self._cut(client, server, block)
                    break
                server.sendall(block)
        for end in (client, server):
            end.close()

    def _cut(self, client: socket.socket, server: socket.socket, block: bytes) -> None:
        if not self._reaches:
            server.shutdown(socket.SHUT_RDWR)
            client.sendall(self._says)
            return
        time.sleep(self._after)
        client.shutdown(socket.SHUT_RDWR)
        server.sendall(block)
        server.shutdown(socket.SHUT_WR)


class PortalRig:
    """Inboxes in the store that the test gives: its first deliveries are those of two payers."""

    reasons = portal_inbox.REASON_MEANINGS
    _cuts: Mapping[Fault, tuple[bytes, bool, bytes, float]] = {
        Fault.GONE_BEFORE_CONTENT: (b"insert into portal_document", False, b"", 0),
        Fault.DROPS_AFTER_CONTENT: (_COMMIT, False, b"", 0),
        Fault.KEEPS_AND_DROPS: (_COMMIT, True, b"", 0),
        Fault.KEEPS_AND_FALLS_SILENT: (_COMMIT, True, b"", 0.3),
        Fault.TALKS_NONSENSE: (_COMMIT, False, b"250 ok\r\n", 0),
    }

    def __init__(self) -> None:
        """Wait for a store."""
        self.store: Database | None = None

    @contextmanager
    def serve(self, fault: Fault, folder: Path) -> Iterator[Served]:
        """Play a fault."""
        assert self.store is not None
        store, kept, connections = self.store, list[str](), list[object]()

        def send(number: int) -> SendResult:
            with self._way(store, fault) as way, closing(way):
                event.listen(way.engine, "connect", lambda driver, _record: connections.append(driver))
                delivery = _AWAY if fault is Fault.REFUSES_FOR_GOOD else number
                entry = InboxEntry(delivery_id=delivery, content_sha256=_HASH, dated_at=AT)
                result = PortalInboxChannel(lambda entry: _keep(way, entry)).send(entry)
            kept.extend(_rows(store, delivery, fault))
            return result

        with _held(store) if fault is Fault.REFUSES_FOR_NOW else nullcontext():
            yield Served(send=send, kept_ids=lambda: kept, connection_count=lambda: len(connections))

    @contextmanager
    def _way(self, store: Database, fault: Fault) -> Iterator[Database]:
        url = make_url(url_behind(store))
        if fault not in self._cuts:
            if fault is Fault.NOT_THERE:
                with socket.create_server(("127.0.0.1", 0)) as probe:
                    port = probe.getsockname()[1]
                url = url.set(host="127.0.0.1", port=port, query={})
            yield Database(url.render_as_string(hide_password=False))
            return
        word, reaches, says, after = self._cuts[fault]
        host = str(url.query.get("host") or url.host or "127.0.0.1")
        port = int(str(url.query.get("port") or url.port or 5432))
        with AnsweringProxy(host, port, word, reaches=reaches, says=says, after=after) as proxy:
            through = url.set(host="127.0.0.1", port=proxy.port, query={"sslmode": "disable"})
            yield Database(through.render_as_string(hide_password=False))


def _keep(way: Database, entry: InboxEntry) -> None:
    keep_in_inbox(way, entry.delivery_id, entry.content_sha256, entry.dated_at, with_notice=False)


def _rows(store: Database, delivery: int, fault: Fault) -> list[str]:
    """Return what lies there of a delivery; where it is on its way, once it has come."""
    deadline = time.monotonic() + (2 if fault in {Fault.KEEPS_AND_DROPS, Fault.KEEPS_AND_FALLS_SILENT} else 0)
    while True:
        with store.transaction() as connection:
            found = list(connection.execute(text(_ROW), {"delivery": delivery}).scalars())
        if found or time.monotonic() >= deadline:
            return found
        time.sleep(0.01)


@contextmanager
def _held(store: Database) -> Iterator[None]:
    """Hold what others want to put there, and let them wait for it for a moment alone."""
    patience, portal_documents._WAIT = portal_documents._WAIT, "set local lock_timeout = '50ms'"
    try:
        with store.session() as connection:
            connection.execute(text(_SAME_KEY))
            yield
            connection.rollback()
    finally:
        portal_documents._WAIT = patience
