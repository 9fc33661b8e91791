"""Bringing the schema of the store up to date.

Belongs here: roles, schema, migrations, seeding of the shipped rule rows.
Does not belong here: what the tables are (``migrations``), connecting (``connection``).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import APP_ROLE, OWNER_ROLE, SCHEMA, unreachable
from billing_assets.store.rule_rows import seed_rules

_UPGRADE_LOCK = 7_241_001
_LOCK_WAIT = "60s"


def upgrade(owner_url: str) -> str:
    """Bring the schema to the newest revision and return that revision.

    ``owner_url`` must log in as ``billing_owner``, or as a role that may become it or create it. Two
    upgrades at once wait for each other; a table lock that cannot be had within a minute ends the upgrade
    with nothing changed, so that a running billing run is never blocked for long.
    """
    engine = create_engine(owner_url, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            _check_server(connection)
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _UPGRADE_LOCK})
            _ensure_roles(connection)
            connection.execute(text(f"set lock_timeout = '{_LOCK_WAIT}'"))
            connection.execute(text(f"set role {OWNER_ROLE}"))
            connection.execute(text(f"create schema if not exists {SCHEMA} authorization {OWNER_ROLE}"))
            connection.execute(text(f"set search_path = {SCHEMA}"))
            connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            seed_rules(connection)
            connection.commit()
            return newest_revision()
    except OperationalError as error:
        raise unreachable(error) from error
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Return the revision that this program expects."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def require_current(connection: Connection) -> None:
    """Raise unless the schema is at the revision that this program expects."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    found = context.get_current_revision()
    if found != newest_revision():
        raise BillingError(
            "schema_outdated",
            f"the store is at revision {found or 'none'}, this program needs {newest_revision()}",
            "run 'billing db upgrade'",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _check_server(connection: Connection) -> None:
    version = connection.execute(text("show server_version_num")).scalar_one()
    if int(version) < 150_000:  # noqa: PLR2004 - PostgreSQL 15
        raise BillingError("server_too_old", f"the server is PostgreSQL {version}", "use PostgreSQL 15 or newer")


def _ensure_roles(connection: Connection) -> None:
    """Create the two roles where they are missing and may be created; give the owner the right to a schema."""
    login = connection.execute(text("select session_user")).scalar_one()
    known = set(connection.execute(text("select rolname from pg_roles")).scalars())
    for role in (OWNER_ROLE, APP_ROLE):
        if role not in known:
            connection.execute(text(f"create role {role} nologin"))
        if login not in {role, OWNER_ROLE} and not _may_become(connection, role):
            connection.execute(text(f'grant {role} to "{login}"'))
    database = connection.execute(text("select current_database()")).scalar_one()
    may_create = "select has_database_privilege(:role, current_database(), 'create')"
    if not connection.execute(text(may_create), {"role": OWNER_ROLE}).scalar_one():
        connection.execute(text(f'grant create on database "{database}" to {OWNER_ROLE}'))


def _may_become(connection: Connection, role: str) -> bool:
    query = text("select pg_has_role(session_user, :role, 'member')")
    return bool(connection.execute(query, {"role": role}).scalar_one())
