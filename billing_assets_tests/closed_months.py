"""A store whose terms of 2020 are closed for good, for tests of months that are detached.

Belongs here: the book, its runs, what was given back, and one term that is still billed. Does not belong
here: detaching.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.month_desk import MonthDesk
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.databases import copied_database
from billing_assets_tests.store.intake import book, import_text, with_company

BEGIN = date(2020, 2, 1)
DAYS = (
    *(date(2020, month, day) for month, day in ((2, 3), (3, 2), (4, 1), (5, 4), (6, 1), (7, 1), (8, 3))),
    *(date(2020, month, day) for month, day in ((9, 1), (10, 1), (11, 2), (12, 1))),
    date(2021, 1, 4),
)
"""Open days, one in each month."""

FEBRUARY, MARCH, MAY = DAYS[0], DAYS[1], DAYS[3]
MONTH = date(2020, 2, 1)
LAST = date(2024, 3, 1)
"""The last billing date: a Friday, three years and a month after the terms of 2020 have ended."""

PLANS = ("yearly", "quarterly", "monthly")
OLD_ROWS = tuple(
    {
        "no": f"P{number}",
        "payer": f"K{number}",
        "plan": PLANS[number % 3 - 1],
        "from": BEGIN.isoformat(),
        "to": "2021-02-01",
        "premium": f"{600 + number}.00",
    }
    for number in range(1, 10)
)
"""P1, P4 and P7 pay by the year, P2, P5 and P8 by the quarter, P3, P6 and P9 by the month."""

YOUNG = {"no": "YOUNG", "payer": "K10", "from": "2023-03-01", "to": "2024-03-01"}
"""A policy of which a term is still billed on the last date."""

CHANGES = (
    change_row("P1", 1, "cancellation", date(2020, 8, 1), method="pro_rata", effective=BEGIN),
    change_row("P3", 1, "endorsement", date(2020, 6, 1), premium="720.00", effective=BEGIN),
)


def bill_closed_terms(database: Database, home: Path) -> None:
    """Bill nine policies through 2020, give back what a person and a cancellation ask for, and bill in 2024.

    INV-00000002 is of P2, of February; it is given back in May. That of P1 is partly given back in March.
    """
    import_text(with_company(database), home, book(*OLD_ROWS))
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        for day in DAYS:
            _bill(billing, day)
            if day == FEBRUARY:
                import_changes(billing, home, *CHANGES)
            if day == MAY:
                wanted = (WantedCredit(invoice_number="INV-00000002"),)
                order = billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=MAY)
                billing.credit(order)
        import_text(database, home, book(*OLD_ROWS, YOUNG))
        _bill(billing, date(2023, 3, 1))
        _bill(billing, LAST)


def _bill(billing: Billing, day: date) -> None:
    billing.invoice(billing.order(day))


def months_of(database: Database) -> MonthDesk:
    """Return the months of the company."""
    with database.transaction() as connection:
        company_id = connection.execute(text("select company_id from company")).scalar_one()
    return MonthDesk(database, company_id, COMPANY.company_code, lambda: AT)


def column(database: Database, query: str, **values: object) -> Sequence[object]:
    """Return the first column of a query."""
    with database.transaction() as connection:
        return list(connection.execute(text(query), values).scalars())


@pytest.fixture(scope="session")
def closed_original(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a store of :func:`bill_closed_terms`, from which the tests' stores are copied."""
    name = f"closed_{uuid4().hex[:12]}"
    with copied_database(server_url, template_database, name) as database:
        bill_closed_terms(database, tmp_path_factory.mktemp("closed"))
        database.close()
        yield name


@pytest.fixture
def closed_store(server_url: str, closed_original: str) -> Iterator[Database]:
    """A store of :func:`bill_closed_terms`."""
    with copied_database(server_url, closed_original, f"test_{uuid4().hex[:12]}") as database:
        yield database


@pytest.fixture
def closed_billing(closed_store: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over the store."""
    with ExitStack() as stack:
        yield billing_over(closed_store, tmp_path, stack)
