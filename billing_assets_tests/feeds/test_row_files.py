"""Rows of files come in as they are written, or are refused with where and why; requests and events alike."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.row_files import read_rows


def refuse(place: str, found: str) -> BillingError:
    return BillingError("rows_invalid", f"{place}: {found}", "mend it")


def make(row: object, place: str) -> dict[str, object]:
    if not isinstance(row, dict):
        raise refuse(place, str(row))
    return row


def read(
    content: str, *, is_json: bool = False, has_every_field: bool = False
) -> tuple[dict[str, object], ...]:
    raw = content.encode()
    return read_rows(
        "r", raw, make, is_json=lambda _: is_json, refuse=refuse, has_every_field=has_every_field
    )


def refused(content: str, *, is_json: bool = False, has_every_field: bool = False) -> str:
    with pytest.raises(BillingError) as caught:
        read(content, is_json=is_json, has_every_field=has_every_field)
    return caught.value.found


def test_the_last_fields_of_a_row_may_be_left_out_unless_all_are_wanted() -> None:
    assert read("a,b\n1\n") == ({"a": "1", "b": None},)
    assert refused("a,b\n1\n", has_every_field=True) == "r: row 1: it has fewer fields than the header"
    assert refused("a\n1,2\n", has_every_field=True) == "r: row 1: it has more fields than the header"


def test_a_column_that_the_header_has_twice_is_refused() -> None:
    """Of two policy numbers the last one would be billed, and nobody would be told."""
    assert "'a' twice" in refused("a,a\n1,2\n")


def test_numbers_of_json_are_taken_as_they_are_written() -> None:
    assert read('{"a": 1.10, "b": 0, "c": 12345678901234567890}', is_json=True) == (
        {"a": "1.10", "b": "0", "c": "12345678901234567890"},
    )


def test_only_the_end_of_a_line_ends_a_row_of_json() -> None:
    assert read('{"a": "x\u2028y"}\r\n{"a": "z"}\n', is_json=True) == ({"a": "x\u2028y"}, {"a": "z"})


def test_what_is_nested_deeper_than_can_be_read_is_one_bad_row() -> None:
    deep = "[" * 100_000
    assert refused(f"{deep}\n", is_json=True) == "r: row 1: it is no JSON"
