"""The audit log in the store: who did what, when and why, appended in the transaction of the act itself.

Belongs here: recording an act, the one place for it, and listing acts. Does not belong here: the chain of
hashes, which a trigger of the store makes, what is recorded (``domain.audit_acts``).

An act waits until whoever recorded one for the same company before has committed; record it last.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import AuditAct
from billing_assets.store.connection import actor_of

_RECORD = """
insert into audit_entry (company_id, acted_at, actor_kind, actor_name, office_user_id, signed_by, act,
    subject_kind, subject_id, reason, before, after)
values (:company, :at, :kind, :actor, :user, :signed_by, :act, :subject, :subject_id, :reason,
    cast(:before as jsonb), cast(:after as jsonb))
"""
# An act that is of no company concerns each of them.
_LIST = """
select audit_entry_id, company_id, entry_number, acted_at, actor_kind, actor_name, signed_by, act,
    subject_kind, subject_id, reason, before, after, encode(entry_sha256, 'hex') as entry_sha256
from audit_entry
where (company_id = :company or company_id is null)
    and (:who = '' or position(lower(:who) in lower(actor_name)) > 0
        or position(lower(:who) in lower(signed_by)) > 0)
    and (:act = '' or act = :act)
    and (:subject_kind = '' or subject_kind = :subject_kind)
    and (:subject_id = '' or subject_id = :subject_id)
    and (cast(:before_id as bigint) is null or audit_entry_id < :before_id)
order by audit_entry_id desc limit :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to list: part of a name, an act, a subject, each of any where empty; newest first."""

    who: str = ""
    act: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    before_id: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One entry; ``entry_number`` counts those of its company, or of no company."""

    audit_entry_id: int
    company_id: int | None
    entry_number: int
    acted_at: datetime
    actor_kind: str
    actor_name: str
    signed_by: str
    act: str
    subject_kind: str
    subject_id: str
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    entry_sha256: str


def record_act(connection: Connection, act: AuditAct, at: datetime) -> None:
    """Append an act of whoever the connection works for; it stands if the transaction does."""
    actor = actor_of(connection)
    values = {
        "company": act.company_id,
        "at": at,
        "kind": actor.kind.value,
        "actor": actor.name,
        "user": actor.office_user_id,
        "signed_by": act.signed_by,
        "act": act.act.value,
        "subject": act.subject.value,
        "subject_id": act.subject_id,
        "reason": act.reason,
        "before": _json(act.before),
        "after": _json(act.after),
    }
    connection.execute(text(_RECORD), values)


def list_acts(connection: Connection, company_id: int, wanted: AuditFilter) -> list[AuditRow]:
    """Return the newest acts of a company, and of no company, that fit."""
    values = {
        "company": company_id,
        "who": wanted.who.strip(),
        "act": wanted.act,
        "subject_kind": wanted.subject_kind,
        "subject_id": wanted.subject_id.strip(),
        "before_id": wanted.before_id,
        "limit": wanted.limit,
    }
    return [AuditRow(**row) for row in connection.execute(text(_LIST), values).mappings()]


def _json(content: Mapping[str, object] | None) -> str | None:
    return None if content is None else json.dumps(content, ensure_ascii=False, default=str)
