"""Letting people in: sign-in, sessions, and the accounts of the office.

Belongs here: what an account and a session go through, with the clock. Does not belong here: cookies and
forms (``portal``), identity providers (``single_sign_on``), the rows (``store``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import Connection

from billing_assets.domain.access import Actor, ActorKind, Role
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import (
    ATTEMPT_WINDOW,
    ATTEMPTS_OF_ACCOUNT,
    ATTEMPTS_OF_ADDRESS,
    LONGEST_PASSWORD,
    OfficeUser,
    ProvidedPerson,
    SignedIn,
    checked_email,
    checked_name,
    require_password,
)
from billing_assets.store import office_sessions, office_users
from billing_assets.store.audit_log import AuditFilter, AuditRow, list_acts, record_act
from billing_assets.store.connection import Database
from billing_assets.wiring import passwords
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.settings import Settings

_PROVIDER = Actor(kind=ActorKind.PROGRAM, name="single sign-on")


class AccessDesk:
    """Accounts, sessions and the audit log of one company; acts are of whoever ``database`` works for."""

    def __init__(self, database: Database, company_id: int, settings: Settings) -> None:
        """Work for ``company_id``."""
        self.database = database
        self.company_id = company_id
        self.idle = timedelta(minutes=settings.session_idle_minutes)
        self.life = timedelta(hours=settings.session_hours)

    def users(self) -> list[OfficeUser]:
        """Return everybody who may work for the company."""
        with self.database.transaction() as connection:
            return office_users.list_users(connection, self.company_id)

    def add_user(
        self,
        email: str,
        role: Role,
        *,
        name: str = "",
        password: str | None = None,
        of_all_companies: bool = False,
    ) -> None:
        """Let somebody in; without a password only the identity provider signs them in.

        Raises:
            BillingError: ``user_invalid``, ``user_exists``, ``password_weak``.
        """
        email = checked_email(email)
        if password is not None:
            require_password(password, email)
        with self.database.transaction() as connection:
            office_users.add_user(
                connection,
                None if of_all_companies else self.company_id,
                email=email,
                user_name=checked_name(name, email),
                role=role,
                password_hash="" if password is None else passwords.hash_password(password),
                at=utc_now(),
            )

    def set_role(self, email: str, role: Role) -> bool:
        """Give a user a role; raise ``user_unknown``, ``last_administrator``."""
        with self.database.transaction() as connection:
            return office_users.set_role(connection, self.company_id, checked_email(email), role, utc_now())

    def set_disabled(self, email: str, *, is_disabled: bool) -> bool:
        """Lock a user out, at once, or let them in again; raise ``user_unknown``, ``last_administrator``."""
        with self.database.transaction() as connection:
            return office_users.set_disabled(
                connection, self.company_id, checked_email(email), utc_now(), is_disabled=is_disabled
            )

    def set_password(self, email: str, password: str) -> None:
        """Give a user another password and end their sessions; raise ``user_unknown``, ``password_weak``."""
        email = checked_email(email)
        require_password(password, email)
        hashed = passwords.hash_password(password)
        with self.database.transaction() as connection:
            office_users.set_password(connection, self.company_id, email, hashed, utc_now())

    def change_password(self, email: str, former: str, password: str, address: str) -> None:
        """Give a user another password who knows the former one; raise ``sign_in_refused`` else."""
        self._proved(email, former, address)
        self.set_password(email, password)

    def sign_in(self, email: str, password: str, address: str) -> str:
        """Return the token of a new session.

        Attempts are counted before anything is compared, so that many at once are no way around the limit.

        Raises:
            BillingError: ``sign_in_refused``, whatever is wrong; ``sign_in_throttled``.
        """
        return self.open_session(self._proved(email, password, address).actor)

    def open_session(self, actor: Actor) -> str:
        """Begin a session of somebody who has proved who they are; return its token."""
        token, at = token_urlsafe(32), utc_now()
        with self.database.acting_as(actor).transaction() as connection:
            office_sessions.open_session(connection, token, actor, at=at, expires_at=at + self.life)
            record_act(connection, self._act(Act.SIGN_IN, actor), at)
        return token

    def signed_in(self, token: str) -> SignedIn | None:
        """Return who is signed in by a token, as what they are at this moment."""
        with self.database.transaction() as connection:
            return office_sessions.find_session(
                connection, self.company_id, token, at=utc_now(), idle=self.idle
            )

    def sign_out(self, token: str, actor: Actor) -> None:
        """End a session."""
        with self.database.acting_as(actor).transaction() as connection:
            if office_sessions.end_session(connection, token, utc_now()):
                record_act(connection, self._act(Act.SIGN_OUT, actor), utc_now())

    def make_link(self, login_name: str) -> str:
        """Return a token with which whoever works at this machine signs in once, as administrator."""
        token = token_urlsafe(32)
        with self.database.transaction() as connection:
            office_sessions.add_link(connection, token, login_name, utc_now())
        return token

    def use_link(self, token: str) -> str:
        """Return the token of a session for that of a link; raise ``link_over``."""
        with self.database.transaction() as connection:
            login = office_sessions.use_link(connection, token, utc_now())
        if login is None:
            raise BillingError(
                "link_over",
                "this link was used already, or is older than ten minutes",
                "start 'billing office' again: it prints a new one",
            )
        return self.open_session(Actor(kind=ActorKind.LOGIN, name=login))

    def acts(self, wanted: AuditFilter) -> list[AuditRow]:
        """Return entries of the audit log, newest first."""
        with self.database.transaction() as connection:
            return list_acts(connection, self.company_id, wanted)

    def _proved(self, email: str, password: str, address: str) -> OfficeUser:
        """Return the user who has that password, or raise what :meth:`sign_in` does."""
        email = email.strip().lower()
        keys = (f"account {email}", f"address {address}")
        self._count(keys, utc_now())
        with self.database.transaction() as connection:
            user, hashed = office_users.find_user(connection, self.company_id, email) or (None, "")
        is_right = passwords.fits(hashed, password[: LONGEST_PASSWORD + 1])
        if user is None or user.is_disabled or not is_right:
            raise BillingError(
                "sign_in_refused",
                "no account fits this address and password",
                "correct them, or ask an administrator of the office",
            )
        with self.database.transaction() as connection:
            office_sessions.forgive_attempt(connection, keys)
            if passwords.is_outdated(hashed):
                office_users.rehash_password(connection, user, passwords.hash_password(password))
        return user

    def _count(self, keys: Sequence[str], at: datetime) -> None:
        with self.database.transaction() as connection:
            counts = office_sessions.count_attempts(connection, keys, at)
        if any(
            count > most
            for count, most in zip(counts, (ATTEMPTS_OF_ACCOUNT, ATTEMPTS_OF_ADDRESS), strict=True)
        ):
            raise BillingError(
                "sign_in_throttled",
                "too many attempts have failed",
                f"wait {ATTEMPT_WINDOW.seconds // 60} minutes, then try again",
            )

    def provided_user(self, person: ProvidedPerson, role: Role | None) -> OfficeUser:
        """Return the user whom an identity provider has proved to be there.

        With a ``role``, by their groups, they are added, or given it; without one they must have been added,
        under an address that the provider has verified.

        Raises:
            BillingError: ``sign_in_refused``; ``last_administrator`` where their groups would leave none.
        """
        at, key = utc_now(), self.company_id
        with self.database.acting_as(_PROVIDER).transaction() as connection:
            user = office_users.find_subject(connection, key, person.issuer, person.subject)
            if user is None:
                user = self._linked(connection, person, role, at)
            if user.is_disabled:
                raise _not_let_in()
            if role is not None and office_users.set_role(connection, key, user.email, role, at):
                user = replace(user, role=role)
        return user

    def _linked(
        self, connection: Connection, person: ProvidedPerson, role: Role | None, at: datetime
    ) -> OfficeUser:
        """Find the account of a verified address, or make one, and remember whose it is."""
        if not person.is_email_verified:
            raise _not_let_in()
        email = checked_email(person.email)
        found = office_users.find_user(connection, self.company_id, email)
        if found is None and role is not None:
            office_users.add_user(
                connection,
                self.company_id,
                email=email,
                user_name=checked_name(person.name, email),
                role=role,
                password_hash="",
                at=at,
            )
            found = office_users.find_user(connection, self.company_id, email)
        if found is None or found[0].has_single_sign_on:
            raise _not_let_in()
        office_users.link_subject(connection, found[0], person.issuer, person.subject)
        return found[0]

    def _act(self, act: Act, actor: Actor) -> AuditAct:
        return AuditAct(
            act=act,
            subject=Subject.USER,
            subject_id=actor.name,
            company_id=self.company_id,
        )


def _not_let_in() -> BillingError:
    return BillingError(
        "sign_in_refused",
        "the identity provider knows you, and this office does not",
        "ask an administrator of the office to let you in",
    )
