"""Bringing the schema of the store up to date.

Belongs here: roles, schema, migrations, seeding of the shipped rule rows.
Does not belong here: what the tables are (``migrations``), connecting (``connection``), whether an upgrade is
due (``revisions``), which each command asks and which needs no Alembic.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import (
    SCHEMA,
    open_engine,
    store_busy,
    unreachable,
)
from billing_assets.store.payer_scope import grant_rights
from billing_assets.store.revisions import found_revision, newest_revision, refuse_newer
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE, PAYER_ROLE, SENDER_ROLE
from billing_assets.store.rule_rows import seed_rules

_UPGRADE_LOCK = 7_241_001
_LOCK_WAIT = "60s"
_OLDEST_SERVER = 150_000
_LOCK_TIMEOUT, _NO_RIGHT = "55P03", "42501"


def upgrade(owner_url: str, connect_args: Mapping[str, str] | None = None) -> str:
    """Bring the schema to the newest revision and return that revision.

    ``owner_url`` must log in as ``billing_owner``, or as a role that may become it or create it. Two
    upgrades at once wait for each other. All steps and the shipped rows are one transaction: a table lock
    that cannot be had within a minute ends the upgrade with nothing changed, so that a billing run is
    never blocked for long. Checks that a step adds as not valid are held against the rows there are after it,
    one at a time, while others write; an upgrade that was stopped in between goes on with them.

    Raises:
        BillingError: ``store_unreachable``, ``store_busy``, ``server_too_old``, ``schema_newer``,
            ``owner_rights_missing``.
    """
    engine = open_engine(owner_url, connect_args)
    try:
        with _told(), engine.connect() as connection:
            _check_server(connection)
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _UPGRADE_LOCK})
            connection.execute(text(f"set lock_timeout = '{_LOCK_WAIT}'"))
            connection.execute(text("set statement_timeout = 0"))
            _ensure_roles(connection)
            connection.execute(text(f"set role {OWNER_ROLE}"))
            connection.commit()
            with connection.begin():
                connection.execute(text(f"create schema if not exists {SCHEMA} authorization {OWNER_ROLE}"))
                refuse_newer(found_revision(connection))
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                seed_rules(connection)
                grant_rights(connection)
            _validate_checks(connection)
            return newest_revision()
    finally:
        engine.dispose()


_NOT_VALID = """
select format('alter table %s validate constraint %I', conrelid::regclass, conname) from pg_constraint
where connamespace = cast(:schema as regnamespace) and not convalidated order by 1
"""


def _validate_checks(connection: Connection) -> None:
    """Hold the checks that are not valid yet against the rows that are there, each in its own transaction."""
    statements = connection.execute(text(_NOT_VALID), {"schema": SCHEMA}).scalars().all()
    connection.commit()
    for statement in statements:
        connection.execute(text(statement))
        connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _check_server(connection: Connection) -> None:
    version = connection.execute(text("show server_version_num")).scalar_one()
    if int(version) < _OLDEST_SERVER:
        raise BillingError(
            "server_too_old",
            f"the server is PostgreSQL {int(version) // 10_000}",
            "use PostgreSQL 15 or newer",
        )


def _ensure_roles(connection: Connection) -> None:
    """Create the roles where they are missing, with the rights on the database that they need.

    That of senders is for other systems: nobody here becomes it, and an upgrade that may not make it goes on.
    So it does without that of payers, and their portal stays shut.
    """
    quote = connection.dialect.identifier_preparer.quote_identifier
    login = connection.execute(text("select session_user")).scalar_one()
    known = set(connection.execute(text("select rolname from pg_roles")).scalars())
    for role in (OWNER_ROLE, APP_ROLE):
        if role not in known:
            connection.execute(text(_CREATE_ROLE.format(role=role, refused="")))
        if login not in {role, OWNER_ROLE} and not _may_become(connection, role):
            connection.execute(text(f"grant {role} to {quote(login)}"))
    for role in (SENDER_ROLE, PAYER_ROLE):
        if role not in known:
            connection.execute(text(_CREATE_ROLE.format(role=role, refused=_OR_REFUSED)))
    connection.execute(text(_LET_BECOME_PAYER))
    database = connection.execute(text("select current_database()")).scalar_one()
    # The owner makes the schema; the application stages imports in temporary tables.
    may = text("select has_database_privilege(:role, current_database(), :right)")
    for role, right in ((OWNER_ROLE, "create"), (APP_ROLE, "temporary")):
        if not connection.execute(may, {"role": role, "right": right}).scalar_one():
            connection.execute(text(f"grant {right} on database {quote(database)} to {role}"))


# Roles belong to the whole server, the upgrade's lock to one database: another upgrade may be faster.
_CREATE_ROLE = """
do $$ begin create role {role} nologin;
exception when duplicate_object or unique_violation{refused} then null; end $$
"""
_OR_REFUSED = " or insufficient_privilege"
_LET_BECOME_PAYER = f"""
do $$ begin
    if exists (select from pg_roles where rolname = '{PAYER_ROLE}')
            and not pg_has_role('{APP_ROLE}', '{PAYER_ROLE}', 'member') then
        grant {PAYER_ROLE} to {APP_ROLE};
    end if;
exception when insufficient_privilege or unique_violation then null; end $$
"""


def _may_become(connection: Connection, role: str) -> bool:
    """Try it: since PostgreSQL 16 a member may lack the right to become the role."""
    try:
        with connection.begin_nested():
            connection.execute(text(f"set local role {role}"))
            connection.execute(text("set local role none"))
    except ProgrammingError:
        return False
    return True


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the server refused as an error that says what to do."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _LOCK_TIMEOUT:
            raise store_busy() from error
        if state == _NO_RIGHT:
            raise BillingError(
                "owner_rights_missing",
                f"the login of the upgrade may neither become {OWNER_ROLE} nor make it",
                f"upgrade as a superuser once, or as that: grant {OWNER_ROLE} and {APP_ROLE} to the login",
            ) from error
        if isinstance(error, OperationalError):
            raise unreachable(error) from error
        raise
