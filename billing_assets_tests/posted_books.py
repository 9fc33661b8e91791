"""A small store whose ledger has every kind of posting, for tests of the ledger.

Belongs here: the book and what is billed of it. Does not belong here: any judgement on the postings.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.store.intake import book, import_text

BILLED, CREDITED = date(2024, 2, 1), date(2024, 3, 1)

_PLAN_WITH_FEE = """
insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
    installment_fee_minor, currency, valid_from, source)
select 'with_fee', frequency_code, lead_days, due_days, due_roll, generate_roll, 250, 'EUR', valid_from,
    'board decision' from payment_plan where plan_code = 'monthly'
"""


def bill_some(database: Database, home: Path) -> None:
    """Bill three policies in Spain and give the first invoice back.

    INV-00000001 of 100.03 CHF and 8.15 tax is payable by 108.20; CRN-00000001 gives it back. INV-00000002
    is of 100.03 EUR, INV-00000003 of an installment of 10.00 EUR and its fee of 2.50.
    """
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, cash_rounding=("CHF",)), AT)
        connection.execute(text(_PLAN_WITH_FEE))
    row = {"premium": "100.03", "plan": "yearly", "from": "2024-02-01", "to": "2025-02-01"}
    rows = (
        row | {"no": "A", "currency": "CHF"},
        row | {"no": "B"},
        row | {"no": "C", "plan": "with_fee", "premium": "120.00"},
    )
    import_text(database, home, book(*rows))
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(BILLED))
        wanted = (WantedCredit(invoice_number="INV-00000001"),)
        billing.credit(billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=CREDITED))
