"""The further payers of a row are read exactly, checked, and told in one way."""

import polars as pl
import pytest

from billing_assets.domain.book_mapping import (
    PAYER_FIELDS,
    SHARE,
    BookFormat,
    BookMapping,
    FieldSource,
    PayerSource,
)
from billing_assets.frames.book_payers import (
    further_payers,
    payer_checks,
    payer_columns,
    share_words,
    with_further_payers,
)
from billing_assets.frames.payer_fields import payer_values

PAYERS = tuple(PayerSource(number=number, fields={}) for number in (1, 2))
MAPPING = BookMapping(fields={}, payers=PAYERS, format=BookFormat(decimal_mark=","))
NONE = BookMapping(fields={})


def read(first: str, second: str, **changes: str) -> pl.DataFrame:
    row = {"place_code": "ES", "row_number": 7, "status": "accepted"}
    for prefix, key in (("", "ANN"), ("payers.1.", "BANK"), ("payers.2.", "SON")):
        row |= {f"{prefix}{name}": "" for name in PAYER_FIELDS}
        row |= {f"{prefix}payer_key": key, f"{prefix}payer_name": key}
    row |= {"payers.1.share": first, "payers.2.share": second, **changes}
    rows = pl.LazyFrame([row]).with_columns(**payer_values())
    return with_further_payers(rows, MAPPING).collect()


def faults(rows: pl.DataFrame) -> list[tuple[str, str]]:
    return [
        (code, field) for code, field, is_faulty in payer_checks(MAPPING) if rows.select(is_faulty).item()
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("40", "59,9999", []),
        ("", "0,0001", []),
        ("", "", []),
        ("0", "00,000", []),
        ("40 %", "", []),
        ("40", "60", ["payers.2.share"]),
        ("100", "", ["payers.1.share"]),
        ("-0,5", "", ["payers.1.share"]),
        ("40.5", "", ["payers.1.share"]),
        ("33,33333", "", ["payers.1.share"]),
        ("1e1", "", ["payers.1.share"]),
        ("9" * 50, "x", ["payers.1.share", "payers.2.share"]),
    ],
)
def test_shares_are_read_exactly_and_leave_something_to_the_payer_of_the_row(
    first: str, second: str, expected: list[str]
) -> None:
    assert faults(read(first, second)) == [("payer_shares_invalid", field) for field in expected]


@pytest.mark.parametrize("key", ["ANN", "BANK"])
def test_a_payer_stands_once_in_a_row(key: str) -> None:
    rows = read("10", "10", **{"payers.2.payer_key": key})
    assert faults(rows) == [("payer_doubled", "payers.2.payer_key")]
    assert faults(read("10", "", **{"payers.2.payer_key": key})) == []


def test_a_payer_without_a_share_may_lack_everything() -> None:
    empty = {"payers.1.payer_key": "", "payers.1.payer_name": "", "payers.1.payer_language": "?"}
    assert faults(read("", "10", **empty)) == []
    assert faults(read("5", "10", **empty)) == [
        ("payer_key_empty", "payers.1.payer_key"),
        ("payer_name_empty", "payers.1.payer_name"),
        ("language_unknown", "payers.1.payer_language"),
    ]


def test_payers_are_numbered_without_those_who_have_no_share() -> None:
    rows = read("", "33,3333").with_columns(payer_columns(MAPPING))
    assert rows["payers"].item() == "666667 ANN\n333333 SON"
    assert rows["share_content"].item() == "\x1fpayers\x1f1\x1fANN\x1f666667\x1f2\x1fSON\x1f333333"
    further = further_payers(rows)
    assert further.select("payer_number", "payer_key", "share_ppm", "field_name").rows() == [
        (2, "SON", 333_333, "payers.2.payer_email")
    ]
    assert further["payer_sha256"].str.len_chars().to_list() == [64]


@pytest.mark.parametrize("mapping", [MAPPING, NONE])
def test_a_row_of_one_payer_says_nothing_of_shares(mapping: BookMapping) -> None:
    told = read("", "0").with_columns(payer_columns(mapping))
    assert told.select("payer_rows", "payers", "share_content").row(0) == (None, "", "")
    assert further_payers(told).is_empty()


def test_a_book_without_further_payers_is_not_checked_for_them() -> None:
    assert list(payer_checks(NONE)) == []


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("40", "65,5", "the further payers bear 105.5 % together"),
        ("-0,5", "", "below zero"),
        ("40.5", "", "no number: the mapping has the decimal mark ',"),
        ("x", "", "no number"),
        ("33,33333", "", "more than four decimals"),
    ],
)
def test_it_is_told_what_is_wrong_with_a_share(first: str, second: str, why: str) -> None:
    fields = [{SHARE: FieldSource(columns=(name,))} for name in ("one", "two")]
    payers = tuple(PayerSource(number=number, fields=each) for number, each in enumerate(fields, start=1))
    mapping = BookMapping(fields={}, payers=payers, format=BookFormat(decimal_mark=","))
    row = {"row_number": 1, "original_row": "", "row_fault": None, "cell:one": first, "cell:two": second}
    words = share_words(pl.DataFrame([row], schema_overrides={"row_fault": pl.String}), mapping)
    assert words["field_name"].to_list() == ["payers.1.share", "payers.2.share"]
    assert words["why"][0].startswith(why)
