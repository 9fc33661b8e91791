"""A table of facts tells what there was, in the order of its words."""

import pytest

from billing_assets.cli.fact_rows import fact_rows


def test_what_is_none_is_not_told_and_the_order_is_that_of_the_words() -> None:
    words = {"b_count": "bees", "a_count": "ants", "c_count": "cows"}
    facts = {"a_count": 12345, "b_count": 1, "c_count": 0, "seconds": 7}
    assert fact_rows(words, facts) == [["bees", "1"], ["ants", "12,345"]]


def test_a_fact_that_no_step_gave_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        fact_rows({"b_count": "bees"}, {})
