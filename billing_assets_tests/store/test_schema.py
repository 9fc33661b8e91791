"""The schema comes up from nothing, twice, at once, and as whoever may; a newer one is left alone."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import document_number
from billing_assets.store import schema
from billing_assets.store.checks import run_checks
from billing_assets.store.checks.guards import FROZEN, MOVED
from billing_assets.store.connection import Database
from billing_assets.store.revisions import newest_revision, require_current
from billing_assets.store.roles import OWNER_ROLE
from billing_assets.store.schema import upgrade
from billing_assets_tests.databases import run_sql


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def check(url: str) -> None:
    store = Database(url)
    try:
        with store.transaction() as connection:
            require_current(connection)
    finally:
        store.close()


@pytest.mark.long
def test_an_empty_database_gets_the_newest_schema_and_the_shipped_rules(empty_url: str) -> None:
    assert upgrade(empty_url) == newest_revision()
    check(empty_url)
    assert rows(empty_url, "select count(*) > 5 from billing.tax_rule") == [(True,)]
    query = "select distinct tableowner from pg_tables where schemaname = 'billing'"
    assert rows(empty_url, query) == [(OWNER_ROLE,)]


def test_a_second_upgrade_changes_nothing(empty_url: str) -> None:
    counts = "select (select count(*) from billing.tax_rule), (select count(*) from billing.payment_plan)"
    upgrade(empty_url)
    before = rows(empty_url, counts)
    upgrade(empty_url)
    assert rows(empty_url, counts) == before


def test_two_upgrades_at_once_wait_for_each_other(empty_url: str) -> None:
    found: list[object] = []

    def run() -> None:
        try:
            found.append(upgrade(empty_url))
        except Exception as error:  # noqa: BLE001 - handed to the test
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [newest_revision()] * 2


@pytest.mark.long
def test_the_owner_login_may_upgrade_and_a_stranger_is_told_what_to_grant(empty_url: str) -> None:
    name = f"owner_{uuid4().hex[:10]}"
    run_sql(empty_url, f"create role {name} login")
    url = make_url(empty_url).set(username=name).render_as_string(hide_password=False)
    try:
        with pytest.raises(BillingError) as caught:
            upgrade(url)
        assert caught.value.code == "owner_rights_missing"
        run_sql(empty_url, f"grant {OWNER_ROLE}, billing_app to {name}")
        run_sql(empty_url, f'grant create on database "{make_url(empty_url).database}" to {OWNER_ROLE}')
        assert upgrade(url) == newest_revision()
    finally:
        run_sql(empty_url, f"drop role {name}")


def test_a_store_of_the_first_schema_keeps_its_rows_and_gets_the_later_guards(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "command", SimpleNamespace(upgrade=_to_the_first))
        # The rows shipped now have columns that the first tables had not.
        patch.setattr(schema, "seed_rules", lambda _connection: None)
        upgrade(empty_url)
    assert rows(empty_url, "select version_num from billing.alembic_version") == [("0001",)]
    run_sql(empty_url, _FIRST_ROWS)
    assert upgrade(empty_url) == newest_revision()
    attempts = "select attempt_number, state, payer_version_id from billing.delivery_attempt"
    assert rows(empty_url, attempts) == [(1, "unknown", None)]
    assert rows(empty_url, "select is_open from billing.problem") == [(False,)]
    # The first block of ids begins above those that were given one by one.
    assert rows(empty_url, "select nextval('billing.invoice_id_sequence')") == [(1007,)]
    store = Database(empty_url)
    with store.transaction() as connection:
        (result,) = run_checks(connection, at=datetime(2025, 1, 2, tzinfo=UTC), check_ids=["I22"])
    store.close()
    assert result.examples == ()


def _to_the_first(config: Config, _revision: str) -> None:
    command.upgrade(config, "0001")


# Without keys to other tables: what counts is that the rows stay.
_FIRST_ROWS = """
begin;
set local session_replication_role = replica;
set local search_path = billing;
insert into company (company_code) values ('demo');
select setval('invoice_id_sequence', 7);
insert into problem (company_id, record_key, problem_code, field_name, original_value, original_row, owner,
    is_open, recorded_at) values (1, '', 'key_empty', '', '', '', 'intake', false, now());
insert into delivery (company_id, document_id, channel, purpose, message_id, state, attempt_count, queued_at,
    changed_at) values (1, 1, 'email', 'issue', 'x@example.com', 'unknown', 1, now(), now());
insert into delivery_attempt (delivery_id, attempt_number, started_at, state) values (1, 1, now(), 'unknown');
commit
"""


def test_an_upgrade_that_cannot_have_a_lock_ends_with_nothing_changed(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(empty_url)
    monkeypatch.setattr(schema, "_LOCK_WAIT", "100ms")
    engine = create_engine(empty_url)
    with engine.connect() as holder:
        holder.execute(text("lock table billing.tax_rule in access exclusive mode"))
        with pytest.raises(BillingError) as caught:
            upgrade(empty_url)
    engine.dispose()
    assert caught.value.code == "store_busy"
    check(empty_url)


def test_steps_and_rules_are_one_transaction(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(schema, "seed_rules", fail)
    with pytest.raises(RuntimeError):
        upgrade(empty_url)
    assert rows(empty_url, "select count(*) from pg_tables where schemaname = 'billing'") == [(0,)]


def test_checks_over_years_of_charges_are_validated_after_the_steps_and_by_the_next_upgrade_if_stopped(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = "select conname from pg_constraint where not convalidated order by 1"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_validate_checks", lambda _connection: None)
        upgrade(empty_url)
    names = ("due_charge_document_check", "due_charge_outcome_check", "due_charge_reason_check")
    assert set(rows(empty_url, waiting)) >= {(name,) for name in names}
    upgrade(empty_url)
    assert rows(empty_url, waiting) == []


def test_a_store_without_the_schema_or_with_a_missing_rule_is_outdated(empty_url: str) -> None:
    upgrade(empty_url)
    for spoil in (
        "set session_replication_role = replica; delete from billing.payment_plan where due_days = 0",
        "delete from billing.alembic_version",
    ):
        run_sql(empty_url, spoil)
        with pytest.raises(BillingError) as caught:
            check(empty_url)
        assert caught.value.code == "schema_outdated"


def test_a_store_of_a_newer_program_is_refused_and_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    run_sql(empty_url, "update billing.alembic_version set version_num = '9999'")
    for act in (check, upgrade):
        with pytest.raises(BillingError) as caught:
            act(empty_url)
        assert caught.value.code == "schema_newer"
    assert rows(empty_url, "select version_num from billing.alembic_version") == [("9999",)]


def test_a_server_that_is_too_old_is_named(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_OLDEST_SERVER", 990_000)
    with pytest.raises(BillingError, match="the server is PostgreSQL 1") as caught:
        upgrade(empty_url)
    assert caught.value.code == "server_too_old"


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(BillingError) as caught:
        upgrade("postgresql+psycopg://me:topsecret@127.0.0.1:9/billing")
    assert caught.value.code == "store_unreachable"
    assert "topsecret" not in str(caught.value)


@pytest.mark.long
@pytest.mark.parametrize("table", FROZEN)
def test_every_frozen_table_refuses_even_its_owner(table: str, server_url: str, database: Database) -> None:
    engine = create_engine(database.engine.url)
    for statement in (f"truncate billing.{table} cascade",):
        with engine.connect() as connection:
            connection.execute(text(f"set role {OWNER_ROLE}"))
            with pytest.raises(Exception, match="issued records are never edited"):
                connection.execute(text(statement))
    query = (
        f"select count(*) from pg_trigger where tgrelid = 'billing.{table}'::regclass and not tgisinternal"
    )
    more = {
        "tax_rule": 3,
        "cash_unit": 3,
        "payment_plan": 4,
        "invoice": 4,
        "invoice_line": 4,
        "ledger_posting": 3,
        "audit_entry": 3,
        **dict.fromkeys(("payment_assignment", "payment_reversal"), 3),
        "allocation": 4,
    }
    trigger_count = more.get(table, 2) + (table in MOVED)
    assert rows(engine.url.render_as_string(hide_password=False), query) == [(trigger_count,)]
    engine.dispose()


def test_a_seeded_rule_accepts_no_change_and_no_removal_even_by_its_owner(database: Database) -> None:
    engine = create_engine(database.engine.url)
    for statement in ("update billing.tax_rule set rate_ppm = 1", "delete from billing.tax_rule"):
        with engine.connect() as connection:
            connection.execute(text(f"set role {OWNER_ROLE}"))
            with pytest.raises(IntegrityError, match="never edited"):
                connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("prefix", ["INV-", "", "F2024/"])
def test_a_number_is_built_in_the_store_as_it_is_printed(prefix: str, database: Database) -> None:
    edges = [10**digits + step for digits in range(18) for step in (-1, 0, 1)]
    numbers = [1, 42, *(number for number in edges if number > 0), 2**63 - 1]
    query = text("select document_number(:prefix, n) from unnest(cast(:numbers as bigint[])) as n")
    with database.transaction() as connection:
        built = list(connection.execute(query, {"prefix": prefix, "numbers": numbers}).scalars())
    assert built == [document_number(prefix, number) for number in numbers]


def test_migrations_are_one_line_and_named_by_their_number() -> None:
    script = ScriptDirectory.from_config(schema._config())
    steps = list(script.walk_revisions())
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert [step.revision for step in reversed(steps)] == [f"{n:04d}" for n in range(1, len(steps) + 1)]
    assert all(step.path.rsplit("/", 1)[-1].startswith(f"{step.revision}_") for step in steps)
