"""The outbox of a test: where it is sent to, what stands in it, and what the audit says of it."""

from collections import Counter

from sqlalchemy import text

from billing_assets.wiring.build import Billing


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
