"""Rows of holds: set once, lifted once, and of the same terms as the formulas say."""

from datetime import UTC, date, datetime
from itertools import product

import polars as pl
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import HoldClock, HoldTerms
from billing_assets.frames.holds import of_holds
from billing_assets.store.audit_log import AuditFilter, list_acts
from billing_assets.store.connection import Database
from billing_assets.store.holds import add_hold, holds_on, lift_hold, read_holds
from billing_assets_tests.books import fill_book

AT = datetime(2024, 2, 1, 9, tzinfo=UTC)
FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
STORM = HoldTerms(
    clocks=(HoldClock.BILL,), place_codes=("ES",), from_date=FEBRUARY, until_date=date(2024, 2, 29)
)


@pytest.fixture(autouse=True)
def company(database: Database) -> None:
    fill_book(database, 2)


def add(connection: Connection, terms: HoldTerms = STORM) -> int:
    return add_hold(connection, 1, terms, reason="after the storm", by="ana", at=AT)


def test_a_hold_is_read_as_it_was_set(database: Database) -> None:
    with database.transaction() as connection:
        hold_id = add(connection)
        [hold] = read_holds(connection, 1)
    assert (hold.hold_id, hold.terms, hold.reason, hold.set_by, hold.set_at) == (
        hold_id,
        STORM,
        "after the storm",
        "ana",
        AT,
    )


def test_it_is_lifted_once_and_stays_in_the_list(database: Database) -> None:
    with database.transaction() as connection:
        hold_id = add(connection)
        lift_hold(connection, 1, hold_id, reason="over", by="bea", at=AT)
        assert read_holds(connection, 1) == []
        assert [each.lifted_by for each in read_holds(connection, 1, standing=False)] == ["bea"]
        with pytest.raises(BillingError, match="no hold 1 that stands"):
            lift_hold(connection, 1, hold_id, reason="over", by="bea", at=AT)
        with pytest.raises(BillingError, match="no hold 1 that stands"):
            lift_hold(connection, 2, hold_id, reason="over", by="bea", at=AT)


def test_only_what_stops_the_clock_on_a_day_counts(database: Database) -> None:
    with database.transaction() as connection:
        hold_id = add(connection)
        assert [each.hold_id for each in holds_on(connection, 1, HoldClock.BILL, [FEBRUARY])] == [hold_id]
        assert holds_on(connection, 1, HoldClock.SEND, [FEBRUARY]) == ()
        assert holds_on(connection, 1, HoldClock.BILL, [MARCH]) == ()
        assert holds_on(connection, 2, HoldClock.BILL, [FEBRUARY]) == ()


def test_a_product_that_no_policy_has_is_refused_and_nothing_is_kept(database: Database) -> None:
    terms = HoldTerms(clocks=(HoldClock.BILL,), product_codes=("motor_car", "boat"), from_date=FEBRUARY)
    with database.transaction() as connection:
        with pytest.raises(BillingError, match="no policy of the book has the product 'boat'"):
            add(connection, terms)
        assert read_holds(connection, 1) == []


def test_both_acts_stand_in_the_audit_log(database: Database) -> None:
    with database.transaction() as connection:
        hold_id = add(connection)
        lift_hold(connection, 1, hold_id, reason="over", by="bea", at=AT)
        lifted, held = list_acts(connection, 1, AuditFilter())[:2]
    assert (held.act, held.subject_kind, held.subject_id) == ("set_hold", "hold", "1")
    assert held.reason == "after the storm"
    assert (held.after or {})["place_codes"] == "ES"
    assert (lifted.act, lifted.signed_by, lifted.reason) == ("lift_hold", "bea", "over")


@pytest.mark.parametrize(
    "values",
    [
        "array['coffee'], '{}', '{}', date '2024-02-01', null, 'r', 'ana'",
        "'{}', '{}', '{}', date '2024-02-01', null, 'r', 'ana'",
        "array['bill'], array[null], '{}', date '2024-02-01', null, 'r', 'ana'",
        "array['bill'], '{}', '{}', date '2024-02-01', date '2024-01-31', 'r', 'ana'",
        "array['bill'], '{}', '{}', date '2024-02-01', null, '', 'ana'",
        "array['bill'], '{}', '{}', date '2024-02-01', null, 'r', ''",
    ],
)
def test_the_store_itself_refuses_what_is_no_hold(database: Database, values: str) -> None:
    statement = f"""insert into clock_hold (company_id, clocks, place_codes, product_codes, from_date,
        until_date, reason, set_by, set_at) values (1, {values}, now())"""
    with pytest.raises(IntegrityError, match="clock_hold"), database.transaction() as connection:
        connection.execute(text(statement))


def test_the_store_and_the_formulas_hold_the_same_terms(database: Database) -> None:
    places, products = ("ES", "US", "US-FL", "USX"), ("motor", "home")
    terms = pl.DataFrame(
        [{"place_code": place, "product_code": line} for place in places for line in products]
    )
    query = text("""
        select place_code, product_code from unnest(cast(:places as text[])) as p (place_code)
        cross join unnest(cast(:products as text[])) as q (product_code)
        where is_held_by(row(0, 1, array['bill'], cast(:held_places as text[]),
            cast(:held_products as text[]), date '2024-01-01', null, 'r', 'ana', now(), null, '',
            '')::clock_hold, place_code, product_code)
    """)
    held_places = ((), ("US",), ("US-FL", "ES"))
    held_products = ((), ("home",))
    with database.transaction() as connection:
        for chosen, lines in product(held_places, held_products):
            values = {
                "places": list(places),
                "products": list(products),
                "held_places": list(chosen),
                "held_products": list(lines),
            }
            found = {tuple(row) for row in connection.execute(query, values)}
            hold = HoldTerms(
                clocks=(HoldClock.BILL,), place_codes=chosen, product_codes=lines, from_date=FEBRUARY
            )
            assert found == set(of_holds(terms, [hold]).iter_rows())
