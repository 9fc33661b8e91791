"""The audit log: every act stands in it with who, before and after, in one chain."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.exchange_rates import ExchangeRate
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.close_day import close_day
from billing_assets.store.audit_log import AuditFilter, list_acts, record_act
from billing_assets.store.checks import run_checks
from billing_assets.store.closed_days import SqlClosedDayStore
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.exchange_rates import SqlRateStore
from billing_assets.store.plan_rows import SqlPlanStore
from billing_assets_tests.books import AT, COMPANY, fill_book

ANA = Actor(kind=ActorKind.LOGIN, name="ana")
ACT = AuditAct(act=Act.SIGN_IN, subject=Subject.USER, subject_id="7", company_id=1)
EVERYTHING = AuditFilter(limit=1000)


@pytest.fixture
def store(database: Database) -> Database:
    fill_book(database, 3)
    return database.acting_as(ANA)


def acts(store: Database, wanted: AuditFilter = EVERYTHING) -> list[tuple[str, str, str]]:
    with store.transaction() as connection:
        return [(row.act, row.subject_id, row.actor_name) for row in list_acts(connection, 1, wanted)]


def broken(store: Database) -> list[str]:
    with store.transaction() as connection:
        (result,) = run_checks(connection, at=AT, check_ids=["I21"])
    return list(result.examples)


def test_a_change_of_the_company_tells_what_it_was_and_what_it_is(store: Database) -> None:
    with store.transaction() as connection:
        save_company(connection, replace(COMPANY, name="Alondra"), AT)
        save_company(connection, replace(COMPANY, name="Alondra"), AT)
        newest, first = list_acts(connection, 1, EVERYTHING)
    assert (newest.actor_kind, newest.actor_name) == ("login", "ana")
    assert (newest.before, newest.after) == ({"name": COMPANY.name}, {"name": "Alondra"})
    assert (first.actor_kind, first.before) == ("program", None)
    assert newest.entry_number == first.entry_number + 1 == 2


def test_days_rates_and_plans_are_recorded_by_those_who_change_them(store: Database) -> None:
    order = ClosedDayOrder(
        day=date(2024, 8, 14), is_closed=True, purpose=None, note="the office moves", recorded_by="A. Gil"
    )
    close_day("alondra", order, store=SqlClosedDayStore(store, lambda: AT))
    rate = ExchangeRate(
        base_currency="EUR", currency="USD", rate_date=date(2024, 2, 1), rate_e10=10**10, source="treasury"
    )
    SqlRateStore(store, 1, lambda: AT).keep([rate], "A. Gil")
    SqlRateStore(store, 1, lambda: AT).keep([rate], "A. Gil")
    SqlPlanStore(store, lambda: AT).end("quarterly", date(2030, 1, 1), "not sold any more", "A. Gil")
    assert acts(store)[:3] == [
        ("end_plan", "quarterly", "ana"),
        ("record_rates", "EUR", "ana"),
        ("close_day", "2024-08-14", "ana"),
    ]
    assert broken(store) == []


def test_an_act_that_is_rolled_back_leaves_neither_entry_nor_gap(store: Database) -> None:
    with store.session() as connection, connection.begin() as transaction:
        record_act(connection, ACT, AT)
        transaction.rollback()
    before = len(acts(store))
    with store.transaction() as connection:
        record_act(connection, ACT, AT)
    assert len(acts(store)) == before + 1
    assert broken(store) == []


def test_acts_of_many_at_once_are_one_chain(store: Database) -> None:
    def act(number: int) -> None:
        with store.acting_as(Actor(kind=ActorKind.LOGIN, name=f"clerk {number}")).transaction() as connection:
            record_act(connection, ACT, AT)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(60)))
    with store.transaction() as connection:
        numbers = [row.entry_number for row in list_acts(connection, 1, EVERYTHING)]
    assert sorted(numbers) == list(range(1, 62))
    assert broken(store) == []


def test_nobody_chooses_number_or_hash_of_an_entry(store: Database) -> None:
    forged = """
        insert into audit_entry (company_id, entry_number, acted_at, actor_kind, actor_name, signed_by, act,
            subject_kind, subject_id, reason, former_sha256, entry_sha256)
        values (1, 77, now(), 'login', 'eve', '', 'sign_in', 'user', '7', '', 'x', 'x')
    """
    with store.transaction() as connection:
        connection.execute(text(forged))
    assert broken(store) == []
    for statement in ("update audit_chain set entry_count = 0", "delete from audit_chain"):
        with pytest.raises(ProgrammingError, match="permission denied"), store.transaction() as connection:
            connection.execute(text(statement))


def test_what_is_of_no_company_has_a_chain_of_its_own(store: Database) -> None:
    with store.transaction() as connection:
        for company_id in (None, 1, None):
            act = AuditAct(act=Act.ADD_USER, subject=Subject.USER, subject_id="1", company_id=company_id)
            record_act(connection, act, AT)
        found = [(row.company_id, row.entry_number) for row in list_acts(connection, 1, EVERYTHING)]
    assert found == [(None, 2), (1, 2), (None, 1), (1, 1)]
    assert broken(store) == []


def test_the_hash_can_be_worked_out_outside_the_store(store: Database) -> None:
    with store.transaction() as connection:
        act = AuditAct(
            act=Act.ADD_USER,
            subject=Subject.USER,
            subject_id='ñandú "x" \\ \n\t',
            company_id=1,
            after={"b": 1, "a": "é"},
        )
        record_act(connection, act, AT)
        query = """
            select company_id, entry_number, (extract(epoch from acted_at) * 1000000)::bigint, actor_kind,
                actor_name, office_user_id, signed_by, act, subject_kind, subject_id, reason, before::text,
                after::text, encode(former_sha256, 'hex'), encode(entry_sha256, 'hex')
            from audit_entry order by audit_entry_id desc limit 1
        """
        *content, stored = connection.execute(text(query)).one()
    assert sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest() == stored


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (AuditFilter(who="AN"), 2),
        (AuditFilter(who="nobody"), 0),
        (AuditFilter(who="billing"), 1),
        (AuditFilter(act="sign_in"), 2),
        (AuditFilter(subject_kind="user", subject_id=" 7 "), 2),
        (AuditFilter(subject_kind="run", subject_id="7"), 0),
        (AuditFilter(limit=1), 1),
    ],
)
def test_the_log_is_searched_by_who_act_and_subject(store: Database, wanted: AuditFilter, count: int) -> None:
    with store.transaction() as connection:
        for _ in range(2):
            record_act(connection, ACT, AT)
    assert len(acts(store, wanted)) == count


def test_a_page_goes_on_below_an_entry(store: Database, tmp_path: Path) -> None:
    with store.transaction() as connection:
        record_act(connection, ACT, AT)
        newest, *others = list_acts(connection, 1, EVERYTHING)
        assert list_acts(connection, 1, AuditFilter(before_id=newest.audit_entry_id)) == others
