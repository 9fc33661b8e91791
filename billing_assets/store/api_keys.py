"""Keys of the API in the store.

Belongs here: the rows, each change with its entry of the audit log, and the secret that hashes keys where the
settings name none. Does not belong here: hashing and checking (``wiring.key_desk``).
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, text

from billing_assets.domain.api_keys import ApiKey, NewKey, Scope, key_unknown
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.store.audit_log import record_act

_SEEN_EVERY = timedelta(minutes=1)
"""A key that was used so lately is not written again."""

_KEYS = """
select k.api_key_id, k.company_id, c.company_code, k.key_code, k.key_name, k.scopes, k.created_at,
    k.expires_at, k.last_used_at, k.partner_code, k.revoked_at, k.key_hmac
from api_key k join company c using (company_id)
"""
_LIST = f"{_KEYS} where k.company_id = :company order by k.revoked_at is not null, k.api_key_id"
_BY_CODE = f"{_KEYS} where k.key_code = :code"
_ADD = """
insert into api_key (company_id, key_code, key_name, scopes, key_hmac, created_at, expires_at, partner_code)
values (:company, :code, :name, cast(:scopes as text[]), :hmac, :at, :expires, :partner)
"""
_REVOKE = """
update api_key set revoked_at = :at
where company_id = :company and key_code = :code and revoked_at is null
"""
_SEEN = "update api_key set last_used_at = :at where key_code = :code"
_KEEP_FIRST = "insert into api_secret (secret, made_at) values (:secret, :at) on conflict do nothing"


def add_key(connection: Connection, company_id: int, key: NewKey, at: datetime) -> None:
    """Add a key, of which ``key_hmac`` is all that is kept of its secret."""
    words = [scope.value for scope in key.scopes]
    values = {
        "company": company_id,
        "code": key.key_code,
        "name": key.key_name,
        "scopes": words,
        "hmac": key.key_hmac,
        "at": at,
        "expires": key.expires_at,
        "partner": key.partner_code,
    }
    connection.execute(text(_ADD), values)
    after: dict[str, object] = {"name": key.key_name, "scopes": words, "expires_at": key.expires_at}
    after |= {"partner": key.partner_code} if key.partner_code else {}
    record_act(connection, _act(Act.ADD_API_KEY, company_id, key.key_code, after), at)


def list_keys(connection: Connection, company_id: int) -> list[ApiKey]:
    """Return the keys of a company, oldest first, those that were revoked last."""
    return [_key(row) for row in connection.execute(text(_LIST), {"company": company_id})]


def find_key(connection: Connection, key_code: str) -> tuple[ApiKey, bytes] | None:
    """Return a key of any company and its keyed hash, whether it is over or not; None where there is none."""
    row = connection.execute(text(_BY_CODE), {"code": key_code}).first()
    return None if row is None else (_key(row), bytes(row.key_hmac))


def revoke_key(connection: Connection, company_id: int, key_code: str, at: datetime) -> None:
    """End a key at once; raise ``key_unknown`` where none of the company that is in use has that code."""
    values = {"company": company_id, "code": key_code, "at": at}
    if not connection.execute(text(_REVOKE), values).rowcount:
        raise key_unknown(key_code)
    record_act(connection, _act(Act.REVOKE_API_KEY, company_id, key_code, {}), at)


def note_use(connection: Connection, key: ApiKey, at: datetime) -> None:
    """Remember that a key was used, once a minute at most."""
    if key.last_used_at is None or at - key.last_used_at > _SEEN_EVERY:
        connection.execute(text(_SEEN), {"code": key.key_code, "at": at})


def kept_secret(connection: Connection, proposed: bytes, at: datetime) -> bytes:
    """Return the secret of this store; the first who asks gives it ``proposed`` (32 random bytes)."""
    query = text("select secret from api_secret")
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        connection.execute(text(_KEEP_FIRST), {"secret": proposed, "at": at})
        found = connection.execute(query).scalar_one()
    return bytes(found)


def _act(act: Act, company_id: int, key_code: str, after: dict[str, object]) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.API_KEY,
        subject_id=key_code,
        company_id=company_id,
        after=after or None,
    )


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    names = [name for name in ApiKey.__slots__ if name != "scopes"]
    scopes = tuple(Scope(word) for word in row.scopes if word in list(Scope))
    return ApiKey(scopes=scopes, **{name: getattr(row, name) for name in names})
