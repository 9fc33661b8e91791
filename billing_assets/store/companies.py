"""Companies in the store: versions of their settings.

Belongs here: writing a new version, reading the latest. Does not belong here: what a setting means
(``domain.companies``).
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject, change_of
from billing_assets.domain.companies import Company, check_company, company_from, company_record
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.steps.run_ports import Clock, Issuer
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database

_LATEST = """
select c.company_id, v.company_version_id, encode(v.content_sha256, 'hex'), v.content
from company c join company_version v using (company_id)
where c.company_code = :code order by v.company_version_id desc limit 1
"""

_IS_USED = """
select exists (select from number_series join company using (company_id)
    where company_code = :code and document_kind = :kind and prefix = :prefix and last_number > 0)
"""
_PREFIXES = {
    "invoice_prefix": DocumentKind.INVOICE,
    "credit_note_prefix": DocumentKind.CREDIT_NOTE,
    "on_demand_prefix": DocumentKind.INVOICE,
}
"""The settings that begin numbers, each with the documents that carry them."""


class CompanyStore:
    """What stores of a company's work begin with: a database, a clock, and the company of a code."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep."""
        self.database = database
        self.clock = clock

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        with self.database.transaction() as connection:
            return read_issuer(connection, company_code)


def save_company(connection: Connection, company: Company, recorded_at: datetime) -> bool:
    """Record the settings as the company's newest version; return False where nothing changed.

    Raises ``prefix_in_use`` where documents of a kind already carry another prefix, and ``company_invalid``.
    """
    check_company(company)
    content = json.dumps(company_record(company), ensure_ascii=False, sort_keys=True)
    insert = text("insert into company (company_code) values (:code) on conflict do nothing")
    connection.execute(insert, {"code": company.company_code})
    latest = connection.execute(text(_LATEST), {"code": company.company_code}).first()
    if latest is not None and latest.content == content:
        return False
    if latest is not None:
        former = company_from(json.loads(latest.content))
        for setting in _PREFIXES:
            _refuse_other_prefix(connection, former, company, setting)
    connection.execute(
        text(
            "insert into company_version (company_id, content, content_sha256, recorded_at) "
            "select company_id, :content, :hash, :at from company where company_code = :code"
        ),
        {
            "content": content,
            "hash": sha256(content.encode()).digest(),
            "at": recorded_at,
            "code": company.company_code,
        },
    )
    _record(connection, company, latest, recorded_at)
    return True


def _record(connection: Connection, company: Company, latest: Row[Any] | None, at: datetime) -> None:
    query = text("select company_id from company where company_code = :code")
    before, after = change_of(json.loads(latest.content) if latest else {}, company_record(company))
    act = AuditAct(
        act=Act.SET_COMPANY,
        subject=Subject.COMPANY,
        subject_id=company.company_code,
        company_id=connection.execute(query, {"code": company.company_code}).scalar_one(),
        before=before if latest else None,
        after=after,
    )
    record_act(connection, act, at)


def _refuse_other_prefix(connection: Connection, former: Company, company: Company, setting: str) -> None:
    used, kind = getattr(former, setting), _PREFIXES[setting]
    values = {"code": company.company_code, "kind": kind.value, "prefix": used}
    is_other = getattr(company, setting) != used
    if is_other and connection.execute(text(_IS_USED), values).scalar_one():
        raise BillingError(
            "prefix_in_use",
            f"{kind.value.replace('_', ' ')}s of company '{company.company_code}' begin with {used}",
            f"keep that '{setting}': the numbers of a company are one series without a gap",
        )


def read_issuer(connection: Connection, company_code: str) -> Issuer:
    """Return the newest version of a company, or raise ``company_unknown``."""
    row = connection.execute(text(_LATEST), {"code": company_code}).first()
    if row is None:
        known = list(connection.execute(text("select company_code from company order by 1")).scalars())
        raise BillingError(
            "company_unknown",
            f"there is no company '{company_code[:40]}'; known: {', '.join(known) or 'none'}",
            "record it with 'billing company set FILE' (see examples/company.yaml)",
        )
    company_id, version_id, content_sha256, content = row
    return Issuer(
        company_id=company_id,
        company_version_id=version_id,
        company_sha256=content_sha256,
        company=company_from(json.loads(content)),
    )


def company_codes(connection: Connection) -> list[str]:
    """Return the codes of all companies, sorted."""
    return list(connection.execute(text("select company_code from company order by 1")).scalars())
