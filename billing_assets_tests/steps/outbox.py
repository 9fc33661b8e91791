"""The outbox of a test: a billed date, where it is sent to, what stands in it, what the audit says of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import text

from billing_assets.domain.deliveries import SendResult
from billing_assets.steps.delivery_ports import Channel, QueuedDelivery, Ways
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book

FEBRUARY = date(2024, 2, 1)
POLICIES = 8
WITH_ADDRESS = POLICIES - 1


class NoEndpoint:
    """Stands where nothing is pushed."""

    def push(self, row: QueuedDelivery, pdf: bytes, dated_at: datetime) -> SendResult:
        raise AssertionError(f"delivery {row.delivery_id} goes to no endpoint")


def mail_alone(channel: Channel) -> Ways:
    return Ways(mail=channel, push=NoEndpoint())


@contextmanager
def billed_february(database: Database, home: Path) -> Iterator[Billing]:
    """Yield the program over a book of eight policies, billed and printed; one payer has no address."""
    fill_book(database, POLICIES)
    with ExitStack() as stack:
        opened = billing_over(database, home, stack)
        opened.invoice(opened.order(FEBRUARY))
        opened.print(FEBRUARY)
        yield opened


def bill_february(database: Database, home: Path) -> None:
    """Bill and print the book of eight policies."""
    with billed_february(database, home):
        pass


def use_port(billing: Billing, port: int) -> None:
    billing.settings = billing.settings.model_copy(update={"smtp_port": port, "smtp_timeout_seconds": 20})


def outbox(billing: Billing) -> list[tuple[str, int, str, int, str]]:
    query = "select state, reply_code, reason_code, attempt_count, owner from delivery order by delivery_id"
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def broken_invariants(billing: Billing) -> list[str]:
    return [example for result in billing.audit() for example in result.examples]


def states(billing: Billing) -> Counter[str]:
    return Counter(row[0] for row in outbox(billing))
