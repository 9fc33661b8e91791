"""Which rule rows a shard was priced by is kept, and read again as they were."""

from datetime import date

import polars as pl
from polars.testing import assert_frame_equal
from sqlalchemy import text

from billing_assets.store.connection import Database, make_engine
from billing_assets.store.rule_sets import keep_rule_set, read_rule_set, read_rules
from billing_assets_tests.books import AT


def test_the_same_rows_are_one_set_and_come_back_as_they_were(database: Database) -> None:
    with database.transaction() as connection:
        rules = read_rules(connection)
        kept = keep_rule_set(connection, rules, AT)
        assert keep_rule_set(connection, rules, AT) == kept
        again = read_rule_set(connection, kept)
    assert_frame_equal(again.tax_rules, rules.tax_rules)
    assert_frame_equal(again.plans, rules.plans)
    assert_frame_equal(again.cash_units, rules.cash_units)


def test_a_set_of_before_cash_rounding_has_no_cash_units(database: Database) -> None:
    keep = """
        insert into rule_set (content, content_sha256, recorded_at)
        values (:content, sha256(convert_to(:content, 'UTF8')), :at) returning rule_set_id
    """
    content = '{"plans": {}, "tax_rules": {}}'
    with database.transaction() as connection:
        kept = connection.execute(text(keep), {"content": content, "at": AT}).scalar_one()
        assert read_rule_set(connection, kept).cash_units.is_empty()


def test_a_row_that_ended_or_came_since_is_not_in_the_set(database: Database) -> None:
    with database.transaction() as connection:
        rules = read_rules(connection)
        kept = keep_rule_set(connection, rules, AT)
    engine = make_engine(database.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as owner:
        owner.execute(
            text("update tax_rule set valid_to = '2030-01-01' where tax_code = 'ES-IPS' and valid_to is null")
        )
        owner.execute(
            text(
                "insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, "
                "generate_roll, valid_from, source) values ('new', 'monthly', 1, 0, 'none', 'none', "
                "'2024-01-01', 'a test')"
            )
        )
    engine.dispose()
    with database.transaction() as connection:
        now, then = read_rules(connection), read_rule_set(connection, kept)
        later = keep_rule_set(connection, now, AT)
    assert later != kept
    ended = pl.col("valid_to") == date(2030, 1, 1)
    assert now.tax_rules.filter(ended).height > 0
    assert then.tax_rules.filter(ended).is_empty()
    assert (now.plans.height, then.plans.height) == (rules.plans.height + 1, rules.plans.height)
