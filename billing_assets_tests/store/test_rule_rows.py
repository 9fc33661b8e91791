"""Shipped rule rows reach the store once, and what a company changed stays."""

from dataclasses import astuple, replace
from datetime import date

import polars as pl
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.cash_rounding import CASH_UNITS
from billing_assets.domain.ledger import ACCOUNTS
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.columns import CASH_UNIT_SCHEMA, PLAN_SCHEMA, TAX_RULE_SCHEMA
from billing_assets.store import rule_rows
from billing_assets.store.connection import Database
from billing_assets.store.rule_rows import (
    count_missing_rules,
    read_cash_units,
    read_plans,
    read_tax_rules,
    seed_rules,
)


def test_every_shipped_row_is_in_the_store_as_shipped(database: Database) -> None:
    with database.transaction() as connection:
        rules, plans = read_tax_rules(connection), read_plans(connection)
    assert dict(rules.schema) == TAX_RULE_SCHEMA
    assert dict(plans.schema) == PLAN_SCHEMA
    names = ("tax_code", "place_code", "line_of_business", "rate_ppm", "valid_from", "valid_to")
    shipped = {tuple(getattr(rule, name) for name in names) for rule in shipped_tax_rules()}
    assert set(rules.select(names).iter_rows()) == shipped
    assert set(plans["plan_code"]) == {plan.plan_code for plan in DEFAULT_PLANS}


def test_every_shipped_cash_unit_is_in_the_store(database: Database) -> None:
    with database.transaction() as connection:
        units = read_cash_units(connection)
    assert dict(units.schema) == CASH_UNIT_SCHEMA
    shipped = {(row.currency, row.cash_unit_minor, row.valid_from, row.valid_to) for row in CASH_UNITS}
    assert set(units.drop("cash_unit_id").rows()) == shipped


def test_every_shipped_account_is_in_the_store(database: Database) -> None:
    query = "select account_number, account_name, account_kind, content from ledger_account order by 1"
    with database.transaction() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    assert rows == [astuple(account) for account in ACCOUNTS]


def test_an_account_that_is_there_stays_as_it_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = replace(ACCOUNTS[0], account_name="debtors")
    own = replace(ACCOUNTS[0], account_number=4300, account_name="own fees")
    monkeypatch.setattr(rule_rows, "ACCOUNTS", (renamed, own))
    query = text("select account_name from ledger_account where account_number in (1200, 4300) order by 1")
    with database.transaction() as connection:
        connection.execute(text("set local role billing_owner"))
        assert count_missing_rules(connection) == 1
        seed_rules(connection)
        assert connection.execute(query).scalars().all() == ["own fees", "receivable"]


def test_seeding_again_adds_nothing_and_keeps_what_is_there(database: Database) -> None:
    add = """
        insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
            valid_from, source)
        select 'own', frequency_code, 3, due_days, due_roll, generate_roll, valid_from, 'board decision'
        from payment_plan limit 1
    """
    with database.transaction() as connection:
        connection.execute(text(add))
        before = read_tax_rules(connection), read_plans(connection)
        connection.execute(text("set local role billing_owner"))
        seed_rules(connection)
        assert read_tax_rules(connection).equals(before[0])
        assert read_plans(connection).equals(before[1])
        assert before[1].filter(pl.col("plan_code") == "own")["lead_days"].to_list() == [3]


def test_missing_rows_are_counted(database: Database) -> None:
    with database.transaction() as connection:
        assert count_missing_rules(connection) == 0
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("delete from payment_plan where plan_code = 'monthly'"))
        assert count_missing_rules(connection) == 1
        connection.execute(text("set local session_replication_role = origin"))
        seed_rules(connection)
        assert count_missing_rules(connection) == 0


def test_a_rate_that_changes_ends_the_old_row_once_and_begins_a_new_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = next(rule for rule in shipped_tax_rules() if rule.tax_code == "GB-IPT" and rule.rate_ppm == 120_000)
    ended = replace(old, valid_to=date(2027, 4, 1))
    coming = replace(old, valid_from=date(2027, 4, 1), rate_ppm=130_000, source="a later act")
    monkeypatch.setattr(rule_rows, "shipped_tax_rules", lambda: (ended, coming))
    with database.transaction() as connection:
        connection.execute(text("set local role billing_owner"))
        seed_rules(connection)
        standard = pl.col("tax_code") == "GB-IPT", pl.col("line_of_business") == "*"
        rows = read_tax_rules(connection).filter(*standard).sort("valid_from")
    assert rows["rate_ppm"].to_list()[-2:] == [120_000, 130_000]
    assert rows["valid_to"].to_list()[-2:] == [date(2027, 4, 1), None]
    again = "update tax_rule set valid_to = '2030-01-01' where valid_to = '2027-04-01'"
    with database.transaction() as connection:
        connection.execute(text("set local role billing_owner"))
        with pytest.raises(IntegrityError, match="only ended, once"), connection.begin_nested():
            connection.execute(text(again))
