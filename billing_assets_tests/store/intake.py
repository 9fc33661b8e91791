"""A company and small policy books for the tests of intake.

Belongs here: writing a book of a few rows and importing it into a test's database.
Does not belong here: books that are put into the store without intake (`books`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from billing_assets.domain.book_mapping import BookControls, BookMapping
from billing_assets.feeds.mapping import mapping_from
from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.steps.read_policy_book import IntakeOrder, read_policy_book
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.policies import SqlIntakeStore
from billing_assets_tests.books import COMPANY

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
TODAY = AT.date()
ROW = {
    "no": "P1",
    "payer": "K1",
    "name": "Ann Lee",
    "street": "Calle Mayor 1",
    "mail": "ann@example.com",
    "currency": "EUR",
    "plan": "monthly",
    "from": "2024-01-01",
    "to": "2025-01-01",
    "cover_to": "",
    "premium": "120.00",
}
COLUMNS = {
    "policy_number": "no",
    "payer_key": "payer",
    "payer_name": "name",
    "payer_address_line_1": "street",
    "payer_email": "mail",
    "currency": "currency",
    "plan_code": "plan",
    "effective_date": "from",
    "expiration_date": "to",
    "cover_to_date": "cover_to",
    "premium": "premium",
}
CONSTANTS = {"place_code": "ES", "line_of_business": "motor", "payer_language": "es"}
MAPPING = mapping_from({"columns": COLUMNS, "constants": CONSTANTS})


def book(*rows: Mapping[str, str]) -> str:
    """Return CSV text: one row for each of `rows`, which name what differs from `ROW`."""
    return table(tuple(ROW), *({**ROW, **row} for row in rows))


def table(header: Sequence[str], *rows: Mapping[str, str]) -> str:
    """Return CSV text with that header; a cell that a row does not name is empty."""
    lines = [",".join(header), *(",".join(row.get(name, "") for name in header) for row in rows)]
    return "\n".join([*lines, ""])


def with_company(database: Database) -> Database:
    """Record the company that imports."""
    with database.transaction() as connection:
        save_company(connection, COMPANY, AT)
    return database


def import_text(
    database: Database,
    folder: Path,
    content: str | bytes,
    *,
    mapping: BookMapping = MAPPING,
    cut_over_date: date | None = None,
    controls: BookControls | None = None,
    is_again: bool = False,
    as_of_date: date = TODAY,
    progress: Progress = silent,
) -> StepResult:
    """Import a file of that content."""
    path = folder / "book.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    order = IntakeOrder(
        company_code=COMPANY.company_code,
        path=path,
        mapping=mapping,
        as_of_date=as_of_date,
        cut_over_date=cut_over_date,
        controls=controls or BookControls(),
        is_again=is_again,
    )
    store = SqlIntakeStore(database)
    return read_policy_book(order, reader=PolicyFiles(), store=store, clock=lambda: AT, progress=progress)


def query(database: Database, statement: str) -> list[Any]:
    """Return the rows of a query."""
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def bill(database: Database, policy_number: str, to_date: date) -> None:
    """Put an invoice line of that policy's current term into the store, for a period up to `to_date`."""
    statement = """
        insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, policy_term_version_id,
            payer_id, charge_kind, installment_number, installment_count, period_from_date, period_to_date,
            net_minor, tax_minor)
        select 1, 1, company_id, policy_term_id, policy_term_version_id,
            payer_id, 'premium', 1, 12, effective_date, :to_date, 1000, 82
        from policy_term_version join policy using (company_id, policy_id)
        where policy_number = :policy and superseded_batch_id is null
    """
    with database.transaction() as connection:
        connection.execute(text(statement), {"policy": policy_number, "to_date": to_date})
