"""Whether the schema of a store is the one that this program expects.

Belongs here: the revision of a store beside those of the program.
Does not belong here: upgrading (``schema``).

Each command asks this first, so it is asked of the names of the files and of one row: loading Alembic and all
steps would take longer than many a command does.
"""

from pathlib import Path

from sqlalchemy import Connection, String, column, select, table, text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import SCHEMA
from billing_assets.store.rule_rows import count_missing_rules

_VERSION_TABLE = table("alembic_version", schema=SCHEMA)
_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def known_revisions() -> list[str]:
    """Return the revisions that this program knows, ascending: what the names of its steps begin with.

    >>> known_revisions()[:2]
    ['0001', '0002']
    """
    return sorted(path.name.split("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


def newest_revision() -> str:
    """Return the revision that this program expects.

    >>> newest_revision() == known_revisions()[-1]
    True
    """
    return known_revisions()[-1]


def require_current(connection: Connection) -> None:
    """Raise unless the schema is at the revision that this program expects and has the shipped rule rows.

    Raises:
        BillingError: ``schema_outdated``, ``schema_newer``.
    """
    found = found_revision(connection)
    refuse_newer(found)
    if found != newest_revision():
        raise BillingError(
            "schema_outdated",
            f"the store is at revision {found or 'none'}, this program needs {newest_revision()}",
            "run 'billing db upgrade'",
        )
    missing = count_missing_rules(connection)
    if missing:
        raise BillingError(
            "schema_outdated",
            f"the store lacks {missing} of the rule rows that this program ships",
            "run 'billing db upgrade'",
        )


def found_revision(connection: Connection) -> str | None:
    """Return the revision of the store, None where it has none yet."""
    name = {"table": f"{SCHEMA}.alembic_version"}
    if connection.execute(text("select to_regclass(:table)"), name).scalar_one() is None:
        return None
    query = select(column("version_num", String)).select_from(_VERSION_TABLE)
    return connection.execute(query).scalar_one_or_none()


def refuse_newer(found: str | None) -> None:
    """Raise where the store is at a revision that this program does not know.

    Raises:
        BillingError: ``schema_newer``.

    >>> refuse_newer(None)
    """
    if found is not None and found not in known_revisions():
        raise BillingError(
            "schema_newer",
            f"the store is at revision {found}, which this program does not know",
            "run the newer program that upgraded the store",
        )
