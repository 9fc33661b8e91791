"""Documents go out by a mail server and to an endpoint that answer as it pleases them; each ends known.

Run it as ``python -m billing_assets_tests.faults.chaotic_deliveries`` (``make faults``).

Belongs here: the two servers, and what must hold when nothing waits any more. Does not belong here: each
single fault (``channels.contract``), who dies while sending (``test_crashes``).
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import date
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from billing_assets.domain.deliveries import message_id, webhook_id
from billing_assets.domain.errors import BillingError
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.schema import upgrade
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.endpoints import Endpoints
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book
from billing_assets_tests.channels.api_push.samples import NEW_SECRET
from billing_assets_tests.channels.email.servers import LabServer
from billing_assets_tests.channels.outbound.servers import Call, HttpLab
from billing_assets_tests.databases import run_sql, url_of
from billing_assets_tests.faults.programs import own_server
from billing_assets_tests.steps.outbox import broken_invariants

FEBRUARY = date(2024, 2, 1)
MOST_ROUNDS = 100
MAIL_MODES = {
    "ok": 700,
    "rcpt_450": 80,
    "rcpt_550": 40,
    "rcpt_421": 30,
    "data_451": 50,
    "data_552": 20,
    "drop_before_keep": 30,
    "drop_after_keep": 30,
    "stall_after_keep": 2,
}
"""What the mail server does, by how often."""

PUSH_MODES = {
    "200 OK": 700,
    "500 Fault": 60,
    "503 Busy": 30,
    "410 Gone": 30,
    "302 Found": 20,
    "cut": 30,
    "keep and cut": 30,
    "stall": 2,
}
"""What the endpoint does, by how often."""

# A third takes e-mail alone, a third goes by post where no e-mail comes through, a third is pushed first.
_CHANNELS = """
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, content, sha256(convert_to(content, 'UTF8')), batch_id from (
    select payer_id, company_id, batch_id, (content::jsonb || jsonb_build_object('channels',
        (array['email', 'email print_post', 'api_push email print_post'])[1 + payer_id % 3],
        'endpoint', 'chaos'))::text as content
    from payer_version) as changed
"""
_ROWS = """
select v.channel, v.state, v.reason_code, v.owner, v.message_id, y.payer_key, s.prefix, i.invoice_number,
    exists (select from delivery_decision e where e.delivery_id = v.delivery_id) as is_decided
from delivery v join document using (document_id) join invoice i using (invoice_id)
join number_series s using (number_series_id) join payer y on y.payer_id = i.payer_id
"""


class ChaoticMailServer(LabServer):
    """Draws what it does with each message; ``ids`` are those of the messages that it kept."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self.ids: Counter[str] = Counter()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        (self.mode,) = self._chance.choices(list(MAIL_MODES), list(MAIL_MODES.values()))
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        before = len(self.kept)
        try:
            return await super().handle_DATA(server, session, envelope)
        finally:
            if len(self.kept) > before:
                self._note(self.kept.pop())

    def _note(self, envelope: Envelope) -> None:
        header = BytesHeaderParser().parsebytes(envelope.original_content or b"")
        self.ids[str(header["Message-ID"]).strip("<>")] += 1


class ChaoticEndpoint:
    """Draws what it does with each call; ``ids`` are those of the documents that it kept."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.ids: Counter[str] = Counter()

    def __call__(self, call: Call) -> None:
        with self._lock:
            (mode,) = self._chance.choices(list(PUSH_MODES), list(PUSH_MODES.values()))
        if mode == "cut":
            call.hear_head()
            call.reset()
            return
        call.hear()
        # The lab keeps what it heard, and a document is large.
        call.heard.body = b""
        if mode in {"200 OK", "keep and cut", "stall"}:
            with self._lock:
                self.ids[call.heard.headers["webhook-id"]] += 1
        if mode == "stall":
            call.wait_for_the_end()
        elif mode == "keep and cut":
            call.reset()
        else:
            call.answer(mode, Location="http://127.0.0.1/elsewhere")


@dataclass(kw_only=True)
class Ending:
    """What came of all deliveries, and what must not have."""

    states: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    seconds: float = 0
    faults: list[str] = field(default_factory=list)


def deliver_all(database: Database, home: Path, count: int, seed: int) -> Ending:
    """Bill ``count`` policies and deliver until nothing waits; return what came of it."""
    fill_book(database, count)
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, email_attachment="none"), AT)
        connection.execute(text(_CHANNELS))
    mail, endpoint, ending = ChaoticMailServer(seed), ChaoticEndpoint(seed), Ending()
    with ExitStack() as stack:
        stack.enter_context(mail)
        lab = stack.enter_context(HttpLab(endpoint))
        billing = billing_over(database, home, stack, smtp_port=mail.port)
        billing.settings = billing.settings.model_copy(
            update={"smtp_answer_timeout_seconds": 1, "push_timeout_seconds": 1, "push_to_loopback": True}
        )
        Endpoints(database, billing.settings, billing.company_code(), utc_now).set(
            "chaos", lab.url(), [NEW_SECRET], "ana"
        )
        billing.invoice(billing.order(FEBRUARY))
        started = time.monotonic()
        ending.rounds = _rounds(billing)
        ending.seconds = time.monotonic() - started
        _look(billing, ending, mail, endpoint)
    return ending


def _rounds(billing: Billing) -> int:
    """Deliver until nothing waits but what goes by post; return how often that took."""
    billing.documents.make_documents(1, None)
    for number in range(1, MOST_ROUNDS + 1):
        try:
            billing.deliver(None)
        except BillingError as error:
            if error.code != "channel_down":
                raise
            continue
        # What failed in this call falls back in the next.
        if billing.documents.queued_counts(1, None) == (0, 0) and not billing.waiting_dates():
            return number
    raise SystemExit(f"something waits still after {MOST_ROUNDS} calls")


def _look(billing: Billing, ending: Ending, mail: ChaoticMailServer, endpoint: ChaoticEndpoint) -> None:
    with billing.database.transaction() as connection:
        rows = connection.execute(text(_ROWS)).all()
    kept = mail.ids + endpoint.ids
    for row in rows:
        ending.states[f"{row.channel} {row.state}"] += 1
        ending.faults += [f"{row.channel} {row.payer_key}: {fault}" for fault in _faults(row, kept)]
    ending.faults += [f"{key} was accepted {count} times" for key, count in kept.items() if count > 1]
    # The channels came by no book that was imported: what the batch says of it is no matter here.
    broken = [each for each in broken_invariants(billing) if not each.startswith("batch")]
    ending.faults += broken[:10]


def _faults(row: Any, kept: Counter[str]) -> list[str]:
    number = f"{row.prefix}{row.invoice_number:08d}"
    key = message_id("alondra", number, row.channel, "issue", COMPANY.message_domain)
    if row.message_id != key:
        return [f"its Message-ID is not {key}"]
    if row.channel == "print_post":
        return [] if row.state == "queued" else [f"it is {row.state}, and no folder was written"]
    wire_id = key if row.channel == "email" else webhook_id("alondra", number, row.channel, "issue")
    taken = kept[wire_id]
    allowed = {"sent": {1}, "unknown": {0, 1}, "failed": {0}}
    found = []
    if taken not in allowed.get(row.state, set()):
        found.append(f"it is {row.state}, and was taken {taken} times")
    if row.state == "unknown" and not row.owner:
        found.append("nobody knows whether it arrived, and nobody owns it")
    if row.state == "failed" and not (row.reason_code and (row.owner or row.is_decided)):
        found.append("it failed without a reason, or without an owner or another way")
    return found


def main() -> None:
    """Deliver, and print what came of it; exit 1 where anything was lost, doubled or left open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="documents to deliver")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with own_server() as server, tempfile.TemporaryDirectory() as home:
        admin_url = server.start().url("postgres", database="postgres")
        run_sql(admin_url, "create database chaos")
        upgrade(url_of(admin_url, "chaos"))
        with closing(Database(url_of(admin_url, "chaos"))) as database:
            ending = deliver_all(database, Path(home), options.count, options.seed)
    figures = {
        "count": options.count,
        "seed": options.seed,
        "deliveries": dict(sorted(ending.states.items())),
        "calls": ending.rounds,
        "seconds": round(ending.seconds, 1),
        "faults": ending.faults[:20],
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    sys.exit(bool(ending.faults))


if __name__ == "__main__":
    main()
