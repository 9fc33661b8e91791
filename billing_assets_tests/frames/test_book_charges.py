"""The charges of a row are read exactly, checked one by one and against the premium, and told in one way."""

from typing import Any

import polars as pl
import pytest

from billing_assets.domain.book_mapping import BookMapping, ChargeSource
from billing_assets.frames.book_charges import charge_checks, charge_columns, with_charge_amounts

CHARGES = (
    ChargeSource(charge_code="fire", charge_name="Fire", column="F", line_of_business="fire"),
    ChargeSource(charge_code="glass", charge_name="Glass", column="G"),
)
MAPPING = BookMapping(fields={}, charges=CHARGES)
NONE = BookMapping(fields={})


def read(fire: str, glass: str, premium_minor: int = 150_00) -> pl.DataFrame:
    row = {"charges.fire": fire, "charges.glass": glass, "currency": "EUR", "line_of_business": "home"}
    rows = pl.LazyFrame([{**row, "premium_minor": premium_minor}])
    return with_charge_amounts(rows, MAPPING).collect()


def faults(rows: pl.DataFrame) -> list[tuple[str, str]]:
    return [
        (code, field) for code, field, is_faulty in charge_checks(MAPPING) if rows.select(is_faulty).item()
    ]


@pytest.mark.parametrize(
    ("fire", "glass", "expected"),
    [
        ("120.00", "30", []),
        ("150.00", "", []),
        ("150.00", "0", []),
        ("120.00", "30.01", [("charge_sum_differs", "premium")]),
        ("120.00", "", [("charge_sum_differs", "premium")]),
        ("", "", [("charge_sum_differs", "premium")]),
        ("180.00", "-30.00", [("amount_negative", "charges.glass")]),
        ("x", "30", [("amount_not_a_number", "charges.fire"), ("charge_sum_differs", "premium")]),
        ("119.995", "30", [("amount_too_fine", "charges.fire"), ("charge_sum_differs", "premium")]),
        ("1e309", "30", [("amount_not_a_number", "charges.fire"), ("charge_sum_differs", "premium")]),
    ],
)
def test_charges_are_checked_one_by_one_and_then_their_sum(
    fire: str, glass: str, expected: list[tuple[str, str]]
) -> None:
    assert faults(read(fire, glass)) == expected


def test_a_premium_that_cannot_be_read_has_no_second_fault() -> None:
    rows = read("120.00", "30.00").with_columns(premium_minor=pl.lit(None, pl.Int64))
    assert faults(rows) == []


def test_a_line_without_amount_is_none_and_the_others_keep_their_numbers() -> None:
    told = read("", "150.00").select(charge_columns(MAPPING)).row(0, named=True)
    line: dict[str, Any] = {"charge_number": 2, "charge_code": "glass", "charge_name": "Glass"}
    assert told == {
        "charge_rows": [{**line, "line_of_business": "home", "premium_minor": 150_00}],
        "charges": "glass home 15000",
        "charge_content": "\x1fcharges\x1f2\x1fglass\x1fGlass\x1fhome\x1f15000",
    }


def test_a_code_may_be_that_of_another_charge_with_an_ending() -> None:
    """The amount that is read of ``fire`` takes the place of no cell of ``fire_minor`` or ``fire_fault``."""
    codes = ("fire", "fire_minor", "fire_fault")
    mapping = BookMapping(
        fields={},
        charges=tuple(ChargeSource(charge_code=code, charge_name=code, column=code) for code in codes),
    )
    cells = {f"charges.{code}": f"{number}.00" for number, code in enumerate(codes, start=1)}
    rows = pl.LazyFrame([{**cells, "currency": "EUR", "line_of_business": "home", "premium_minor": 6_00}])
    taken = with_charge_amounts(rows, mapping).collect()
    assert [code for code, _, is_faulty in charge_checks(mapping) if taken.select(is_faulty).item()] == []
    (told,) = taken.select(charge_columns(mapping))["charges"]
    assert told.splitlines() == ["fire home 100", "fire_minor home 200", "fire_fault home 300"]


def test_a_book_without_charges_says_nothing_of_them() -> None:
    assert list(charge_checks(NONE)) == []
    told = read("", "").select(charge_columns(NONE)).row(0, named=True)
    assert told == {"charge_rows": None, "charges": "", "charge_content": ""}
