"""Of so many attempts the last one is the last, for whoever counts them."""

from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.attempts import is_last_attempt


@given(st.integers(1, 50))
def test_of_as_many_attempts_as_there_may_be_only_the_last_is_the_last(max_attempts: int) -> None:
    assert [is_last_attempt(failed, max_attempts) for failed in range(max_attempts)] == [
        *[False] * (max_attempts - 1),
        True,
    ]
