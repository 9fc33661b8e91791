"""The people who use the pages of the office: what an account is, and what a password has to be.

Belongs here: accounts as values, what is refused of them. Does not belong here: roles (``access``), hashing
(``wiring.passwords``), the rows (``store.office_users``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_assets.domain.access import Actor, ActorKind, Role
from billing_assets.domain.deliveries import is_deliverable_address
from billing_assets.domain.errors import BillingError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
_LONGEST_NAME = 100

ATTEMPT_WINDOW = timedelta(minutes=15)
"""For so long a failed attempt counts against an account and against an address."""
ATTEMPTS_OF_ACCOUNT, ATTEMPTS_OF_ADDRESS = 8, 40
"""So many attempts that failed are answered in that time; then nobody is let in until it is over."""

LINK_LIFE = timedelta(minutes=10)
"""A link that signs in whoever started the office is good for so long, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeUser:
    """An account. ``company_id`` is None for one that may work for every company of the store."""

    office_user_id: int
    company_id: int | None
    email: str
    user_name: str
    role: Role
    is_disabled: bool
    has_password: bool
    has_single_sign_on: bool
    created_at: datetime
    last_seen_at: datetime | None

    @property
    def actor(self) -> Actor:
        """The user as whoever acts."""
        return Actor(kind=ActorKind.USER, name=self.email, office_user_id=self.office_user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who is signed in, and as what; ``office_user_id`` of the actor is None for a login of the machine."""

    actor: Actor
    user_name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedPerson:
    """Somebody as an identity provider knows them: ``subject`` is theirs for ever, the rest may change."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str
    groups: tuple[str, ...]


def role_of(groups: Iterable[str], roles: Mapping[str, Role]) -> Role | None:
    """Return the highest role that any of the groups has, or None.

    >>> role_of(["staff", "clerks", "leads"], {"clerks": Role.OPERATOR, "leads": Role.APPROVER})
    <Role.APPROVER: 'approver'>
    """
    found = {roles[group] for group in groups if group in roles}
    return max(found, key=list(Role).index) if found else None


def checked_email(email: str) -> str:
    """Return an address as accounts keep it, or raise ``user_invalid``.

    >>> checked_email(" Ana@Example.com ")
    'ana@example.com'
    """
    kept = email.strip().lower()
    if not is_deliverable_address(kept):
        raise BillingError(
            "user_invalid",
            "that is not one bare e-mail address",
            "write it as ana@example.com",
        )
    return kept


def checked_name(name: str, email: str) -> str:
    """Return the name of a user on one line, by default the first part of the address.

    >>> checked_name(" Ana  Gil ", "ana@example.com"), checked_name("", "ana@example.com")
    ('Ana Gil', 'ana')
    """
    kept = " ".join(name.replace("\x00", " ").split()) or email.split("@", maxsplit=1)[0]
    if len(kept) > _LONGEST_NAME:
        raise BillingError(
            "user_invalid", f"the name has {len(kept)} characters", f"write at most {_LONGEST_NAME}"
        )
    return kept


def require_password(password: str, email: str) -> None:
    """Raise ``password_weak`` for a password that is too short, too long, or the address itself.

    >>> require_password("a horse in the rain", "ana@example.com")
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BillingError(
            "password_weak",
            f"the password has {len(password)} characters",
            f"choose one of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few words serve well",
        )
    is_repeated = len(set(password)) < SHORTEST_PASSWORD // 3
    if is_repeated or password.casefold() in {email.casefold(), email.split("@", maxsplit=1)[0].casefold()}:
        raise BillingError(
            "password_weak", "the password is easily guessed", "choose a few words that nobody would guess"
        )


def user_unknown(email: str) -> BillingError:
    """Return the error for an address that no account of this office has.

    >>> user_unknown("ana@example.com").code
    'user_unknown'
    """
    return BillingError(
        "user_unknown", f"nobody here has the address {email}", "'billing users list' shows all"
    )


def last_administrator() -> BillingError:
    """Return the error where nobody would be left who may let people in.

    >>> last_administrator().code
    'last_administrator'
    """
    return BillingError(
        "last_administrator",
        "nobody else is administrator of this office",
        "make somebody else administrator first",
    )
