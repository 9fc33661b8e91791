"""A small store made by the real steps, in which violations are planted and rolled back."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from billing_assets.domain.checks import CheckResult
from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import DeliveryState, EmailMessageParts, SendResult
from billing_assets.steps.deliver_documents import deliver_documents
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database, make_engine
from billing_assets.store.roles import APP_ROLE
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.steps.outbox import mail_alone

FEBRUARY, MARCH, APRIL = date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1)
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
TERM_COUNT = 12

_REAL_CONTENT = """
update policy_term_version v set content_sha256 = sha256(convert_to(concat_ws(chr(31), p.policy_number,
    y.payer_key, v.product_code, v.line_of_business, v.place_code, v.currency, v.plan_code, v.effective_date,
    v.expiration_date, v.anchor_date, '', v.cut_over_date, v.premium_minor), 'UTF8'))
from policy p, payer y where p.policy_id = v.policy_id and y.payer_id = v.payer_id
"""
# A second company and a problem, so that references and rows have somewhere wrong to point at.
_NEIGHBOUR = """
insert into company (company_code) values ('neighbour');
insert into payer (company_id, payer_key) values (2, 'K1');
insert into problem (company_id, batch_id, row_number, record_key, problem_code, field_name, original_value,
    original_row, owner, recorded_at) values (1, 1, 13, '', 'key_empty', '', '', '', 'intake', now());
update intake_batch set problem_count = 1, row_count = row_count + 1;
update problem set is_open = false;
insert into problem_closing (problem_id, company_id, note, closed_by, closed_at)
values (1, 1, 'the policy was withdrawn', 'ana', now());
insert into exchange_rate (company_id, base_currency, currency, rate_date, rate_e10, source, recorded_by,
    recorded_at) values (1, 'EUR', 'USD', '2024-02-01', 12500000000, 'treasury', 'ana', now());
insert into payment_plan_change (payment_plan_id, act, note, recorded_by, recorded_at)
select min(payment_plan_id), 'added', 'a test', 'ana', now() from payment_plan;
insert into company_closed_day (company_id, purpose, day, is_closed, note, recorded_by, recorded_at)
values (1, 'all', date '2024-08-14', true, 'the office moves', 'ana', now());
insert into intake_batch (company_id, batch_kind, file_name, file_sha256, mapping_sha256, row_count,
    new_count, changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (1, 'changes', 'changes.csv', 'c', '', 1, 1, 0, 0, 0, 0, '{"premium_of_changes": 0}', now());
insert into policy_change (company_id, policy_id, policy_term_id, change_number, change_kind, change_date,
    batch_id)
select 1, policy_id, policy_term_id, 1, 'reinstatement', effective_date + 10,
    (select max(batch_id) from intake_batch)
from policy_term order by policy_term_id limit 1;
"""
_WITHOUT_ADDRESS = "select delivery_id from delivery where reason_code = 'no_address'"


class EveryOther:
    """A channel that accepts every other message and does not know about the rest."""

    def __init__(self) -> None:
        self.count = 0

    def send(self, message: EmailMessageParts) -> SendResult:
        self.count += 1
        state = DeliveryState.SENT if self.count % 2 else DeliveryState.UNKNOWN
        return SendResult(state=state, reply_code=250, reason_code="", reply_text="")


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with two billed dates, one of them delivered; tests roll back."""
    name = f"{template_database}_checks"
    with copied_database(server_url, template_database, name) as database:
        _fill(database, url_of(server_url, name), tmp_path_factory.mktemp("home"))
        yield url_of(server_url, name)


def _fill(database: Database, url: str, home: Path) -> None:
    owner = make_engine(url, "postgres")
    fill_book(database, TERM_COUNT)
    with owner.begin() as connection:
        connection.execute(text(_REAL_CONTENT))
    with ExitStack() as stack:
        stack.callback(owner.dispose)
        billing = billing_over(database, home, stack)
        for day in (FEBRUARY, MARCH):
            billing.invoice(billing.order(day))
        billing.print(FEBRUARY)
        deliver_documents(
            "alondra",
            FEBRUARY,
            store=billing.documents,
            press=billing.press,
            ways=mail_alone(EveryOther()),
            clock=lambda: AT,
        )
        with owner.begin() as connection:
            nowhere = connection.execute(text(_WITHOUT_ADDRESS)).scalar_one()
        billing.resolve(
            DecisionOrder(
                delivery_ids=(nowhere,), decision=Decision.GIVEN_UP, note="sent by post", decided_by="ana"
            )
        )
        with owner.begin() as connection:
            connection.execute(text(_NEIGHBOUR))


@pytest.fixture(scope="module")
def superuser(store_url: str) -> Iterator[Engine]:
    """Connections that may do anything, triggers switched off included."""
    engine = make_engine(store_url, "postgres")
    yield engine
    engine.dispose()


@contextmanager
def planted(superuser: Engine, *statements: str) -> Iterator[Connection]:
    """Run statements past every trigger, hand over the application's connection, roll all of it back."""
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount != 0, f"nothing was planted by: {statement}"
        connection.execute(text("set local session_replication_role = origin"))
        connection.execute(text(f"set local role {APP_ROLE}"))
        yield connection
        transaction.rollback()


def broken(
    connection: Connection, day: date | None = None, check_ids: Sequence[str] | None = None
) -> dict[str, CheckResult]:
    """Return the checks that found something, by id."""
    at = datetime.now(UTC) + timedelta(hours=1)
    results = run_checks(connection, day, at=at, check_ids=check_ids)
    return {result.check.check_id: result for result in results if result.offender_count}
