"""The guards stand: nobody can change a record unnoticed, and a guard that is missing is named."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from billing_assets.store import migrations
from billing_assets.store.checks import guards
from billing_assets.store.connection import make_engine
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE
from billing_assets_tests.store.checks.conftest import FEBRUARY, broken, planted
from billing_assets_tests.store.checks.delivery_rows import DELIVERY_ROWS
from billing_assets_tests.store.checks.payment_rows import PAYMENT_ROWS
from billing_assets_tests.store.checks.template_rows import TEMPLATE_ROWS

# What somebody with the owner's or a superuser's rights did, and how it is named.
WEAKENED = [
    (
        "alter table invoice disable trigger refuse_change",
        "table invoice: the trigger refuse_change is missing",
    ),
    (
        "alter table invoice_line enable replica trigger refuse_change",
        "table invoice_line: a trigger is switched off",
    ),
    (
        "drop trigger refuse_truncate on invoice_tax",
        "table invoice_tax: the trigger refuse_truncate is missing",
    ),
    (
        "drop trigger keep_first_rendering on document",
        "table document: the trigger keep_first_rendering is missing",
    ),
    (
        (
            "drop trigger refuse_change on tax_rule; create trigger refuse_change before update on tax_rule "
            "for each row when (false) execute function refuse_change()"
        ),
        "table tax_rule: the trigger refuse_change is missing, changed or off",
    ),
    ("alter table delivery disable trigger all", "table delivery: a trigger is switched off"),
    (
        (
            "create or replace function refuse_change() returns trigger language plpgsql as "
            "$$ begin return new; end $$"
        ),
        "function refuse_change: it does not refuse any more",
    ),
    (
        "drop trigger refuse_change on delivery_decision",
        "table delivery_decision: the trigger refuse_change is missing",
    ),
    (
        f"grant update (note) on delivery_decision to {APP_ROLE}",
        f"table delivery_decision: {APP_ROLE} may change note",
    ),
    (
        f"grant delete on problem_closing to {APP_ROLE}",
        f"table problem_closing: {APP_ROLE} may delete it",
    ),
    (
        "drop index delivery_decided_delivered_once",
        "table delivery_decision: no unique key on delivery_id (decision = 'delivered'::text)",
    ),
    (
        (
            "create or replace function document_number(prefix text, number bigint) returns text "
            "language sql immutable return prefix || lpad(number::text, 8, '0')"
        ),
        "function document_number: it does not give the number that is printed",
    ),
    (
        "alter table invoice_line disable trigger refuse_overcredit",
        "table invoice_line: the trigger refuse_overcredit is missing, changed or off",
    ),
    (
        "alter table invoice disable trigger refuse_unreversed",
        "table invoice: the trigger refuse_unreversed is missing, changed or off",
    ),
    (
        "alter function refuse_overcredit() security invoker",
        "table invoice_line: the trigger refuse_overcredit is missing, changed or off",
    ),
    (
        (
            "create or replace function refuse_overcredit() returns trigger language plpgsql "
            "security definer as 'begin return null; end'"
        ),
        "function refuse_overcredit: it does not refuse any more",
    ),
    (
        "drop trigger refuse_unbalanced on ledger_posting",
        "table ledger_posting: the trigger refuse_unbalanced is missing, changed or off",
    ),
    (
        (
            "create or replace function refuse_unbalanced() returns trigger language plpgsql "
            "as 'begin return null; end'"
        ),
        "function refuse_unbalanced: it does not refuse any more",
    ),
    (
        "drop trigger refuse_overallocation on allocation",
        "table allocation: the trigger refuse_overallocation is missing, changed or off",
    ),
    (
        "drop trigger chain_entry on audit_entry",
        "table audit_entry: the trigger chain_entry is missing, changed or off",
    ),
    (f"grant update (last_sha256) on audit_chain to {APP_ROLE}", f"table audit_chain: {APP_ROLE} may change"),
    (
        "drop trigger refuse_removal on due_charge",
        "table due_charge: the trigger refuse_removal is missing, changed or off",
    ),
    (
        "alter table invoice_line disable trigger refuse_away_term",
        "table invoice_line: the trigger refuse_away_term is missing, changed or off",
    ),
    (
        (
            "create or replace function prove_attached() returns trigger language plpgsql "
            "as 'begin return null; end'"
        ),
        "function prove_attached: it does not refuse any more",
    ),
    (
        "drop index detached_month_away",
        "table detached_month: no unique key on company_id, month (attached_at IS NULL)",
    ),
    (
        f"grant insert, update on detached_month to {APP_ROLE}",
        f"table detached_month: {APP_ROLE} may change ",
    ),
    (
        "drop index invoice_line_billed_once",
        "table invoice_line: no unique key on policy_term_id, installment_number",
    ),
    (
        "drop index billing_run_open; create index on billing_run (company_id, billing_date)",
        (
            "table billing_run: no unique key on company_id, billing_date "
            "(state <> ALL (ARRAY['finalised'::text, 'rejected'::text]))"
        ),
    ),
    (
        "alter table number_block drop constraint number_block_follows",
        "table number_block: no constraint FOREIGN KEY (number_series_id, previous_last_number, ",
    ),
    (
        "alter table number_block drop constraint number_block_check1",
        "table number_block: no constraint CHECK ((previous_issue_date <= issue_date))",
    ),
    (
        "update pg_index set indisvalid = false where indexrelid = 'delivery_accepted_once'::regclass",
        "table delivery_attempt: no unique key on delivery_id (state = 'sent'::text)",
    ),
    (
        "alter table invoice add constraint later check (net_minor > -1) not valid",
        "table invoice: the constraint later was never proved",
    ),
    (f"alter role {APP_ROLE} bypassrls", f"role {APP_ROLE}: it is above the guards"),
    (f"grant {OWNER_ROLE} to {APP_ROLE}", f"role {APP_ROLE}: it is above the guards"),
    (f"grant create on schema billing to {APP_ROLE}", f"role {APP_ROLE}: it is above the guards"),
    (f"alter table due_charge owner to {APP_ROLE}", f"table due_charge: it belongs to {APP_ROLE}"),
    (f"grant delete on invoice to {APP_ROLE}", f"table invoice: {APP_ROLE} may delete it"),
    (f"grant truncate on run_shard to {APP_ROLE}", f"table run_shard: {APP_ROLE} may truncate it"),
    ("grant trigger on invoice to public", f"table invoice: {APP_ROLE} may trigger it"),
    (
        f"grant update (total_minor) on invoice to {APP_ROLE}",
        f"table invoice: {APP_ROLE} may change total_minor",
    ),
    (
        f"grant update on policy_term_version to {APP_ROLE}",
        f"table policy_term_version: {APP_ROLE} may change premium_minor",
    ),
]


@pytest.fixture
def application(store_url: str) -> Iterator[Connection]:
    """A connection as the application has it; what it does is rolled back."""
    engine = make_engine(store_url, APP_ROLE)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.fixture
def owner(store_url: str) -> Iterator[Connection]:
    """A connection as the role that owns the tables; what it does is rolled back."""
    engine = make_engine(store_url, OWNER_ROLE)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def made_by_migrations(name: str) -> list[Any]:
    """Return what each migration says under a name; their file names are no module names."""
    said = []
    for path in sorted((Path(str(migrations.__file__)).parent / "versions").glob("0*.py")):
        spec = importlib.util.spec_from_file_location(f"migration_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        said.append(getattr(module, name, None))
    return [each for each in said if each is not None]


@pytest.mark.long
@pytest.mark.parametrize(("statement", "name"), WEAKENED)
def test_a_weakened_guard_is_named_by_i22_alone(superuser: Engine, statement: str, name: str) -> None:
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.execute(text(statement))
        connection.execute(text(f"set local role {APP_ROLE}"))
        found = broken(connection)
        named = set(_all_offenders(connection))
        transaction.rollback()
    assert set(found) == {"I22"}
    assert any(offender.startswith(name) for offender in named), named


def test_a_connection_of_another_role_is_named(owner: Connection) -> None:
    found = broken(owner, check_ids=["I22"])["I22"]
    assert found.examples == (f"session: it works as the role {OWNER_ROLE} and not as {APP_ROLE}",)


def test_triggers_that_a_session_switches_off_are_named(superuser: Engine) -> None:
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(f"set local role {APP_ROLE}"))
        found = broken(connection, FEBRUARY)
        transaction.rollback()
    assert found["I22"].examples == ("session: its triggers are switched off by session_replication_role",)


@pytest.mark.parametrize("table", guards.FROZEN)
@pytest.mark.parametrize("statement", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0} cascade"])
def test_the_application_may_not_change_a_record(application: Connection, table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        application.execute(text(statement.format(table, _a_column_of(table))))


@pytest.mark.parametrize(
    "statement",
    [
        "alter table invoice disable trigger all",
        "alter table invoice add column note text",
        "drop trigger refuse_change on invoice",
        "drop index invoice_line_billed_once",
        "drop table invoice_line",
        "create table billing.mine (id int)",
        "create or replace function billing.refuse_change() returns trigger language sql as 'select 1'",
    ],
)
def test_the_application_may_not_take_a_guard_away(application: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"):
        application.execute(text(statement))


def test_the_application_may_not_become_the_owner(application: Connection) -> None:
    query = text("select pg_has_role(:app, :owner, 'member')")
    assert not application.execute(query, {"app": APP_ROLE, "owner": OWNER_ROLE}).scalar_one()


_OF_MONTH = """
with month as (
    insert into detached_month (company_id, month, content, content_sha256, detached_at, detached_in)
    values (1, date '2020-01-01', '{{}}', sha256('{{}}'), now(), '1') returning detached_month_id
)
insert into {} select detached_month_id, {} from month
"""
ONE_ROW = {
    **TEMPLATE_ROWS,
    **DELIVERY_ROWS,
    **PAYMENT_ROWS,
    "schedule_revision": (
        "with s as (insert into activity_schedule (company_id, schedule_code, created_at, revision, "
        "fired_until) values (1, 'nightly', now(), 1, now()) returning schedule_id) "
        "insert into schedule_revision "
        "select schedule_id, 1, 'invoice_run', '{}', 'n', 'ana', now() from s"
    ),
    "detached_document": _OF_MONTH.format("detached_document", "1, 'invoice', 'EUR', 1, 100, 8, 108"),
    "detached_charge": _OF_MONTH.format("detached_charge", "1, 'invoiced', 'EUR', 1, 100"),
    "detached_number": _OF_MONTH.format("detached_number", "1, 1, 1, date '2020-01-01'"),
    "detached_posting": _OF_MONTH.format("detached_posting", "date '2020-01-01', 1200, 'EUR', 108, 0"),
    "policy_term_charge": (
        "insert into policy_term_charge select max(policy_term_version_id), 1, 'fire', 'Fire', 'home', 1 "
        "from policy_term_version"
    ),
    "policy_term_payer": (
        "insert into policy_term_payer select max(policy_term_version_id), 1, max(payer_id), 1 "
        "from policy_term_version"
    ),
    "invoice_retry": (
        "insert into invoice_retry (policy_term_version_id, installment_number, attempt_number, company_id, "
        "policy_term_id, until_date, attempted_at) select max(policy_term_version_id), 1, 1, 1, "
        "max(policy_term_id), '2024-01-31', now() from policy_term_version"
    ),
    "notification_rule": (
        "with channel as (insert into notification_channel (channel_name, channel_kind, target, language, "
        "changed_by, changed_at) values ('a', 'email', 'x', 'en', 'a', now()) returning channel_id) "
        "insert into notification_rule (rule_name, version_number, channel_id, content, hears_from, "
        "recorded_by, recorded_at) select 'a', 1, channel_id, '{}', now(), 'a', now() from channel"
    ),
}
"""A row of the tables that the store of these tests has none of; it is rolled back with the rest."""


@pytest.mark.parametrize("table", guards.FROZEN)
@pytest.mark.parametrize("statement", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0} cascade"])
def test_even_the_owner_is_refused_by_the_triggers(owner: Connection, table: str, statement: str) -> None:
    refused = (
        rf"(issued records are never edited: \w+ on|only ended, once:|"
        rf"rows are removed with their month alone: \w+ on) {table}\b"
    )
    if table in ONE_ROW:
        owner.execute(text(ONE_ROW[table]))
    with pytest.raises(IntegrityError, match=refused):
        owner.execute(text(statement.format(table, _a_column_of(table))))


@pytest.mark.parametrize(
    "change",
    [
        "pdf_sha256 = sha256('other')",
        "pdf = pdf || '\\x00'",
        "mail_sha256 = sha256('other')",
        "pdf_sha256 = null, rendered_at = null",
        "snapshot_sha256 = sha256('other')",
    ],
)
def test_a_document_keeps_its_first_rendering_whoever_asks(owner: Connection, change: str) -> None:
    with pytest.raises(IntegrityError, match="keeps its first rendering"):
        owner.execute(text(f"update document set {change} where pdf is not null"))


def test_what_the_check_expects_is_what_the_migration_makes() -> None:
    frozen = [table for tables in made_by_migrations("FROZEN") for table in tables]
    assert sorted(frozen) == sorted(guards.FROZEN)
    granted = [
        (table, column)
        for updates in made_by_migrations("UPDATES")
        for table, columns in updates.items()
        for column in columns.split(", ")
    ]
    expected = [
        (table, column) for table, columns in guards.MAY_UPDATE.items() for column in columns.split(", ")
    ]
    assert sorted(granted) == sorted(expected)


def test_the_keys_that_are_expected_are_all_unique_keys_of_natural_names(superuser: Engine) -> None:
    query = """
        select count(*) from pg_index x join pg_class c on c.oid = x.indrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'billing' and x.indisunique and c.relname = any(:tables)
    """
    with planted(superuser) as connection:
        tables = {"tables": sorted({table for table, *_ in guards.KEYS})}
        assert connection.execute(text(query), tables).scalar_one() >= len(guards.KEYS)
        assert broken(connection, check_ids=["I22"]) == {}


def _a_column_of(table: str) -> str:
    columns = {
        "payment_plan": "due_days",
        "notification_rule": "content",
        "payment_plan_change": "note",
        "tax_rule": "rate_ppm",
        "template_version": "archive",
        "company_template_act": "acted_by",
        "rule_set": "content",
        "cash_unit": "source",
        "policy_term_charge": "charge_name",
        "policy_term_payer": "share_ppm",
        "run_certificate": "content",
        "ledger_account": "content",
        "number_block": "issue_date",
        "schedule_revision": "note",
        "detached_document": "net_minor",
        "detached_charge": "net_minor",
        "detached_number": "issue_date",
        "detached_posting": "debit_minor",
    }
    return columns.get(table, "company_id")


def _all_offenders(connection: Connection) -> list[str]:
    return list(connection.execute(text(guards.GUARDS), dict(guards.PARAMETERS)).scalars())
