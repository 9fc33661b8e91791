"""Servers and databases for benches: one server, fresh databases, copies of a book, what the machine is.

Belongs here: what several benches need of PostgreSQL. Does not belong here: what is measured.
"""

import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy
from sqlalchemy import create_engine, text

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.schema import upgrade
from billing_assets_tests.databases import copied_database, run_sql, url_of

AS_OWNER = {"options": "-c search_path=billing -c datestyle=ISO -c timezone=UTC"}
"""How a superuser's own connection sees the store."""


def embedded(stack: ExitStack) -> str:
    """Return the superuser's URL of an embedded server that lives as long as the stack."""
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billing-bench-")))
    home.chmod(0o755)
    return stack.enter_context(EmbeddedServer(home).use()).url("postgres", database="postgres")


def tell(words: str) -> None:
    """Say on stderr what is being done."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def fresh_database(
    server_url: str, name: str, fill: Callable[[Database], None] | None = None, template: str = "template1"
) -> str:
    """Make a migrated database of that name, fill it, and return its URL; a template saves the migration."""
    drop(server_url, name)
    run_sql(server_url, f"create database {name} template {template}")
    url = url_of(server_url, name)
    upgrade(url)
    if fill is not None:
        database = Database(url)
        fill(database)
        database.close()
        run_sql(url, "vacuum analyze")
    return url


@contextmanager
def fresh_copy(server_url: str, original: str, name: str) -> Iterator[Database]:
    """Copy a database, its files on disk, for as long as the block lasts."""
    with copied_database(server_url, original, name) as database:
        run_sql(server_url, "checkpoint")
        yield database


def drop(server_url: str, name: str) -> None:
    """Drop a database."""
    run_sql(server_url, f"drop database if exists {name} with (force)")


def run_script(url: str, *statements: str) -> None:
    """Run statements one after the other as the superuser, in one transaction that no trigger sees."""
    with _as_owner(url) as connection:
        connection.execute(text("set session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def rows_of(url: str, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a query as the superuser sees them."""
    with _as_owner(url) as connection:
        return [dict(row) for row in connection.execute(text(query), values or {}).mappings()]


@contextmanager
def _as_owner(url: str) -> Iterator[sqlalchemy.Connection]:
    engine = create_engine(url, connect_args=AS_OWNER)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def machine(server_url: str) -> dict[str, str]:
    """Return what the figures were measured on."""
    [server] = rows_of(server_url, "select version() as version")
    with Path("/proc/cpuinfo").open() as lines:
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "machine": platform.platform(),
        "processors": f"{len(models)} of {models[0] if models else platform.processor()}",
        "python": platform.python_version(),
        "postgresql": server["version"].split(" on ")[0],
        "polars": pl.__version__,
        "psycopg": psycopg.__version__,
        "sqlalchemy": sqlalchemy.__version__,
    }


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a Markdown table; those of a part go under the name of the part."""
    lines = ["| figure | value |", "| --- | --- |"]
    for name, value in _flat(figures):
        shown = f"{value:,.3f}" if isinstance(value, float) else str(value)
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
