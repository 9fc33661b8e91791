"""The data folder and what every one of them holds: encoding, roles, the database.

Belongs here: initdb by way of a stage, roles and database, server settings.
Does not belong here: tables and their privileges (migrations), starting and stopping.
"""

import os
import shutil
import subprocess
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import accounts, folders
from billing_assets.store.embedded.address import DATABASE, PORT, SUPERUSER_ROLE
from billing_assets.store.embedded.binaries import Install
from billing_assets.store.embedded.folders import Folders
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE, PAYER_ROLE

_BUILTIN_LOCALE_SINCE = 17
_PSQL_TIMEOUT_SECONDS = 60

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    # The rows of a shard make 25 MB of it. Where the default of 8 MB is full, each next row waits for a page
    # to be written, one at a time: 8,400 writes for 100,000 invoices, and 17 like this.
    "wal_buffers": "64MB",
    "shared_buffers": "256MB",
    # A log-out may remove a user's /dev/shm files, and containers keep that small: neither is used.
    "dynamic_shared_memory_type": "mmap",
    "min_dynamic_shared_memory": "32MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "log_destination": "stderr",
    # "log" stands above "error": failed statements go to their client and not into the file.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_duration": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_lock_waits": "off",
}

_ROLES_SQL = f"""
SELECT format('CREATE ROLE %I LOGIN', wanted.name)
  FROM (VALUES ('{OWNER_ROLE}'), ('{APP_ROLE}')) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name)
\\gexec
SELECT 'CREATE ROLE {PAYER_ROLE} NOLOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{PAYER_ROLE}')
\\gexec
SELECT 'GRANT {PAYER_ROLE} TO {APP_ROLE}' WHERE NOT pg_has_role('{APP_ROLE}', '{PAYER_ROLE}', 'MEMBER')
\\gexec
SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}')
\\gexec
REVOKE ALL ON DATABASE postgres, template1, {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE};
\\connect {DATABASE}
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) TO {OWNER_ROLE};
"""  # noqa: S608 - made of the constants above


def make_data_dir(where: Folders, install: Install) -> Folders:
    """Run initdb in the stage and rename the result; a data folder that was there and is gone is an error."""
    if where.data_dir.exists():
        return where if where.progress != folders.PLANNED else where.record(folders.INITIALISED)
    if where.progress != folders.PLANNED:
        raise BillingError(
            "embedded_data_missing",
            f"the data folder {where.data_dir} named by {where.control}/location.json is gone",
            f"restore it from a backup; or, if the data are not needed, remove {where.control} to begin anew",
        )
    shutil.rmtree(where.stage_dir, ignore_errors=True)
    where.stage_dir.mkdir(mode=0o700)
    if where.account.is_switched:
        os.chown(where.stage_dir, 0, where.account.gid)
        where.stage_dir.chmod(0o770)
    fresh = where.stage_dir / "data"
    _initdb(where, install, fresh)
    where.account.take_tree(fresh)
    fresh.rename(where.data_dir)
    folders.sync_folder(where.base)
    shutil.rmtree(where.stage_dir, ignore_errors=True)
    return where.record(folders.INITIALISED)


def _initdb(where: Folders, install: Install, fresh: Path) -> None:
    command: list[str | Path] = [install.program("initdb"), "-D", fresh, f"--username={SUPERUSER_ROLE}"]
    command += [
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
        "--auth-local=trust",
        "--auth-host=reject",
    ]
    if install.major >= _BUILTIN_LOCALE_SINCE:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = accounts.run(command, where.account.with_entry())
    if done.returncode != 0:
        raise BillingError(
            "embedded_initdb_failed",
            f"initdb could not make the data folder {where.data_dir}: {tail(done.stdout + done.stderr)}",
            "give the data folder room, and the user an entry in the password file, then start again",
        )


def prepare(where: Folders, install: Install) -> Folders:
    """Make roles and database where they are missing; safe to repeat after a crash at any point."""
    if where.progress == folders.PREPARED:
        return where
    is_done, said = psql(where, install, _ROLES_SQL, _PSQL_TIMEOUT_SECONDS)
    if not is_done:
        raise BillingError(
            "embedded_prepare_failed",
            f"the roles and the database could not be made in {where.data_dir}: {said}",
            f"see {where.control}/server.log, then start again",
        )
    return where.record(folders.PREPARED)


def psql(where: Folders, install: Install, sql: str, timeout_seconds: float) -> tuple[bool, str]:
    """Return whether ``sql`` succeeded as superuser, and the rows or the error; no PG* variable has a say."""
    command: list[str | Path] = [install.program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    command += [
        "-w",
        "-h",
        where.socket_dir,
        "-p",
        str(PORT),
        "-U",
        SUPERUSER_ROLE,
        "-d",
        "postgres",
        "-f",
        "-",
    ]
    try:
        done = accounts.run(command, accounts.own_account(), given=sql, timeout_seconds=timeout_seconds)
    except subprocess.TimeoutExpired:
        return False, f"no answer in {timeout_seconds:.0f} seconds"
    return (True, done.stdout) if done.returncode == 0 else (False, tail(done.stderr))


def tail(text: str, line_count: int = 12) -> str:
    r"""Return the last lines of a program's output on one line.

    >>> tail("one\ntwo\nthree\n", line_count=2)
    'two | three'
    """
    return " | ".join(line.strip() for line in text.strip().splitlines()[-line_count:])
