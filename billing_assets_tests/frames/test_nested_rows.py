"""Lists of parts and their texts: what a row has not is left out, and a row without parts says nothing."""

import polars as pl

from billing_assets.frames.nested_rows import content_of, listed, listed_texts, rows_of

NAMES = ("a", "b")
PARTS = [pl.struct(n=pl.lit(number), amount=pl.col(name)) for number, name in enumerate(NAMES, start=1)]
IS_THERE = [pl.col(name) > 0 for name in NAMES]
ROWS = pl.DataFrame({"no": [7, 8, 9], "a": [10, 0, 0], "b": [20, 30, 0]})


def test_a_list_has_the_parts_that_the_row_has_in_their_order() -> None:
    found = ROWS.select("no", parts=listed(PARTS, IS_THERE))
    assert rows_of(found, "parts", "no").rows() == [(7, 1, 10), (7, 2, 20), (8, 2, 30)]
    assert found["parts"].list.len().to_list() == [2, 1, 0]


def test_texts_go_by_the_fields_that_are_named() -> None:
    texts = listed_texts(PARTS, IS_THERE, ("amount", "n"), " ").list.join(";")
    assert ROWS.select(texts).to_series().to_list() == ["10 1;20 2", "30 2", ""]


def test_what_is_hashed_begins_with_its_word_and_is_empty_without_parts() -> None:
    found = ROWS.select(content_of("parts", PARTS, IS_THERE, ("n", "amount"))).to_series().to_list()
    assert found == ["\x1fparts\x1f1\x1f10\x1f2\x1f20", "\x1fparts\x1f2\x1f30", ""]


def test_a_row_without_a_list_has_no_rows() -> None:
    assert rows_of(pl.DataFrame({"no": [1, 2], "parts": [None, [{"n": 5}]]}), "parts", "no").rows() == [
        (2, 5)
    ]
