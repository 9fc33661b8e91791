"""Months that are closed for good leave the store whole, and come back as they were; others stay."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_assets.domain.detached_months import MonthRecord
from billing_assets.domain.errors import BillingError
from billing_assets.steps.month_ports import DetachOrder
from billing_assets.steps.run_ports import silent
from billing_assets.store.connection import Database
from billing_assets.store.detached_months import SqlMonthStore
from billing_assets.store.month_rows import TABLES
from billing_assets.store.roles import OWNER_ROLE
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.changes import broken, change_row, import_changes
from billing_assets_tests.closed_months import BEGIN, DAYS, LAST, MONTH, OLD_ROWS, YOUNG, column, months_of
from billing_assets_tests.databases import run_sql
from billing_assets_tests.state import book_state, business_state
from billing_assets_tests.store.intake import book, import_text

ORDER = DetachOrder(company_code=COMPANY.company_code, month=MONTH)


def store_of(database: Database) -> SqlMonthStore:
    return SqlMonthStore(database, lambda: AT)


def url_of_superuser(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(BillingError) as caught:
        act()
    return caught.value.code


@pytest.mark.long
def test_a_month_goes_and_comes_back_with_every_check_satisfied(
    closed_store: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    desk = months_of(closed_store)
    before, book_before = business_state(closed_store), book_state(closed_store)
    assert broken(closed_billing) == {}
    desk.detach(MONTH, tmp_path / "month")
    assert broken(closed_billing) == {}
    away = business_state(closed_store)
    assert len(away["invoices"]) == len(before["invoices"]) - 11
    assert book_state(closed_store) == book_before
    desk.attach(tmp_path / "month")
    assert broken(closed_billing) == {}
    assert business_state(closed_store) == before


@pytest.mark.long
def test_all_closed_months_can_be_away_at_once_and_come_back_in_any_order(
    closed_store: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    desk = months_of(closed_store)
    before = business_state(closed_store)
    for day in DAYS:
        desk.detach(day.replace(day=1), tmp_path / str(day))
    assert broken(closed_billing) == {}
    for day in DAYS:
        assert all(not each.offender_count for each in closed_billing.audit(day))
    assert closed_billing.replay(LAST, LAST).result.problem_count == 0
    for day in DAYS[::2] + DAYS[1::2]:
        desk.attach(tmp_path / str(day))
        assert broken(closed_billing) == {}
    assert business_state(closed_store) == before


@pytest.mark.long
def test_a_run_bills_on_while_a_month_is_away_and_leaves_its_terms_alone(
    closed_store: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    import_text(
        closed_store,
        tmp_path,
        book(*OLD_ROWS, YOUNG, YOUNG | {"no": "NEW", "from": "2024-04-01", "to": "2025-04-01"}),
    )
    months_of(closed_store).detach(MONTH, tmp_path / "month")
    day = date(2024, 4, 1)
    result = closed_billing.invoice(closed_billing.order(day))
    assert result.facts["invoice_count"] == 1
    assert broken(closed_billing) == {}


# What keeps a month, done to the store before.
_LATER_BATCH = """
insert into intake_batch (company_id, batch_kind, file_name, file_sha256, mapping_sha256, row_count,
    new_count, changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (1, 'changes', 'x.csv', 'x', '', 1, 1, 0, 0, 0, 0, '{"premium_of_changes": 0}', now());
insert into policy_change (company_id, policy_id, policy_term_id, change_number, change_kind, change_date,
    batch_id)
select 1, policy_id, policy_term_id, 7, 'reinstatement', effective_date + 10,
    (select max(batch_id) from intake_batch)
from policy_term order by policy_term_id desc offset 1 limit 1
"""
_DELIVERY = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select company_id, invoice_id, snapshot_sha256, now() from invoice order by invoice_id limit 1;
insert into delivery (company_id, document_id, channel, purpose, message_id, state, queued_at, changed_at)
select 1, document_id, 'email', 'issue', 'x', 'failed', now(), now() from document
"""
_FAILED = """
update due_charge set outcome = 'failed', invoice_id = null, reason_code = 'no_tax', policy_term_id = 2
where run_id = (select max(run_id) from billing_run)
    and policy_term_id = (select max(policy_term_id) from policy_term) and installment_number = 2
"""
_PROBLEM = """
insert into problem (company_id, record_key, problem_code, field_name, original_value, original_row, owner,
    recorded_at, policy_number) values (1, 'P2', 'row_shape', '', '', '', 'intake', now(), 'P2')
"""
_OF_TERM = "update policy_term_version set {} where policy_term_id = 5"
OBSTACLES = [
    ("run_unfinished", "update billing_run set state = 'planned', finalised_at = null where run_id = 1"),
    ("term_held", _OF_TERM.format("hold_code = 'changed_after_billing'")),
    ("charge_open", _FAILED),
    ("problem_open", _PROBLEM),
    ("book_unread", _LATER_BATCH),
    ("delivery_open", _DELIVERY),
    ("term_recent", _OF_TERM.format("expiration_date = date '2021-04-01'")),
]


@pytest.mark.long
@pytest.mark.parametrize(("code", "spoil"), OBSTACLES, ids=[code for code, _ in OBSTACLES])
def test_whatever_is_open_keeps_the_month(
    code: str, spoil: str, closed_store: Database, tmp_path: Path
) -> None:
    run_sql(
        url_of_superuser(closed_store),
        f"set session_replication_role = replica; set search_path = billing; {spoil}",
    )
    row = months_of(closed_store).list()[0]
    assert code in {one.obstacle_code for one in row.obstacles}
    before = business_state(closed_store)
    assert code_of(lambda: months_of(closed_store).detach(MONTH, tmp_path / "month")) == "month_not_closed"
    assert business_state(closed_store) == before
    assert not (tmp_path / "month").exists()


@pytest.mark.parametrize(
    ("month", "words"),
    [(date(1999, 1, 1), "nothing was billed"), (date(2024, 3, 1), "ended less than 36 months")],
)
def test_a_month_that_is_empty_or_too_young_stays(
    month: date, words: str, closed_store: Database, tmp_path: Path
) -> None:
    with pytest.raises(BillingError, match=words) as caught:
        months_of(closed_store).detach(month, tmp_path / "month")
    assert caught.value.code == "month_not_closed"


def test_without_a_finished_run_no_month_goes(closed_store: Database) -> None:
    run_sql(url_of_superuser(closed_store), "update billing.billing_run set is_open_day = false")
    assert {one.obstacle_code for one in months_of(closed_store).list()[0].obstacles} == {"no_finished_run"}


def test_a_month_that_breaks_a_check_stays(closed_store: Database, tmp_path: Path) -> None:
    run_sql(
        url_of_superuser(closed_store),
        "set session_replication_role = replica; update billing.invoice set tax_minor = tax_minor + 1, "
        "total_minor = total_minor + 1 where invoice_id = (select min(invoice_id) from billing.invoice)",
    )
    assert code_of(lambda: months_of(closed_store).detach(MONTH, tmp_path / "month")) == "audit_failed"


_DOCUMENT = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select company_id, invoice_id, snapshot_sha256, now() from invoice order by 2 limit 1 returning 1
"""


def detach_by_hand(database: Database, added_minor: int, meanwhile: Callable[[], object]) -> None:
    """Detach as the step does, with so much added to every line that is written, and an act in between."""
    with store_of(database).detaching(ORDER, silent) as work:
        parts = {name: list(work.parts(name)) for name in work.tables()}
        parts["invoice_line"] = [
            part.with_columns(pl.col("net_minor") + added_minor) for part in parts["invoice_line"]
        ]
        tables = tuple(work.read_back(name, (), parts[name]) for name in work.tables())
        meanwhile()
        work.detach(
            MonthRecord(company_code=COMPANY.company_code, month=MONTH, totals=work.totals(), tables=tables)
        )


def test_a_document_that_somebody_looks_at_meanwhile_ends_the_attempt(closed_store: Database) -> None:
    look = partial(column, closed_store, _DOCUMENT)
    assert code_of(lambda: detach_by_hand(closed_store, 0, look)) == "month_moved"
    assert column(closed_store, "select count(*) from detached_month") == [0]


def test_rows_that_are_not_those_that_were_written_stay(closed_store: Database) -> None:
    assert code_of(lambda: detach_by_hand(closed_store, 1, lambda: None)) == "month_moved"
    assert column(closed_store, "select count(*) from detached_month") == [0]


@pytest.fixture
def away(closed_store: Database, tmp_path: Path) -> Database:
    """The store with the month away, and its folder ``month``."""
    months_of(closed_store).detach(MONTH, tmp_path / "month")
    return closed_store


_AGAIN = """
insert into invoice_line select (jsonb_populate_record(l, jsonb_build_object('installment_number', 99,
    'line_number', 99))).* from invoice_line l
where policy_term_id = 3 and credited_invoice_id is null limit 1
"""
REFUSED = [
    # The application detaches nothing by its own word.
    ("select detach_month(cast(1 as smallint), date '2020-03-01', 36, '{}', now())", "snapshot holds still"),
    ("delete from invoice", "permission denied"),
    ("insert into detached_month (company_id) values (1)", "permission denied"),
    ("update detached_month set attached_at = now()", "permission denied"),
    ("update policy_term_version set away_months = '{}'", "permission denied"),
    ("select keep_sums_of_month(cast(1 as smallint), date '2020-03-01', 1)", "permission denied"),
    ("select attach_month(99, now())", "is not away"),
    # What is away is not billed again, by whatever way.
    (_AGAIN, "a policy term is billed whose invoices are in a detached month"),
]


@pytest.mark.parametrize(("statement", "words"), REFUSED)
def test_the_store_refuses_it(statement: str, words: str, away: Database) -> None:
    with pytest.raises(DBAPIError, match=words), away.transaction() as connection:
        connection.execute(text(statement))


def test_a_run_of_a_day_of_the_month_is_refused_by_the_store(away: Database) -> None:
    statement = (
        "insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, "
        "book_batch_id, shard_count, due_count, plan_totals, planned_at) "
        "values (1, date '2020-02-29', 9, date '2020-02-29', 'planned', 1, 0, 0, '[]', now())"
    )
    with pytest.raises(IntegrityError, match="the month of billing date 2020-02-29 is detached"):
        column(away, statement)


@pytest.mark.parametrize("table", TABLES)
def test_even_the_owner_removes_rows_with_their_month_alone(table: str, away: Database) -> None:
    engine = create_engine(away.engine.url)
    with engine.connect() as connection:
        connection.execute(text(f"set role {OWNER_ROLE}"))
        with pytest.raises(IntegrityError, match="rows are removed with their month alone"):
            connection.execute(text(f"delete from billing.{table}"))
    engine.dispose()


def test_a_shorter_bound_is_refused_by_the_store_too(closed_store: Database) -> None:
    statement = "select detach_month(cast(1 as smallint), date '2020-02-01', 12, '{}', now())"
    with closed_store.session() as session:
        connection = session.execution_options(isolation_level="REPEATABLE READ")
        with pytest.raises(DBAPIError, match="may still change"):
            connection.execute(text(statement))


def attach_by_hand(database: Database, folder: Path, *, is_proved: bool) -> None:
    """Attach the invoices alone."""
    store = store_of(database)
    (kept,) = store.kept_months(COMPANY.company_code, MONTH)
    with store.attaching(COMPANY.company_code, kept.detached_month_id, silent) as work:
        work.load("invoice", pl.read_parquet(folder / "invoice-0001.parquet"))
        if is_proved:
            work.prove()


def test_rows_that_are_not_those_that_went_do_not_come_back(away: Database, tmp_path: Path) -> None:
    folder = tmp_path / "month"
    assert code_of(lambda: attach_by_hand(away, folder, is_proved=True)) == "month_differs"
    with pytest.raises(IntegrityError, match="not those that were detached"):
        attach_by_hand(away, folder, is_proved=False)
    assert store_of(away).kept_months(COMPANY.company_code, MONTH)[0].is_away


def test_a_book_that_says_the_same_is_taken_and_one_that_changes_a_closed_term_has_a_problem(
    away: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    same = import_text(away, tmp_path, book(*OLD_ROWS, YOUNG | {"premium": "121.00"}))
    assert same.problem_count == 0
    changed = [row | {"premium": "1.00"} if row["no"] == "P2" else row for row in OLD_ROWS]
    assert import_text(away, tmp_path, book(*changed, YOUNG | {"premium": "121.00"})).problem_count == 1
    assert column(away, "select problem_code from problem where policy_number = 'P2'") == ["month_away"]
    inside = OLD_ROWS[1] | {"from": "2020-06-01", "to": "2021-02-01"}
    import_text(away, tmp_path, book(*OLD_ROWS, YOUNG | {"premium": "121.00"}, inside))
    assert "period_overlap" in column(away, "select problem_code from problem where policy_number = 'P2'")
    assert {name for name in broken(closed_billing) if name != "I18"} == set()


def test_a_change_of_a_closed_term_is_a_problem_and_one_that_is_there_is_not(
    away: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    known = change_row("P3", 1, "endorsement", date(2020, 6, 1), premium="720.00", effective=BEGIN)
    new = change_row("P3", 2, "endorsement", date(2020, 7, 1), premium="800.00", effective=BEGIN)
    result = import_changes(closed_billing, tmp_path, known, new)
    assert (result.facts["unchanged_count"], result.problem_count) == (1, 1)
    assert "month_away" in column(away, "select problem_code from problem where is_open")
    assert broken(closed_billing) == {}


def test_a_plan_that_billed_closed_terms_cannot_end_before_them(away: Database) -> None:
    from billing_assets.store.plan_rows import _latest_billed, list_plans

    with away.transaction() as connection:
        plan = list_plans(connection, "yearly")[0]
        assert _latest_billed(connection, plan) == BEGIN
