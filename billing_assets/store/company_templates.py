"""Templates of a company in the store: versions with their files, and the acts on them.

Belongs here: rows of ``company_template`` and ``company_template_act``, the lock that acts take turns on.
Does not belong here: which act may follow which (``domain.company_templates``), which of several that are
active prints (``domain.template_choice``), the versions that documents froze (``templates``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.company_templates import (
    CompanyTemplate,
    TemplateAct,
    TemplateEvent,
    refused,
    template_unknown,
)
from billing_assets.domain.template_choice import SCOPE_FIELDS, TemplateScope, name_unknown
from billing_assets.store.audit_log import record_act
from billing_assets.store.locks import LockSpace, hold_in_transaction

_READ = """
select t.template_id, t.document_kind, t.template_name, t.version_number,
    encode(t.content_sha256, 'hex') as content_sha256, t.note, t.added_by, t.added_at
from company_template t
where t.company_id = :company and (cast(:template as integer) is null or t.template_id = :template)
order by t.template_id
"""
_EVENTS = """
select a.template_id, a.act, a.acted_by, a.acted_at, a.note, a.from_date, a.is_passed, a.result,
    a.product_codes, a.place_codes, a.languages
from company_template_act a join company_template t using (template_id)
where t.company_id = :company and (cast(:template as integer) is null or a.template_id = :template)
order by a.template_act_id
"""
_ADD = """
insert into company_template (company_id, document_kind, template_name, version_number, content_sha256,
    archive, note, added_by, added_at)
select :company, :kind, :name, coalesce(max(version_number), 0) + 1, decode(:hash, 'hex'), :archive, :note,
    :by, :at
from company_template where company_id = :company and document_kind = :kind
returning template_id
"""
_ACT = """
insert into company_template_act (template_id, act, acted_by, acted_at, note, from_date, is_passed, result,
    product_codes, place_codes, languages)
values (:template, :act, :by, :at, :note, :from_date, :is_passed, cast(:result as jsonb), :product_codes,
    :place_codes, :languages)
"""
_ARCHIVE = "select archive from company_template where company_id = :company and template_id = :template"
# Those that began last first: where one is retired, the one before it prints again.
_ACTIVE = """
select t.template_id, t.template_name, a.product_codes, a.place_codes, a.languages from company_template t
join company_template_act a on a.template_id = t.template_id and a.act = 'activate' and a.from_date <= :day
where t.company_id = :company and t.document_kind = :kind and t.template_name in ('', :name) and not exists (
    select from company_template_act r
    where r.template_id = t.template_id and r.act = 'retire' and r.from_date <= :day)
order by a.from_date desc, t.template_id desc
"""
_NAMES = """
select distinct template_name from company_template
where company_id = :company and document_kind = 'invoice' and template_name <> '' order by 1
"""
_IS_OWN = """
select exists (select from company_template t join template_version v using (content_sha256)
    where v.template_version_id = :version)
"""
_RECENT = """
select invoice_id from (
    select i.invoice_id, row_number() over (
        partition by y.content::json ->> 'language' order by i.invoice_id desc) as place
    from (select * from invoice where company_id = :company and document_kind = :kind
        order by invoice_id desc limit 5000) i
    join payer_version y using (payer_version_id)
) recent
where place <= :count order by invoice_id
"""

_ACTS = {
    TemplateAct.TEST: Act.TEST_TEMPLATE,
    TemplateAct.APPROVE: Act.APPROVE_TEMPLATE,
    TemplateAct.ACTIVATE: Act.ACTIVATE_TEMPLATE,
    TemplateAct.RETIRE: Act.RETIRE_TEMPLATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveTemplate:
    """A version that may print; ``template_name`` is the one that a run asks for, or empty."""

    template_id: int
    template_name: str
    scope: TemplateScope


def read_templates(
    connection: Connection, company_id: int, template_id: int | None = None
) -> list[CompanyTemplate]:
    """Return the versions of a company with what was done with them, oldest first, or one of them."""
    values = {"company": company_id, "template": template_id}
    events: dict[int, list[TemplateEvent]] = {}
    for row in connection.execute(text(_EVENTS), values).mappings():
        said = {**row, "scope": _scope(row)}
        for listed in SCOPE_FIELDS:
            del said[listed]
        number, said["act"], said["result"] = (
            said.pop("template_id"),
            TemplateAct(row["act"]),
            row["result"] or {},
        )
        events.setdefault(number, []).append(TemplateEvent(**said))
    return [
        CompanyTemplate(**row, events=tuple(events.get(row["template_id"], ())))
        for row in connection.execute(text(_READ), values).mappings()
    ]


def read_template(connection: Connection, company_id: int, template_id: int) -> CompanyTemplate:
    """Return one version, or raise ``template_unknown``."""
    found = read_templates(connection, company_id, template_id)
    if not found:
        raise template_unknown(template_id)
    return found[0]


def read_own_archive(connection: Connection, company_id: int, template_id: int) -> bytes:
    """Return the files of a version as one archive, or raise ``template_unknown``."""
    values = {"company": company_id, "template": template_id}
    found = connection.execute(text(_ARCHIVE), values).scalar_one_or_none()
    if found is None:
        raise template_unknown(template_id)
    return bytes(found)


def active_templates(
    connection: Connection, company_id: int, kind: str, day: date, name: str = ""
) -> list[ActiveTemplate]:
    """Return the versions that may print a kind of document of a day, those that began last first.

    They are those without a name and, where a run asks for a ``name``, those that have it.
    """
    values = {"company": company_id, "kind": kind, "day": day, "name": name}
    return [
        ActiveTemplate(template_id=row["template_id"], template_name=row["template_name"], scope=_scope(row))
        for row in connection.execute(text(_ACTIVE), values).mappings()
    ]


def template_names(connection: Connection, company_id: int) -> list[str]:
    """Return the names of the templates of invoices that a company has, active or not."""
    return list(connection.execute(text(_NAMES), {"company": company_id}).scalars())


def require_name(connection: Connection, company_id: int, name: str) -> None:
    """Raise ``template_name_unknown`` where no template of invoices has that name."""
    known = template_names(connection, company_id)
    if name not in known:
        raise name_unknown(name, known)


def is_own_version(connection: Connection, template_version_id: int) -> bool:
    """Tell whether a version that documents froze is of files that a company added."""
    return bool(connection.execute(text(_IS_OWN), {"version": template_version_id}).scalar_one())


def recent_invoice_ids(connection: Connection, company_id: int, kind: str, count: int) -> list[int]:
    """Return the last ``count`` documents of a kind for each language of payers, of the last 5,000."""
    values = {"company": company_id, "kind": kind, "count": count}
    return list(connection.execute(text(_RECENT), values).scalars())


def add_template(
    connection: Connection,
    company_id: int,
    kind: str,
    content: tuple[str, bytes],
    *,
    name: str = "",
    note: str,
    by: str,
    at: datetime,
) -> int:
    """Keep a version, whose hash (hex) and archive are ``content``, and return its number."""
    hold_in_transaction(connection, LockSpace.TEMPLATES, company_id)
    content_sha256, archive = content
    values = {"company": company_id, "kind": kind, "name": name, "hash": content_sha256, "archive": archive}
    values |= {"note": note, "by": by, "at": at}
    template_id = int(connection.execute(text(_ADD), values).scalar_one())
    after = {"document_kind": kind, "content_sha256": content_sha256}
    if name:
        after["template_name"] = name
    record_act(connection, _entry(Act.ADD_TEMPLATE, company_id, template_id, note, by, after), at)
    return template_id


def act_on_template(
    connection: Connection, company_id: int, template_id: int, event: TemplateEvent, *, today: date
) -> None:
    """Record an act on a version, or raise what refuses it (``domain.company_templates.refused``)."""
    hold_in_transaction(connection, LockSpace.TEMPLATES, company_id)
    template = read_template(connection, company_id, template_id)
    refusal = refused(template, event.act, event.acted_by, today, event.from_date)
    if refusal:
        raise refusal
    is_test = event.act is TemplateAct.TEST
    values = {
        "template": template_id,
        "act": event.act.value,
        "by": event.acted_by,
        "at": event.acted_at,
        "note": event.note,
        "from_date": event.from_date,
        "is_passed": event.is_passed,
        "result": json.dumps(dict(event.result)) if is_test else None,
        **{listed: list(getattr(event.scope, listed)) for listed in SCOPE_FIELDS},
    }
    connection.execute(text(_ACT), values)
    after: dict[str, object] = {"content_sha256": template.content_sha256}
    if event.from_date:
        after["from_date"] = str(event.from_date)
    if is_test:
        after["is_passed"] = event.is_passed
    after |= {listed: list(found) for listed, found in event.scope.lists().items()}
    act = _entry(_ACTS[event.act], company_id, template_id, event.note, event.acted_by, after)
    record_act(connection, act, event.acted_at)


def _scope(row: RowMapping) -> TemplateScope:
    return TemplateScope(**{listed: tuple(row[listed]) for listed in SCOPE_FIELDS})


def _entry(
    act: Act, company_id: int, template_id: int, note: str, by: str, after: Mapping[str, object]
) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.TEMPLATE,
        subject_id=str(template_id),
        company_id=company_id,
        reason=note,
        signed_by=by,
        after=after,
    )
