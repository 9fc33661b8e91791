"""Connections to the store.

Belongs here: how the application and the migrations connect, with which role and which time-outs, and how a
connection that fails is told to people.
Does not belong here: starting a server (``embedded``), the schema (``migrations``), any query.

The application works as the role ``billing_app``, which owns nothing and cannot alter a table. Where the
login of the URL is another role, each connection steps down to ``billing_app`` before its first statement.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import copy
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from billing_assets.domain.access import PROGRAM, Actor
from billing_assets.domain.errors import BillingError
from billing_assets.store.roles import APP_ROLE

SCHEMA = "billing"

# idle_session_timeout: the session that holds a run's lock is idle while the run works.
_SESSION = (
    f"-c search_path={SCHEMA} -c timezone=UTC -c datestyle=ISO -c idle_session_timeout=0 "
    "-c idle_in_transaction_session_timeout=600s -c lock_timeout=600s -c statement_timeout=3600s"
)
_CONNECT: Mapping[str, str | int] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "billing_assets",
}
_UNKNOWN_ROLE, _NOT_A_MEMBER, _LOCK_TIMEOUT = "22023", "42501", "55P03"


class Database:
    """The store as the application sees it: one pool of connections, all of the role ``billing_app``."""

    def __init__(self, url: str, connect_args: Mapping[str, str] | None = None) -> None:
        """Prepare a pool for ``url`` (``postgresql+psycopg://...``); nothing connects before it is needed.

        ``connect_args`` are further libpq parameters; time-outs and session settings of ours stay.
        """
        self.url = url
        self.connect_args = connect_args
        self.engine = make_engine(url, APP_ROLE, connect_args)
        self._joined: Connection | None = None

    def acting_as(self, actor: Actor) -> "Database":
        """Return the same store, the same pool, for ``actor``: whose acts its transactions record."""
        twin = copy(self)
        twin.engine = self.engine.execution_options(actor=actor)
        return twin

    def joined(self, connection: Connection) -> "Database":
        """Return the same store, whose transactions are parts of the one that ``connection`` has open.

        What was done through it stands if that transaction does. It is for one thread at a time.
        """
        twin = copy(self)
        twin.__dict__["_joined"] = connection
        return twin

    @property
    def actor(self) -> Actor:
        """Whoever works with this store."""
        return _actor(self.engine.get_execution_options())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a transaction: committed at the end, rolled back on an exception.

        Raises:
            BillingError: ``store_unreachable``, ``store_not_ready`` before the block; ``store_busy`` where
                the block waited too long for a lock.
        """
        with nullcontext(self._joined) if self._joined is not None else self.session() as connection:
            try:
                with connection.begin_nested() if connection is self._joined else connection.begin():
                    yield connection
            except OperationalError as error:
                if _state(error) == _LOCK_TIMEOUT:
                    raise store_busy() from error
                raise

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Yield a connection outside any transaction."""
        try:
            connection = self.engine.connect()
        except DBAPIError as error:
            raise connect_refusal(error) from error
        with connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def actor_of(connection: Connection) -> Actor:
    """Return whoever works with a connection; the program itself where nobody was named."""
    return _actor(connection.get_execution_options())


def _actor(options: Mapping[str, object]) -> Actor:
    actor = options.get("actor")
    return actor if isinstance(actor, Actor) else PROGRAM


def make_engine(url: str, role: str, connect_args: Mapping[str, str] | None = None) -> Engine:
    """Return an engine whose connections act as ``role``, whatever login the URL names."""
    engine = open_engine(url, connect_args)

    @event.listens_for(engine, "connect")
    def step_down(driver: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's connection
        if driver.info.user != role:
            with driver.cursor() as cursor:
                cursor.execute(f"set role {role}")
            driver.commit()

    return engine


def open_engine(url: str, connect_args: Mapping[str, str] | None = None) -> Engine:
    """Return an engine with the session settings and time-outs of the store, as the login of the URL.

    What the URL says about time-outs and the application's name wins; of ``options`` both count, ours last.
    Raises ``store_url_invalid`` without showing the URL, which may hold a password.
    """
    parsed = _parse(url)
    given = {**(connect_args or {}), **parsed.query}
    ours: dict[str, str | int] = {name: value for name, value in _CONNECT.items() if name not in given}
    options = f"{given.get('options', '')} {_SESSION}".strip()
    arguments = {**(connect_args or {}), **ours, "options": options}
    return create_engine(parsed, connect_args=arguments, pool_pre_ping=True, pool_size=4, max_overflow=8)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = URL.create("unreadable")
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "postgresql+psycopg":
        raise BillingError(
            "store_url_invalid",
            "BILLING_DATABASE_URL is not the URL of a PostgreSQL database",
            "write postgresql+psycopg://login:password@host:5432/database, with signs percent-encoded",
        )
    return parsed


def connect_refusal(error: DBAPIError) -> BillingError:
    """Return the error a person sees when no connection as the right role can be had."""
    if _state(error) in {_UNKNOWN_ROLE, _NOT_A_MEMBER}:
        return BillingError(
            "store_not_ready",
            "the login of BILLING_DATABASE_URL cannot work as the role billing_app, or there is no such role",
            "run 'billing db upgrade'; then, as the owner: grant billing_app to that login",
        )
    return unreachable(error)


def unreachable(error: Exception) -> BillingError:
    """Return the error a person sees when the store does not answer; it never shows the URL's password."""
    first_line = str(error).splitlines()[0][:200]
    return BillingError(
        "store_unreachable",
        f"the store does not answer: {first_line}",
        "start it with 'billing db start', or correct BILLING_DATABASE_URL; 'billing db upgrade' makes the "
        "schema",
    )


def store_busy() -> BillingError:
    """Return the error a person sees when somebody else held a lock for too long; nothing is half done."""
    return BillingError(
        "store_busy",
        "another session of the store held a lock for too long",
        "end that session, or wait for it; then run the same command again",
    )


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
