"""One payer's view of the store: the role that sees nothing else, and its rights.

Belongs here: becoming that role for a while, and what it may do. Does not belong here: the policies over rows
(``migrations``), what the portal asks for (``payer_listings``).

The role has no right to documents and payments themselves, which go in by COPY and may for that have no
policy over their rows; it reads them through views that show the payer's own. All else that it may read has a
policy, forced on its owner too. Who the payer is, a setting of the transaction says; without it there is not
a row.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import SCHEMA
from billing_assets.store.roles import APP_ROLE, PAYER_ROLE

READABLE = (
    "payer",
    "payer_version",
    "payer_preference",
    "portal_document",
    "payer_invoice",
    "payer_payment",
    "payer_allocation",
    "document_request",
    "payer_answer",
)
"""Tables and views of which the role sees the payer's own rows."""

READABLE_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "document_request": (
            "document_request_id",
            "request_key",
            "source_kind",
            "payer_id",
            "document_kind",
            "document_numbers",
            "payment_id",
            "currency",
            "from_date",
            "until_date",
            "asked_at",
            "state",
        )
    }
)
"""Table -> what the role sees of its rows; what the office noted is not among it."""

ADDED_REQUEST = (
    "company_id",
    "request_key",
    "source_kind",
    "payer_id",
    "document_kind",
    "document_numbers",
    "payment_id",
    "currency",
    "from_date",
    "until_date",
    "language",
    "channel",
    "asked_by",
    "asked_at",
    "state",
    "changed_at",
)
"""What the role writes of a request: all that is said when it is asked, nothing that is decided of it."""

_SOME_COLUMNS = "\n".join(
    f"grant select ({', '.join(columns)}) on {table} to {PAYER_ROLE};"
    for table, columns in READABLE_COLUMNS.items()
)
_RIGHTS = f"""
do $$ begin
    if exists (select from pg_roles where rolname = '{PAYER_ROLE}')
            and to_regclass('payer_answer') is not null then
        grant usage on schema {SCHEMA} to {PAYER_ROLE};
        grant select on {", ".join(name for name in READABLE if name not in READABLE_COLUMNS)}
            to {PAYER_ROLE};
        {_SOME_COLUMNS}
        grant insert (company_id, payer_id, language, channels, recorded_at) on payer_preference
            to {PAYER_ROLE};
        grant update (seen_at) on portal_document to {PAYER_ROLE};
        grant insert ({", ".join(ADDED_REQUEST)}) on document_request to {PAYER_ROLE};
    end if;
end $$
"""
_BECOME = f"set local role {PAYER_ROLE}"
_COME_BACK = f"set local role {APP_ROLE}"
_NAME = "select set_config('billing.payer_id', :payer, true)"


def grant_rights(connection: Connection) -> None:
    """Let the role of payers do what the portal needs; a store without that role goes without."""
    connection.execute(text(f"set local search_path = {SCHEMA}"))
    connection.execute(text(_RIGHTS))


@contextmanager
def payer_scope(connection: Connection, payer_id: int) -> Iterator[Connection]:
    """Let a connection, in its transaction, see and do what is of one payer alone.

    After the block it is the program's again. An error ends the transaction, and the role with it.

    Raises:
        BillingError: ``portal_not_ready`` where the store has no such role.
    """
    try:
        connection.execute(text(_BECOME))
    except DBAPIError as error:
        raise BillingError(
            "portal_not_ready",
            f"the program cannot work as the role {PAYER_ROLE}, by which payers see what is theirs alone",
            f"as an administrator of the server: create role {PAYER_ROLE}; grant {PAYER_ROLE} to {APP_ROLE}; "
            "then run 'billing db upgrade'",
        ) from error
    connection.execute(text(_NAME), {"payer": str(payer_id)})
    yield connection
    connection.execute(text(_NAME), {"payer": ""})
    connection.execute(text(_COME_BACK))
