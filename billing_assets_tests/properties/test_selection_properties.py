"""However a book is divided into selections: together they bill each charge once, to the cent of one run."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import broken
from billing_assets_tests.properties.strategies import FEW
from billing_assets_tests.selected import GROUPS, PLACES, PLANS, PRODUCTS, billed_lines, fill_mixed_book
from billing_assets_tests.steps.test_selected_runs import bill, differing

JANUARY = date(2025, 1, 2)


def some(codes: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Return lists of codes, the empty one too."""
    return st.sets(st.sampled_from([code for code in codes if code])).map(lambda found: tuple(sorted(found)))


SELECTIONS = st.lists(
    st.builds(
        Selection,
        product_codes=some(PRODUCTS),
        place_codes=some(tuple(place for place, _ in PLACES)),
        plan_codes=some(PLANS),
        payer_groups=some(GROUPS),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.long
@settings(FEW, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(selections=SELECTIONS)
def test_selections_in_any_order_and_the_rest_bill_what_one_run_bills(
    fresh_database: Callable[[], Database], tmp_path: Path, selections: list[Selection]
) -> None:
    with ExitStack() as stack:
        one, parts = (billing_over(fresh_database(), tmp_path, stack) for _ in range(2))
        for billing in (one, parts):
            fill_mixed_book(billing.database, tmp_path)
        due_count = bill(one, JANUARY)
        counts = [bill(parts, JANUARY, each) for each in (*selections, EVERYTHING)]
        assert sum(counts) == due_count
        assert billed_lines(parts) == billed_lines(one)
        assert broken(parts) == {}
        assert differing(parts, JANUARY, JANUARY) == 0
