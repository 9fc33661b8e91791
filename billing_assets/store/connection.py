"""Connections to the store.

Belongs here: how the application and the migrations connect, with which role and which time-outs.
Does not belong here: starting a server (``embedded``), the schema (``migrations``), any query.

The application works as the role ``billing_app``, which owns nothing and cannot alter a table. Where the
login of the URL is another role, each connection steps down to ``billing_app`` before its first statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from billing_assets.domain.errors import BillingError

APP_ROLE = "billing_app"
OWNER_ROLE = "billing_owner"
SCHEMA = "billing"

_CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "options": f"-c search_path={SCHEMA} -c timezone=UTC -c datestyle=ISO -c idle_in_transaction_session_timeout=600s",
    "application_name": "billing_assets",
}


class Database:
    """The store as the application sees it: one pool of connections, all of the role ``billing_app``."""

    def __init__(self, url: str) -> None:
        """Prepare a pool for ``url`` (``postgresql+psycopg://...``); nothing connects before it is needed."""
        self.engine = make_engine(url, APP_ROLE)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a transaction: committed at the end, rolled back on an exception."""
        try:
            connection = self.engine.connect()
        except OperationalError as error:
            raise unreachable(error) from error
        with connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def make_engine(url: str, role: str) -> Engine:
    """Return an engine whose connections act as ``role``, whatever login the URL names."""
    engine = create_engine(url, connect_args=_CONNECT, pool_pre_ping=True, pool_size=4, max_overflow=8)

    @event.listens_for(engine, "connect")
    def step_down(driver: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's connection
        if driver.info.user != role:
            with driver.cursor() as cursor:
                cursor.execute(f"set role {role}")
            driver.commit()

    return engine


def unreachable(error: Exception) -> BillingError:
    """Return the error a person sees when the store does not answer; it never shows the URL's password."""
    first_line = str(error).splitlines()[0][:200]
    return BillingError(
        "store_unreachable",
        f"the store does not answer: {first_line}",
        "start it with 'billing db start', or correct BILLING_DATABASE_URL; 'billing db upgrade' makes the schema",
    )
