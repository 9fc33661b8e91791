"""Shipped rule rows reach the store once, and what a company changed stays."""

import polars as pl
from sqlalchemy import text

from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.store.connection import Database
from billing_assets.store.rule_rows import (
    PLAN_SCHEMA,
    TAX_RULE_SCHEMA,
    count_missing_rules,
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
        seed_rules(connection)
        assert read_tax_rules(connection).equals(before[0])
        assert read_plans(connection).equals(before[1])
        assert before[1].filter(pl.col("plan_code") == "own")["lead_days"].to_list() == [3]


def test_missing_rows_are_counted(database: Database) -> None:
    with database.transaction() as connection:
        assert count_missing_rules(connection) == 0
        connection.execute(text("set local role none"))
        connection.execute(text("delete from payment_plan where plan_code = 'monthly'"))
        assert count_missing_rules(connection) == 1
        seed_rules(connection)
        assert count_missing_rules(connection) == 0
