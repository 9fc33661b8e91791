"""Accounts and sessions: who comes in, for how long, and what stands in the audit log of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.access import Actor, ActorKind, Role
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import ATTEMPTS_OF_ACCOUNT
from billing_assets.store.audit_log import AuditFilter
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import fill_book

ANA, LUIS, WORDS = "ana@example.com", "luis@example.com", "a horse in the rain"
BOSS = Actor(kind=ActorKind.LOGIN, name="boss")


@pytest.fixture
def access(database: Database) -> AccessDesk:
    fill_book(database, 1)
    desk = AccessDesk(database.acting_as(BOSS), 1, Settings(_env_file=None))
    desk.add_user(ANA, Role.ADMINISTRATOR, name="Ana Gil", password=WORDS)
    return desk


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(BillingError) as refusal:
        call()
    assert WORDS not in str(refusal.value)
    return refusal.value.code


def test_whoever_is_added_signs_in_and_is_who_they_are(access: AccessDesk) -> None:
    found = access.signed_in(access.sign_in("Ana@example.com ", WORDS, "192.0.2.1"))
    assert found is not None
    assert (found.actor.name, found.user_name, found.role) == (ANA, "Ana Gil", Role.ADMINISTRATOR)
    (user,) = access.users()
    assert user.last_seen_at is not None


def test_the_store_keeps_no_password_and_no_token(access: AccessDesk) -> None:
    token, link = access.sign_in(ANA, WORDS, "192.0.2.1"), access.make_link("ana")
    with access.database.transaction() as connection:
        tables = connection.execute(
            text("select table_name from information_schema.tables where table_schema = 'billing'")
        ).scalars()
        kept = [
            str(row)
            for table in tables.all()
            for row in connection.execute(text(f"select to_json(t)::text from {table} t"))
            if table in {"office_user", "office_session", "sign_in_link", "audit_entry", "sign_in_attempt"}
        ]
    assert kept
    assert not any(secret in row for row in kept for secret in (WORDS, token, link))


def test_an_address_is_of_one_account(access: AccessDesk) -> None:
    assert refused(lambda: access.add_user("ANA@example.com", Role.VIEWER)) == "user_exists"
    assert refused(lambda: access.set_role(LUIS, Role.VIEWER)) == "user_unknown"


def test_the_last_administrator_stays(access: AccessDesk) -> None:
    assert refused(lambda: access.set_role(ANA, Role.VIEWER)) == "last_administrator"
    assert refused(lambda: access.set_disabled(ANA, is_disabled=True)) == "last_administrator"
    access.add_user(LUIS, Role.ADMINISTRATOR)
    assert access.set_role(ANA, Role.VIEWER)
    assert not access.set_role(ANA, Role.VIEWER)


def test_two_administrators_who_lock_each_other_out_at_once_leave_one(access: AccessDesk) -> None:
    access.add_user(LUIS, Role.ADMINISTRATOR)

    def lock_out(email: str) -> str:
        try:
            access.set_disabled(email, is_disabled=True)
        except BillingError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lock_out, [ANA, LUIS])) == ["", "last_administrator"]


@pytest.mark.long
def test_whoever_is_locked_out_is_out_at_once_and_comes_back(access: AccessDesk) -> None:
    access.add_user(LUIS, Role.OPERATOR, password=WORDS)
    token = access.sign_in(LUIS, WORDS, "192.0.2.1")
    assert access.set_disabled(LUIS, is_disabled=True)
    assert access.signed_in(token) is None
    assert refused(lambda: access.sign_in(LUIS, WORDS, "192.0.2.1")) == "sign_in_refused"
    assert access.set_disabled(LUIS, is_disabled=False)
    assert access.signed_in(token) is None
    assert access.signed_in(access.sign_in(LUIS, WORDS, "192.0.2.1"))


@pytest.mark.long
def test_another_password_ends_every_session(access: AccessDesk) -> None:
    token = access.sign_in(ANA, WORDS, "192.0.2.1")
    wrong = lambda: access.change_password(ANA, "wrong", "three green apples", "192.0.2.1")  # noqa: E731
    assert refused(wrong) == "sign_in_refused"
    access.change_password(ANA, WORDS, "three green apples", "192.0.2.1")
    assert access.signed_in(token) is None
    assert access.sign_in(ANA, "three green apples", "192.0.2.1")


def test_who_has_no_password_signs_in_with_none(access: AccessDesk) -> None:
    access.add_user(LUIS, Role.OPERATOR)
    assert refused(lambda: access.sign_in(LUIS, "", "192.0.2.1")) == "sign_in_refused"


@pytest.mark.long
def test_attempts_at_once_are_all_counted(access: AccessDesk) -> None:
    def attempt(number: int) -> str:
        return refused(lambda: access.sign_in(ANA, f"guess {number}", f"192.0.2.{number}"))

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(attempt, range(ATTEMPTS_OF_ACCOUNT + 4)))
    assert codes.count("sign_in_refused") == ATTEMPTS_OF_ACCOUNT
    assert codes.count("sign_in_throttled") == 4


def test_one_address_that_tries_many_accounts_is_stopped_too(
    access: AccessDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing_assets.wiring.access_desk.ATTEMPTS_OF_ADDRESS", 3)
    codes = [refused(lambda n=n: access.sign_in(f"a{n}@example.com", "x", "192.0.2.1")) for n in range(5)]  # type: ignore[misc]
    assert codes == ["sign_in_refused"] * 3 + ["sign_in_throttled"] * 2
    assert access.sign_in(ANA, WORDS, "192.0.2.2")


@pytest.mark.long
def test_attempts_that_succeed_count_for_nothing(access: AccessDesk) -> None:
    for _ in range(ATTEMPTS_OF_ACCOUNT + 2):
        assert access.sign_in(ANA, WORDS, "192.0.2.1")


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(
    access: AccessDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, begun = access.sign_in(ANA, WORDS, "192.0.2.1"), utc_now()

    def is_open_after(**later: float) -> bool:
        at = begun + timedelta(**later)
        monkeypatch.setattr("billing_assets.wiring.access_desk.utc_now", lambda: at)
        return access.signed_in(token) is not None

    assert is_open_after(minutes=59)
    assert is_open_after(minutes=117)
    for hours in range(3, 12):
        assert is_open_after(hours=hours - 0.5)
        assert is_open_after(hours=hours)
    assert not is_open_after(hours=12.1)
    other = access.open_session(access.users()[0].actor)
    monkeypatch.setattr("billing_assets.wiring.access_desk.utc_now", lambda: begun + timedelta(hours=14))
    assert access.signed_in(other) is None


def test_a_link_is_of_one_use_and_of_ten_minutes(access: AccessDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    link = access.make_link("ana")
    found = access.signed_in(access.use_link(link))
    assert found is not None
    assert (found.actor.kind, found.actor.name, found.role) == (ActorKind.LOGIN, "ana", Role.ADMINISTRATOR)
    assert refused(lambda: access.use_link(link)) == "link_over"
    late, begun = access.make_link("ana"), utc_now()
    monkeypatch.setattr("billing_assets.wiring.access_desk.utc_now", lambda: begun + timedelta(minutes=11))
    assert refused(lambda: access.use_link(late)) == "link_over"
    assert refused(lambda: access.use_link("made up")) == "link_over"


@pytest.mark.long
def test_whoever_is_of_one_company_comes_into_no_other(access: AccessDesk, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("insert into company (company_code) values ('neighbour')"))
    other = AccessDesk(database, 2, Settings(_env_file=None))
    token = access.sign_in(ANA, WORDS, "192.0.2.1")
    assert other.users() == []
    assert other.signed_in(token) is None
    assert refused(lambda: other.sign_in(ANA, WORDS, "192.0.2.1")) == "sign_in_refused"
    access.add_user(LUIS, Role.VIEWER, password=WORDS, of_all_companies=True)
    assert other.signed_in(other.sign_in(LUIS, WORDS, "192.0.2.1"))


def test_everything_that_becomes_of_an_account_is_in_the_audit_log(access: AccessDesk) -> None:
    access.add_user(LUIS, Role.VIEWER, password=WORDS)
    access.set_role(LUIS, Role.OPERATOR)
    access.set_password(LUIS, "three green apples")
    token = access.sign_in(LUIS, "three green apples", "192.0.2.1")
    found = access.signed_in(token)
    assert found is not None
    access.sign_out(token, found.actor)
    access.set_disabled(LUIS, is_disabled=True)
    told = [(row.actor_name, row.act, row.before, row.after) for row in access.acts(AuditFilter(limit=6))]
    assert told == [
        ("boss", "disable_user", None, None),
        (LUIS, "sign_out", None, None),
        (LUIS, "sign_in", None, None),
        ("boss", "set_password", None, None),
        ("boss", "set_role", {"role": "viewer"}, {"role": "operator"}),
        ("boss", "add_user", None, {"name": "luis", "role": "viewer"}),
    ]
    with access.database.transaction() as connection:
        (result,) = run_checks(connection, at=utc_now(), check_ids=["I21"])
    assert result.offender_count == 0
