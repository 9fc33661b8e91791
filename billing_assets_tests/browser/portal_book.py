"""A payer with something of each kind in the portal: paid, part paid, past due, to come, in the inbox.

Belongs here: what stands in the store. Does not belong here: the pages, a browser.
"""

from datetime import date
from pathlib import Path

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.business_days import add_months
from billing_assets.domain.payments import NewPayment, SourceKind
from billing_assets.domain.portal_access import SignedInPayer
from billing_assets.domain.portal_requests import TypedWish
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_desk import PayerDesk
from billing_assets.wiring.payer_requests import PayerRequests
from billing_assets.wiring.payment_desk import PaymentDesk
from billing_assets_tests.billed_store import as_owner
from billing_assets_tests.books import change_channels, fill_book
from billing_assets_tests.paid_books import open_of

PAYER, PAYER_EMAIL = 1, "payer1@example.com"
_MONTHS_BACK, _PART_MINOR = 3, 2_000
_WAITS = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    currency, from_date, until_date, language, channel, asked_by, asked_at, state, reason_code, changed_at)
values (1, 'portal', 'portal', 1, 'statement', '{}', 'EUR', current_date - 999, current_date - 900, 'en',
    'download', 'K1', now() - interval '1 day', 'waiting', 'month_away', now())
"""
_NAMES = """
update payer_version set content = jsonb_set(content::jsonb, '{name}', '"Lucía Serrano Prats"')::text
where payer_id = 1;
update payer_version set content_sha256 = sha256(convert_to(content, 'UTF8'))
"""


def fill_portal(billing: Billing, today: date, home: Path) -> None:
    """Bill three payers for some months up to the next one, and let the first pay a part of it."""
    first = add_months(today.replace(day=1), -_MONTHS_BACK)
    fill_book(billing.database, 3, effective=first, plans=("monthly",))
    change_channels(billing.database, PAYER, "portal email")
    as_owner(billing, _NAMES)
    for month in range(_MONTHS_BACK + 2):
        billing.invoice(billing.order(add_months(first, month)))
    payments = PaymentDesk(billing)
    paid = open_of(billing.database, PAYER)[:2]
    for number, (amount, days) in enumerate(zip((*paid, _PART_MINOR), (0, 1, 2), strict=True)):
        day = add_months(first, days)
        payments.add(
            NewPayment(
                source_kind=SourceKind.BANK_TRANSFER,
                external_key=f"statement {number}",
                currency="EUR",
                amount_minor=amount,
                value_date=day,
                booking_date=day,
                payer_key="K1",
            ),
            "ana.ruiz",
        )
    payments.allocate()
    _ask(billing, first, today)
    with MailboxServer(home / "filled") as mailbox:
        former = billing.settings
        billing.settings = former.model_copy(update={"smtp_port": mailbox.port, "smtp_host": "127.0.0.1"})
        billing.print(None)
        billing.deliver(None)
        billing.settings = former


def _ask(billing: Billing, first: date, today: date) -> None:
    """Ask for one of each kind, and have one that waits for a person."""
    as_owner(billing, _WAITS)
    own = PayerDesk(Desk(billing), SignedInPayer(company_id=1, payer_id=PAYER, payer_key="K1"))
    requests = PayerRequests(own)
    offer = requests.offer()
    newest = tuple(row.document_number for row in offer.documents[:2])
    statement = TypedWish(kind="statement", from_date=f"{first}", until_date=f"{today}")
    receipt = TypedWish(kind="payment_receipt", payment=str(offer.payments[0].payment_id))
    for wish in (receipt, TypedWish(kind="document_cover", documents=newest), statement):
        requests.ask(wish, form_key="a form", language="en")


def open_portal(desk: Desk, url: str, mail_port: int) -> None:
    """Let the portal be where it is served, with a mail server."""
    update = {"portal_url": url, "smtp_host": "127.0.0.1", "smtp_port": mail_port}
    desk.billing.settings = desk.billing.settings.model_copy(update=update)
