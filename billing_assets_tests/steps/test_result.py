"""A stopwatch adds up parts, also of work that failed."""

import pytest

from billing_assets.steps.result import StepResult, Stopwatch


def test_parts_add_up_and_keep_their_order() -> None:
    watch = Stopwatch()
    watch.add({"read": 1.0, "write": 2.0})
    watch.add({"write": 0.5})
    assert watch.seconds == {"read": 1.0, "write": 2.5}
    assert list(watch.seconds) == ["read", "write"]


def test_a_part_that_fails_is_timed_too() -> None:
    watch = Stopwatch()
    with pytest.raises(ZeroDivisionError), watch("read"):
        raise ZeroDivisionError
    assert watch.seconds["read"] >= 0


def test_results_do_not_share_their_seconds() -> None:
    first, second = StepResult(step="a", facts={}), StepResult(step="b", facts={})
    assert first.seconds == second.seconds == {}
    assert first.seconds is not second.seconds
