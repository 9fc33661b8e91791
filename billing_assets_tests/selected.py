"""A book for tests of selections: products, places, plans and groups of payers in every mixture.

Belongs here: the book, and what was billed of it in a form that can be compared.
Does not belong here: any test.
"""

from itertools import product
from pathlib import Path
from typing import Any

from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.changes import queried
from billing_assets_tests.steps.test_bills_per_payer import fleet_plan
from billing_assets_tests.store.intake import COLUMNS, import_text, table, with_company

PRODUCTS, PLACES, PLANS = ("motor", "home"), (("ES", "EUR"), ("GB", "GBP")), ("monthly", "yearly", "fleet")
GROUPS = ("", "broker", "partner")
MIXTURES = [
    {"product": code, "place": place, "currency": currency, "plan": plan, "group": group}
    for code, (place, currency), plan, group in product(PRODUCTS, PLACES, PLANS, GROUPS)
]
_HEADER = {
    "product_code": "product",
    "place_code": "place",
    "payer_group": "group",
    "line_of_business": "line",
}
MAPPING = mapping_from({"columns": COLUMNS | _HEADER, "constants": {"payer_language": "en"}})
_NAMES = (*COLUMNS.values(), *_HEADER.values())

# What stands, whatever document bears it: each line once, with its tax.
_LINES = """
select p.policy_number, l.installment_number, l.charge_kind, l.net_minor, l.tax_minor, i.currency
from invoice_line l join invoice i using (invoice_id) join policy_term using (policy_term_id)
join policy p using (policy_id) order by 1, 2, 3
"""


def rows(copies: int = 1, **changes: str) -> list[dict[str, str]]:
    """Return ``copies`` policies of each mixture, payers of one mixture with all of its policies."""
    return [
        {
            "no": f"P{number}-{copy}",
            "payer": f"K{number}",
            "name": f"Payer {number}",
            "street": "Calle Mayor 1",
            "mail": f"payer{number}@example.com",
            "line": "motor" if each["product"] == "motor" else "home",
            "from": "2025-01-01",
            "to": "2026-01-01",
            "cover_to": "",
            "premium": f"{240 + 7 * number + copy}.00",
            **each,
            **changes,
        }
        for number, each in enumerate(MIXTURES)
        for copy in range(copies)
    ]


def fill_mixed_book(database: Database, folder: Path, copies: int = 1) -> None:
    """Put a company and the book into the store, by an import."""
    fleet_plan(with_company(database), lead_days=0)
    import_rows(database, folder, rows(copies))


def import_rows(database: Database, folder: Path, given: list[dict[str, str]]) -> None:
    """Import rows as a book."""
    import_text(database, folder, table(_NAMES, *given), mapping=MAPPING)


def billed_lines(billing: Billing) -> list[tuple[Any, ...]]:
    """Return every line that was billed, by policy and installment."""
    return queried(billing, _LINES)
