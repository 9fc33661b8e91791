"""Sessions of payers in the store, and the links of one use by which they begin.

Belongs here: what tells which payer is signed in, and whom an address is of. Only hashes of tokens are kept:
who reads the store signs in as nobody. Does not belong here: sessions of the office (``office_sessions``),
cookies (``portal.payer``).

A link and a session are of an address too: when the book gives the payer another one they end.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, text

from billing_assets.domain.portal_access import (
    LINK_LIFE,
    MOST_PAYERS_OF_ADDRESS,
    AddressedPayer,
    SignedInPayer,
)
from billing_assets.store.office_sessions import SEEN_EVERY, hash_of

# The address may stand in any version, and counts in the newest alone.
_ADDRESSED = """
select p.payer_id, p.payer_key, v.content::json ->> 'name' as name, v.content::json ->> 'email' as email,
    coalesce(w.language, v.content::json ->> 'language', '') as language
from payer p
join lateral (select content from payer_version x where x.payer_id = p.payer_id
    order by payer_version_id desc limit 1) v on true
left join lateral (select language from payer_preference x where x.payer_id = p.payer_id
    order by payer_preference_id desc limit 1) w on true
where p.payer_id in (select payer_id from payer_version y
        where y.company_id = :company and lower(y.content::json ->> 'email') = :email)
    and lower(v.content::json ->> 'email') = :email
order by p.payer_id limit :most
"""
_IS_STILL_OF = """
sha256(convert_to(lower((select content::json ->> 'email' from payer_version v
    where v.payer_id = {of}.payer_id order by payer_version_id desc limit 1)), 'UTF8')) = {of}.email_sha256
"""
_ADD_LINK = """
insert into payer_sign_in_link (link_sha256, company_id, payer_id, email_sha256, expires_at)
values (:hash, :company, :payer, :email_hash, :expires)
"""
_USE_LINK = f"""
with used as (
    update payer_sign_in_link set used_at = :at
    where link_sha256 = :hash and company_id = :company and used_at is null and expires_at > :at
    returning company_id, payer_id, email_sha256
)
insert into payer_session (session_sha256, company_id, payer_id, email_sha256, created_at, last_seen_at,
    expires_at)
select :session, company_id, payer_id, email_sha256, :at, :at, :expires from used u
where {_IS_STILL_OF.format(of="u")}
returning company_id, payer_id, (select payer_key from payer p where p.payer_id = payer_session.payer_id)
    as payer_key
"""  # noqa: S608 - constants
_FIND = f"""
select s.company_id, s.payer_id, p.payer_key, s.last_seen_at
from payer_session s join payer p using (payer_id)
where s.session_sha256 = :hash and s.company_id = :company and s.ended_at is null and s.expires_at > :at
    and s.last_seen_at > :idle_since and {_IS_STILL_OF.format(of="s")}
"""  # noqa: S608 - constants
_SEEN = "update payer_session set last_seen_at = :at where session_sha256 = :hash"
_END = "update payer_session set ended_at = :at where session_sha256 = :hash and ended_at is null"


def payers_of_address(connection: Connection, company_id: int, email: str) -> list[AddressedPayer]:
    """Return the payers whose newest address it is, capitals or not."""
    values = {"company": company_id, "email": email.lower(), "most": MOST_PAYERS_OF_ADDRESS}
    return [AddressedPayer(**row) for row in connection.execute(text(_ADDRESSED), values).mappings()]


def add_payer_link(
    connection: Connection, company_id: int, payer: AddressedPayer, token: str, at: datetime
) -> None:
    """Let whoever has the token sign in once, soon, as a payer."""
    values = {
        "hash": hash_of(token),
        "company": company_id,
        "payer": payer.payer_id,
        "email_hash": sha256(payer.email.lower().encode()).digest(),
        "expires": at + LINK_LIFE,
    }
    connection.execute(text(_ADD_LINK), values)


def begin_session(
    connection: Connection, company_id: int, link: str, session: str, *, at: datetime, expires_at: datetime
) -> SignedInPayer | None:
    """Use a link up and begin a session; None where it was used, is over, never was, or is another's now."""
    values = {
        "hash": hash_of(link),
        "company": company_id,
        "session": hash_of(session),
        "at": at,
        "expires": expires_at,
    }
    row = connection.execute(text(_USE_LINK), values).mappings().first()
    return None if row is None else SignedInPayer(**row)


def find_payer_session(
    connection: Connection, company_id: int, token: str, *, at: datetime, idle: timedelta
) -> SignedInPayer | None:
    """Return who is signed in by a token, or None where the session is over."""
    values = {"company": company_id, "hash": hash_of(token), "at": at, "idle_since": at - idle}
    row = connection.execute(text(_FIND), values).first()
    if row is None:
        return None
    if at - row.last_seen_at > SEEN_EVERY:
        connection.execute(text(_SEEN), values)
    return SignedInPayer(company_id=row.company_id, payer_id=row.payer_id, payer_key=row.payer_key)


def end_payer_session(connection: Connection, token: str, at: datetime) -> bool:
    """End a session; return whether it was there and open."""
    return connection.execute(text(_END), {"hash": hash_of(token), "at": at}).rowcount == 1
