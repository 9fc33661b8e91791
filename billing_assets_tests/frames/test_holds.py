"""Terms under a hold of the billing clock."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.holds import BILLING_HOLD, HoldClock, HoldTerms, is_of_place
from billing_assets.frames.holds import of_holds, with_holds

PLACES = ("ES", "US", "US-FL", "US-GA", "USX")
PRODUCTS = ("motor", "home")


def hold(places: tuple[str, ...] = (), products: tuple[str, ...] = ()) -> HoldTerms:
    return HoldTerms(
        clocks=(HoldClock.BILL,), place_codes=places, product_codes=products, from_date=date(2025, 1, 1)
    )


def terms() -> pl.DataFrame:
    rows = [{"place_code": place, "product_code": product} for place in PLACES for product in PRODUCTS]
    return pl.DataFrame(rows).with_columns(hold_code=pl.lit(None, pl.String))


def test_without_a_hold_the_terms_are_those_that_came() -> None:
    frame = terms()
    assert with_holds(frame, ()) is frame


def test_what_is_held_already_keeps_its_reason() -> None:
    held = terms().with_columns(hold_code=pl.lit("row_is_problem"))
    assert set(with_holds(held, [hold()])["hold_code"]) == {"row_is_problem"}


def test_a_hold_without_codes_is_of_every_term() -> None:
    assert set(with_holds(terms(), [hold()])["hold_code"]) == {BILLING_HOLD}
    assert of_holds(terms(), [hold()]).height == terms().height


@given(
    st.lists(
        st.builds(
            hold,
            st.lists(st.sampled_from(["ES", "US", "US-FL"]), max_size=2).map(tuple),
            st.lists(st.sampled_from(PRODUCTS), max_size=2).map(tuple),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_term_is_held_where_one_hold_is_of_its_place_and_product(holds: list[HoldTerms]) -> None:
    found = with_holds(terms(), holds)
    for row in found.iter_rows(named=True):
        is_held = any(
            (not each.place_codes or any(is_of_place(row["place_code"], code) for code in each.place_codes))
            and (not each.product_codes or row["product_code"] in each.product_codes)
            for each in holds
        )
        assert row["hold_code"] == (BILLING_HOLD if is_held else None)
    assert of_holds(terms(), holds).height == found["hold_code"].count()
