"""Users of the office in the store.

Belongs here: accounts, their roles and hashes of passwords, each change with its entry of the audit log.
Does not belong here: sessions (``office_sessions``), hashing (``wiring.passwords``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.access import Role
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import OfficeUser, last_administrator, user_unknown
from billing_assets.store.audit_log import record_act

_COLUMNS = """
    u.office_user_id, u.company_id, u.email, u.user_name, u.role, u.is_disabled,
    u.password_hash <> '' as has_password, u.oidc_subject <> '' as has_single_sign_on, u.created_at,
    (select max(last_seen_at) from office_session s where s.office_user_id = u.office_user_id)
        as last_seen_at
"""
_OF_COMPANY = "(u.company_id is null or u.company_id = :company)"
_LIST = f"select {_COLUMNS} from office_user u where {_OF_COMPANY} order by u.email"  # noqa: S608 - constants
_BY_EMAIL = f"""
select {_COLUMNS}, u.password_hash from office_user u where {_OF_COMPANY} and u.email = :email
"""  # noqa: S608 - constants
_BY_SUBJECT = f"""
select {_COLUMNS} from office_user u
where {_OF_COMPANY} and u.oidc_issuer = :issuer and u.oidc_subject = :subject
"""  # noqa: S608 - constants
_ADD = """
insert into office_user (company_id, email, user_name, role, password_hash, created_at)
values (:company, :email, :name, :role, :hash, :at) returning office_user_id
"""
# Whoever takes the last but one away waits here for whoever takes the last.
_ADMINISTRATORS = f"""
select u.office_user_id from office_user u
where {_OF_COMPANY} and u.role = 'administrator' and not u.is_disabled order by 1 for update
"""  # noqa: S608 - constants


def list_users(connection: Connection, company_id: int) -> list[OfficeUser]:
    """Return the users who may work for a company, by address."""
    return [_user(row) for row in connection.execute(text(_LIST), {"company": company_id}).mappings()]


def find_user(connection: Connection, company_id: int, email: str) -> tuple[OfficeUser, str] | None:
    """Return the user with an address and the hash of their password, or None."""
    values = {"company": company_id, "email": email}
    row = connection.execute(text(_BY_EMAIL), values).mappings().first()
    return None if row is None else (_user(row), row["password_hash"])


def find_subject(connection: Connection, company_id: int, issuer: str, subject: str) -> OfficeUser | None:
    """Return the user whom an identity provider knows by that subject, or None."""
    values = {"company": company_id, "issuer": issuer, "subject": subject}
    row = connection.execute(text(_BY_SUBJECT), values).mappings().first()
    return None if row is None else _user(row)


def add_user(
    connection: Connection,
    company_id: int | None,
    *,
    email: str,
    user_name: str,
    role: Role,
    password_hash: str,
    at: datetime,
) -> int:
    """Add a user and return their id; raise ``user_exists``."""
    values = {
        "company": company_id,
        "email": email,
        "name": user_name,
        "role": role.value,
        "hash": password_hash,
        "at": at,
    }
    try:
        with connection.begin_nested():
            user_id = int(connection.execute(text(_ADD), values).scalar_one())
    except IntegrityError as error:
        raise BillingError(
            "user_exists",
            f"there is a user {email} already",
            "change what they may do: 'billing users set-role'",
        ) from error
    after = {"name": user_name, "role": role.value}
    _record(connection, Act.ADD_USER, (email, company_id), at, after=after)
    return user_id


def set_role(connection: Connection, company_id: int, email: str, role: Role, at: datetime) -> bool:
    """Give a user a role; return whether that changed anything. Raises ``last_administrator``."""
    administrators = _administrators(connection, company_id)
    user = _known(connection, company_id, email)
    if user.role is role:
        return False
    if administrators == [user.office_user_id]:
        raise last_administrator()
    _update(connection, user, "role = :role", {"role": role.value})
    before, after = {"role": user.role.value}, {"role": role.value}
    _record(connection, Act.SET_ROLE, (user.email, user.company_id), at, before=before, after=after)
    return True


def set_disabled(
    connection: Connection, company_id: int, email: str, at: datetime, *, is_disabled: bool
) -> bool:
    """Lock a user out and end their sessions, or let them in again; return whether that changed anything.

    Raises ``last_administrator``.
    """
    administrators = _administrators(connection, company_id)
    user = _known(connection, company_id, email)
    if user.is_disabled is is_disabled:
        return False
    if is_disabled and administrators == [user.office_user_id]:
        raise last_administrator()
    _update(connection, user, "is_disabled = :is_disabled", {"is_disabled": is_disabled})
    if is_disabled:
        end_sessions_of(connection, user.office_user_id, at)
    act = Act.DISABLE_USER if is_disabled else Act.ENABLE_USER
    _record(connection, act, (user.email, user.company_id), at)
    return True


def set_password(connection: Connection, company_id: int, email: str, hashed: str, at: datetime) -> None:
    """Give a user another password and end their sessions."""
    user = _known(connection, company_id, email)
    _update(connection, user, "password_hash = :hash", {"hash": hashed})
    end_sessions_of(connection, user.office_user_id, at)
    _record(connection, Act.SET_PASSWORD, (user.email, user.company_id), at)


def rehash_password(connection: Connection, user: OfficeUser, hashed: str) -> None:
    """Keep the same password under a newer hash, which is no act of anybody."""
    _update(connection, user, "password_hash = :hash", {"hash": hashed})


def link_subject(connection: Connection, user: OfficeUser, issuer: str, subject: str) -> None:
    """Remember by which subject an identity provider knows a user."""
    values = {"issuer": issuer, "subject": subject}
    _update(connection, user, "oidc_issuer = :issuer, oidc_subject = :subject", values)


def end_sessions_of(connection: Connection, office_user_id: int, at: datetime) -> None:
    """End every session of a user."""
    statement = text(
        "update office_session set ended_at = :at where office_user_id = :user and ended_at is null"
    )
    connection.execute(statement, {"user": office_user_id, "at": at})


def _known(connection: Connection, company_id: int, email: str) -> OfficeUser:
    found = find_user(connection, company_id, email)
    if found is None:
        raise user_unknown(email)
    return found[0]


def _administrators(connection: Connection, company_id: int) -> list[int]:
    return list(connection.execute(text(_ADMINISTRATORS), {"company": company_id}).scalars())


def _update(connection: Connection, user: OfficeUser, changes: str, values: Mapping[str, Any]) -> None:
    statement = text(f"update office_user set {changes} where office_user_id = :user")  # noqa: S608 - constants
    connection.execute(statement, {"user": user.office_user_id, **values})


def _record(
    connection: Connection,
    act: Act,
    user: tuple[str, int | None],
    at: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    email, company_id = user
    entry = AuditAct(
        act=act,
        subject=Subject.USER,
        subject_id=email,
        company_id=company_id,
        before=before,
        after=after,
    )
    record_act(connection, entry, at)


def _user(row: RowMapping) -> OfficeUser:
    values = {name: row[name] for name in OfficeUser.__slots__}
    return OfficeUser(**values | {"role": Role(values["role"])})
