"""Sessions of the office in the store, links of one use, and attempts to sign in.

Belongs here: what tells who is signed in. Only hashes of tokens are kept: who reads the store signs in as
nobody. Does not belong here: accounts (``office_users``), cookies (``portal``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, text

from billing_assets.domain.access import Actor, ActorKind, Role
from billing_assets.domain.office_users import ATTEMPT_WINDOW, LINK_LIFE, SignedIn

SEEN_EVERY = timedelta(minutes=1)
"""A session that was seen so lately is not written again."""

_OPEN = """
insert into office_session (session_sha256, office_user_id, login_name, created_at, last_seen_at, expires_at)
values (:hash, :user, :login, :at, :at, :expires)
"""
_FIND = """
select s.office_user_id, s.login_name, s.last_seen_at, u.email, u.user_name, u.role
from office_session s left join office_user u using (office_user_id)
where s.session_sha256 = :hash and s.ended_at is null and s.expires_at > :at and s.last_seen_at > :idle_since
    and (s.office_user_id is null
        or (not u.is_disabled and (u.company_id is null or u.company_id = :company)))
"""
_SEEN = "update office_session set last_seen_at = :at where session_sha256 = :hash"
_END = "update office_session set ended_at = :at where session_sha256 = :hash and ended_at is null"
_ADD_LINK = """
insert into sign_in_link (link_sha256, login_name, expires_at) values (:hash, :login, :expires)
"""
_USE_LINK = """
update sign_in_link set used_at = :at where link_sha256 = :hash and used_at is null and expires_at > :at
returning login_name
"""
_COUNT = """
insert into sign_in_attempt as a (attempt_key, attempt_count, first_at) values (:key, 1, :at)
on conflict (attempt_key) do update set
    attempt_count = case when a.first_at <= :since then 1 else a.attempt_count + 1 end,
    first_at = case when a.first_at <= :since then :at else a.first_at end
returning attempt_count
"""
_FORGIVE = """
update sign_in_attempt set attempt_count = greatest(attempt_count - 1, 0) where attempt_key = any(:keys)
"""


def hash_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode()).digest()


def open_session(
    connection: Connection, token: str, actor: Actor, *, at: datetime, expires_at: datetime
) -> None:
    """Begin a session of a user, or of a login of this machine."""
    values = {
        "hash": hash_of(token),
        "user": actor.office_user_id,
        "login": "" if actor.office_user_id else actor.name,
        "at": at,
        "expires": expires_at,
    }
    connection.execute(text(_OPEN), values)


def find_session(
    connection: Connection, company_id: int, token: str, *, at: datetime, idle: timedelta
) -> SignedIn | None:
    """Return who is signed in by a token, as what they are now, or None where the session is over."""
    values = {"company": company_id, "hash": hash_of(token), "at": at, "idle_since": at - idle}
    row = connection.execute(text(_FIND), values).first()
    if row is None:
        return None
    if at - row.last_seen_at > SEEN_EVERY:
        connection.execute(text(_SEEN), values)
    if row.office_user_id is None:
        actor = Actor(kind=ActorKind.LOGIN, name=row.login_name)
        return SignedIn(actor=actor, user_name=row.login_name, role=Role.ADMINISTRATOR)
    actor = Actor(kind=ActorKind.USER, name=row.email, office_user_id=row.office_user_id)
    return SignedIn(actor=actor, user_name=row.user_name, role=Role(row.role))


def end_session(connection: Connection, token: str, at: datetime) -> bool:
    """End a session; return whether it was there and open."""
    return connection.execute(text(_END), {"hash": hash_of(token), "at": at}).rowcount == 1


def add_link(connection: Connection, token: str, login_name: str, at: datetime) -> None:
    """Let whoever has the token sign in once, soon, as a login of this machine."""
    values = {"hash": hash_of(token), "login": login_name, "expires": at + LINK_LIFE}
    connection.execute(text(_ADD_LINK), values)


def use_link(connection: Connection, token: str, at: datetime) -> str | None:
    """Use a link up and return the login that it is of; None where it was used, is over, or never was."""
    found = connection.execute(text(_USE_LINK), {"hash": hash_of(token), "at": at}).scalar_one_or_none()
    return None if found is None else str(found)


def count_attempts(connection: Connection, keys: Sequence[str], at: datetime) -> list[int]:
    """Count an attempt against each key, and return how many there were lately, this one included."""
    values = {"at": at, "since": at - ATTEMPT_WINDOW}
    return [
        int(connection.execute(text(_COUNT), {**values, "key": hash_of(key)}).scalar_one()) for key in keys
    ]


def forgive_attempt(connection: Connection, keys: Sequence[str]) -> None:
    """Take an attempt back that succeeded."""
    connection.execute(text(_FORGIVE), {"keys": [hash_of(key) for key in keys]})
