"""Three payers with two bills each, some of it paid: a store to look into as one of them.

Belongs here: what stands in it, and the payers' sign-in without a mail. Does not belong here: any judgement.

K1 has paid a bill, and five euros of the next; K2 has paid a part of one, by a transfer without a reference
that a person gave its owner; K3 has no e-mail address, and has paid nothing.
"""

from contextlib import ExitStack
from pathlib import Path
from secrets import token_urlsafe

from sqlalchemy import text

from billing_assets.domain.portal_access import AddressedPayer
from billing_assets.store.connection import Database
from billing_assets.store.payer_sessions import add_payer_link
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.payment_desk import PaymentDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.paid_books import allocate, bill_monthly, paid, record

BILLS = {
    "K1": ("INV-00000001", "INV-00000004"),
    "K2": ("INV-00000002", "INV-00000005"),
    "K3": ("INV-00000003", "INV-00000006"),
}
EMAILS = {"K1": "payer1@example.com", "K2": "payer2@example.com"}
MORE_MINOR, PART_MINOR = 500, 1_000


def prepare_payers(database: Database, home: Path) -> None:
    """Fill a database with the three payers."""
    bill_monthly(database, home)
    with database.transaction() as connection:
        query = "select open_minor from open_document where invoice_number = 1"
        open_minor = connection.execute(text(query)).scalar_one()
    record(
        database,
        paid("a", open_minor + MORE_MINOR, remittance_text=BILLS["K1"][0]),
        paid("b", PART_MINOR),
    )
    allocate(database)
    with ExitStack() as stack:
        payments = PaymentDesk(billing_over(database, home, stack))
        (waiting,) = payments.suspense(limit=9)
        payments.resolve(
            waiting.payment_id, payer_key="K2", document_number="", note="asked by telephone", by="ana"
        )


def link_of(database: Database, payer_id: int) -> str:
    """Return the token of a link that signs a payer in."""
    payer = AddressedPayer(
        payer_id=payer_id, payer_key="", name="", email=EMAILS[f"K{payer_id}"], language=""
    )
    token = token_urlsafe(32)
    with database.transaction() as connection:
        add_payer_link(connection, 1, payer, token, utc_now())
    return token
