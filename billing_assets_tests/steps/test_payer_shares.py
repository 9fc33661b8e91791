"""Several payers from the policy book to the credit note: each bears their share, to the cent."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.explained_words import Formula
from billing_assets.domain.runs import CatchUp
from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.explanations import read_explanation
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.steps.test_charge_lines import CHARGES, bill_year, invoice, offenders
from billing_assets_tests.store.intake import (
    COLUMNS,
    CONSTANTS,
    ROW,
    book,
    import_text,
    query,
    with_company,
)

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "monthly"}
HEADER = (
    *ROW,
    "liability",
    "damage",
    "legal",
    *(f"{name}{n}" for n in (1, 2) for name in ("part", "key", "who")),
)
PAYERS = [
    {
        "share": f"part{n}",
        "payer_key": f"key{n}",
        "payer_name": f"who{n}",
        "constants": {"payer_language": "en"},
    }
    for n in (1, 2)
]
MAPPING = mapping_from(
    {
        "columns": COLUMNS,
        "constants": CONSTANTS | {"place_code": "FR", "line_of_business": "motor_liability"},
        "payers": PAYERS,
    }
)
WITH_CHARGES = mapping_from(
    {
        "columns": COLUMNS,
        "constants": CONSTANTS | {"place_code": "FR"},
        "charges": CHARGES,
        "payers": PAYERS,
    }
)
A = {"no": "A", "premium": "458.45", "part1": "40", "key1": "BANK", "who1": "The bank"}
B = {
    "no": "B",
    "payer": "K2",
    "premium": "100.01",
    "plan": "quarterly",
    "part1": "33.3333",
    "key1": "K1",
    "who1": "Ann Lee",
}
C = {"no": "C", "payer": "K3", "premium": "100.00", "plan": "quarterly"}


def shared_book(*rows: dict[str, str]) -> str:
    lines = [",".join(HEADER)]
    for row in rows:
        full = dict.fromkeys(HEADER, "") | ROW | TERM | row
        lines.append(",".join(full[name] for name in HEADER))
    return "\n".join([*lines, ""])


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """A term that a bank pays 40 % of, and one of one payer, billed from January on."""
    import_text(with_company(database), tmp_path, shared_book(A, C), mapping=MAPPING)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_each_payer_has_an_invoice_of_their_share(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    found = query(
        database,
        "select payer_key, i.net_minor, sum(l.net_minor)::int from invoice i join invoice_line l using "
        "(invoice_id) join payer on payer.payer_id = i.payer_id group by invoice_id, 1, 2 order by invoice_id",
    )
    assert found == [("K1", 22_92, 22_92), ("BANK", 15_28, 15_28), ("K3", 25_00, 25_00)]
    assert offenders(database) == {}
