"""CSV text is cut into records without losing, padding or swallowing a row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.book_mapping import BookFormat
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.records import cut_records, fields_of


def cut(text: str, form: BookFormat | None = None) -> list[tuple[str, str | None]]:
    rows = cut_records(text.encode(), form or BookFormat(), "book.csv").rows
    return rows.select("original_row", "row_fault").rows()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_of_another_width_are_faulty_and_the_others_are_not(end: str) -> None:
    text = end.join(["a,b", "1,2", "3", "4,5,6", "7,8", ""])
    assert cut(text) == [("1,2", None), ("3", "row_shape"), ("4,5,6", "row_shape"), ("7,8", None)]


def test_empty_lines_are_no_rows() -> None:
    assert cut("\na,b\n\n1,2\n\n\n") == [("1,2", None)]


def test_a_lone_cr_ends_a_line_only_where_no_lf_stands_in_the_file() -> None:
    assert cut('a,b\r1,"x\ry"\r2,3\r') == [('1,"x\ny"', None), ("2,3", None)]
    assert cut("a,b\n1,x\ry\n2,3\n") == [("1,x\ry", None), ("2,3", None)]


def test_the_last_row_needs_no_line_end() -> None:
    assert cut("a,b\n1,2") == [("1,2", None)]


def test_quoted_delimiters_quotes_and_line_breaks_are_text() -> None:
    rows = ['1,"x, y"', '2,"say ""hi"""', '3,"two\n\nlines"', '4,""']
    assert cut("a,b\n" + "\n".join(rows) + "\n") == [(row, None) for row in rows]


def test_an_unclosed_quote_costs_its_own_row_only() -> None:
    text = 'a,b\n1,"x"\n2,"open\n3,4\n5,"y\nz"\n6,7\n'
    assert cut(text) == [
        ('1,"x"', None),
        ('2,"open', "row_shape"),
        ("3,4", None),
        ('5,"y\nz"', None),
        ("6,7", None),
    ]


def test_a_quote_within_a_word_is_broken_quoting() -> None:
    assert cut('a,b\n1,5" pipe\n2,3\n') == [('1,5" pipe', "row_shape"), ("2,3", None)]


def test_a_control_character_beside_a_quoted_field_is_text() -> None:
    assert cut('a,b\n"x,y",A\x01B\n') == [('"x,y",A\x01B', None)]


def test_without_a_quote_character_quotes_are_text() -> None:
    assert cut('a,b\n1,5" pipe\n', BookFormat(quote="")) == [('1,5" pipe', None)]


@pytest.mark.parametrize("text", ['a,b\n1,2\n3,"open\nmore\n', "a,b,c\n1,2,3\n4,5"], ids=["quote", "row"])
def test_a_file_cut_short_is_refused(text: str) -> None:
    with pytest.raises(BillingError, match="file_truncated"):
        cut(text)


CELL = st.text(alphabet=st.sampled_from('ab,;"\n é'), max_size=6)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8))
def test_whatever_the_standard_library_writes_comes_back_whole(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["x", "y", "z"], *rows])
    records = cut(text.getvalue())
    assert [fault for _row, fault in records] == [None] * len(rows)
    assert [fields_of(row, BookFormat()) for row, _fault in records] == rows


@pytest.mark.parametrize("delimiter", [";", "|", "\t", " ", "^", "-"])
def test_any_character_may_divide_fields(delimiter: str) -> None:
    form = BookFormat(delimiter=delimiter)
    text = f'a{delimiter}"b{delimiter}b"{delimiter}c'
    assert cut(text + "\n" + text + "\n", form) == [(text, None)]
    assert fields_of(text, form) == ["a", f"b{delimiter}b", "c"]


def test_fields_hold_line_breaks_and_any_length() -> None:
    long = "x" * 200_000
    assert fields_of(f'1,"a\n{long}",A\rB', BookFormat()) == ["1", f"a\n{long}", "A\rB"]


LINE = st.text(alphabet=st.sampled_from('a,"'), min_size=1, max_size=8)


@given(st.lists(LINE, max_size=12))
def test_of_any_text_every_line_is_in_exactly_one_row(lines: list[str]) -> None:
    try:
        records = cut("\n".join(["x,y", *lines, "1,2", ""]))
    except BillingError as error:
        assert error.code == "file_truncated"  # noqa: PT017 - both ends are right
        return
    assert "\n".join(row for row, _fault in records) == "\n".join([*lines, "1,2"])
