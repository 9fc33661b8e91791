"""Endpoints for documents in the store: added, replaced, removed, and opened for a call.

Belongs here: the rows and their sealed secrets. Does not belong here: calling one (``channels.api_push``).

A row is never changed but to be removed, and loses its address and secrets then: another address or secret is
another row. Both acts are in the audit log.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.push_endpoints import PushEndpointRow, endpoint_unknown
from billing_assets.steps.run_ports import Clock
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.sealed_texts import Sealer

_IN_USE = """
select endpoint_code, url, sealed_secrets, secret_count, added_by, added_at from push_endpoint
where company_id = :company and removed_at is null {condition} order by endpoint_code
"""
_REMOVE = """
update push_endpoint set removed_by = :by, removed_at = greatest(:at, added_at), url = '', sealed_secrets = ''
where company_id = :company and endpoint_code = :code and removed_at is null
"""
_ADD = """
insert into push_endpoint (company_id, endpoint_code, url, sealed_secrets, secret_count, added_by, added_at)
values (:company, :code, :url, :secrets, :count, :by, :at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEndpoint:
    """An endpoint as it is called: its address and its secrets, the newest first."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class SqlEndpointStore:
    """Endpoints in PostgreSQL."""

    def __init__(self, database: Database, clock: Clock, sealer: Sealer) -> None:
        """Use ``database``, ``clock`` for the instants that rows keep, and ``sealer`` for secrets."""
        self.database = database
        self.clock = clock
        self.sealer = sealer

    def set(self, company_id: int, code: str, url: str, secrets: Sequence[str], by: str) -> None:
        """Add an endpoint, in the place of the one with its code."""
        values = {
            "company": company_id,
            "code": code,
            "url": url,
            "secrets": self.sealer.seal(json.dumps(list(secrets))),
            "count": len(secrets),
            "by": by,
            "at": self.clock(),
        }
        with self.database.transaction() as connection:
            before = self._rows(connection, company_id, code)
            connection.execute(text(_REMOVE), values)
            connection.execute(text(_ADD), values)
            after = self._rows(connection, company_id, code)
            record_act(connection, _act(Act.SET_ENDPOINT, company_id, code, by, before, after), self.clock())

    def remove(self, company_id: int, code: str, by: str) -> None:
        """Remove an endpoint, or raise ``endpoint_unknown``; payers that have it are reached another way."""
        values = {"company": company_id, "code": code, "by": by, "at": self.clock()}
        with self.database.transaction() as connection:
            before = self._rows(connection, company_id, code)
            if not before:
                raise endpoint_unknown(code)
            connection.execute(text(_REMOVE), values)
            record_act(connection, _act(Act.REMOVE_ENDPOINT, company_id, code, by, before, []), self.clock())

    def listed(self, company_id: int) -> list[PushEndpointRow]:
        """Return the endpoints in use, by code."""
        with self.database.transaction() as connection:
            return self._rows(connection, company_id)

    def opened(self, company_id: int, code: str) -> OpenedEndpoint:
        """Return an endpoint as it is called, or raise ``endpoint_unknown`` or ``secret_unreadable``."""
        query = text(_IN_USE.format(condition="and endpoint_code = :code"))
        with self.database.transaction() as connection:
            row = connection.execute(query, {"company": company_id, "code": code}).first()
        if row is None:
            raise endpoint_unknown(code)
        return OpenedEndpoint(url=row.url, secrets=tuple(json.loads(self.sealer.open(row.sealed_secrets))))

    def _rows(self, connection: Connection, company_id: int, code: str = "") -> list[PushEndpointRow]:
        query = text(_IN_USE.format(condition="and endpoint_code = :code" if code else ""))
        return [
            PushEndpointRow(
                endpoint_code=row.endpoint_code,
                host=urlsplit(row.url).hostname or "",
                secret_count=row.secret_count,
                added_by=row.added_by,
                added_at=row.added_at,
            )
            for row in connection.execute(query, {"company": company_id, "code": code})
        ]


def _act(
    act: Act,
    company_id: int,
    code: str,
    by: str,
    before: Sequence[PushEndpointRow],
    after: Sequence[PushEndpointRow],
) -> AuditAct:
    def said(rows: Sequence[PushEndpointRow]) -> dict[str, object]:
        return {"host": rows[0].host, "secrets": rows[0].secret_count} if rows else {}

    return AuditAct(
        act=act,
        subject=Subject.ENDPOINT,
        subject_id=code,
        company_id=company_id,
        signed_by=by,
        before=said(before),
        after=said(after),
    )
