"""A column of amounts is read as `domain.money` reads one amount."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.money import parse_minor
from billing_assets.frames.amounts import with_amounts


def amounts(
    texts: list[str], currency: str, mark: str = ".", thousands: str = ""
) -> list[tuple[int | None, str | None]]:
    rows = pl.LazyFrame(
        {"text": texts, "currency": [currency] * len(texts)}, schema_overrides={"text": pl.String}
    )
    frame = with_amounts(rows, "text", "currency", mark, "premium", thousands=thousands).collect()
    assert frame.columns == ["text", "currency", "premium_fault", "premium_minor"]
    return frame.select("premium_minor", "premium_fault").rows()


def one_by_one(text: str, currency: str, mark: str, thousands: str) -> tuple[int | None, str | None]:
    try:
        return parse_minor(text, currency, mark, thousands), None
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize(
    ("text", "currency", "minor", "fault"),
    [
        ("902.0", "EUR", 90200, None),
        ("0", "EUR", 0, None),
        ("-0.00", "EUR", 0, None),
        ("-12.5", "EUR", -1250, None),
        (" 1234.56\u00a0", "EUR", 123456, None),
        ("1 234.56", "EUR", None, "amount_not_a_number"),
        ("12 34", "EUR", None, "amount_not_a_number"),
        ("1050", "JPY", 1050, None),
        ("10.50", "JPY", None, "amount_too_fine"),
        ("10.00", "JPY", 10, None),
        ("0.005", "KWD", 5, None),
        ("1.005", "EUR", None, "amount_too_fine"),
        ("", "EUR", None, "amount_empty"),
        ("NaN", "EUR", None, "amount_not_a_number"),
        ("1e309", "EUR", None, "amount_not_a_number"),
        ("1.234,56", "EUR", None, "amount_not_a_number"),
        ("10000000000000.00", "EUR", 10**15, None),
        ("10000000000000.01", "EUR", None, "amount_out_of_range"),
        ("9" * 40, "EUR", None, "amount_out_of_range"),
        ("0" * 30 + "1", "EUR", 100, None),
        ("1.0", "XXX", None, None),
    ],
)
def test_an_amount_is_exact_or_has_a_reason(
    text: str, currency: str, minor: int | None, fault: str | None
) -> None:
    assert amounts([text], currency) == [(minor, fault)]


def test_a_decimal_comma_leaves_the_point_a_fault() -> None:
    assert amounts(["12,5", "12.5"], "EUR", ",") == [(1250, None), (None, "amount_not_a_number")]


GROUPED = {"": ".,", ",": ".", ".": ",", " ": ".,", "\u00a0": ".,", "\u202f": ".,", "'": ".,", "\u2019": ".,"}
STYLES = [(mark, thousands) for thousands, marks in GROUPED.items() for mark in marks]


@given(
    texts=st.lists(
        st.text(alphabet=st.sampled_from("0123456789.,- _'\u2019\u00a0\u202f\t\x1c\x85e+"), max_size=45)
        | st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,5})?", fullmatch=True)
        | st.from_regex(r"\s?-?[0-9]{1,3}([., '\u00a0][0-9]{3}){0,4}([.,][0-9]{1,3})?\s?", fullmatch=True),
        min_size=1,
        max_size=20,
    ),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    style=st.sampled_from(STYLES),
)
def test_the_column_agrees_with_the_single_amount(
    texts: list[str], currency: str, style: tuple[str, str]
) -> None:
    assert amounts(texts, currency, *style) == [one_by_one(text, currency, *style) for text in texts]


@given(minor=st.integers(-(10**15), 10**15), style=st.sampled_from([style for style in STYLES if style[1]]))
def test_an_amount_that_is_written_in_groups_is_read_back(minor: int, style: tuple[str, str]) -> None:
    mark, thousands = style
    whole, cents = divmod(abs(minor), 100)
    marks = str.maketrans({",": thousands, ".": mark})
    text = f"{'-' if minor < 0 else ''}{whole:,}.{cents:02}".translate(marks)
    assert amounts([text], "EUR", *style) == [(minor, None)]
