"""A wrong value is told in the program's own words, with the value that was given."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from billing_assets.wiring.value_faults import fault_words


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "abc", "'abc' is not a whole number"),
        (int, "1.5", "'1.5' is not a whole number"),
        (Annotated[int, Field(ge=5)], "4", "'4' is less than 5"),
        (Annotated[int, Field(le=5)], "6", "'6' is more than 5"),
        (date, "2024-02-30", "'2024-02-30' is not a date; write it as 2025-01-31"),
        (Literal["today", "never"], "now", "'now' is not one of 'today' or 'never'"),
        (bool, "perhaps", "'perhaps': input should be a valid boolean, unable to interpret input"),
    ],
)
def test_the_value_is_named_with_what_is_wrong(kind: Any, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    (fault,) = caught.value.errors()
    assert fault_words(fault) == words


def test_words_of_our_own_stay() -> None:
    assert fault_words({"type": "value_error", "input": "x", "msg": "Value error, not one"}) == "not one"
