"""Parquet comes in as the text that the mapping reads back, or is refused whole with a reason."""

import json
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from io import BytesIO
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.book_mapping import BookFormat, BookMapping, FieldSource, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.parquet_rows import parquet_rows


def mapping(form: BookFormat | None = None, **columns: str) -> BookMapping:
    named = {"policy_number": "no", "premium": "premium", **columns}
    fields = {name: FieldSource(columns=(column,)) for name, column in named.items()}
    return BookMapping(fields=fields, format=form or BookFormat())


def read(frame: pl.DataFrame, form: BookFormat | None = None, **columns: str) -> pl.DataFrame:
    file = BytesIO()
    frame.write_parquet(file)
    return parquet_rows(file.getvalue(), mapping(form, **columns), "book.parquet")


def test_typed_columns_become_the_text_that_the_formats_read() -> None:
    file = pl.DataFrame(
        {
            "no": [7, 8],
            "premium": pl.Series([Decimal("902.50"), None], dtype=pl.Decimal(10, 2)),
            "start": [date(2024, 2, 29), date(2024, 3, 1)],
            "end": [datetime.fromisoformat("2025-02-28"), datetime.fromisoformat("2025-03-01T12:30")],
        }
    )
    form = BookFormat(decimal_mark=",", date_formats=("%d/%m/%Y",))
    frame = read(file, form, effective_date="start", expiration_date="end")
    assert frame[cell_name("premium")].to_list() == ["902,50", ""]
    assert frame[cell_name("no")].to_list() == ["7", "8"]
    assert frame[cell_name("start")].to_list() == ["29/02/2024", "01/03/2024"]
    assert frame[cell_name("end")][0] == "28/02/2025"
    assert "12:30" in frame[cell_name("end")][1]
    assert frame["row_number"].to_list() == [1, 2]
    assert '"no":7' in frame["original_row"][0]


@pytest.mark.parametrize(
    ("instant", "zone", "text"),
    [
        ("2025-01-01T00:00", "Europe/Madrid", "2025-01-01"),
        ("2025-01-01T00:00", "America/New_York", "2025-01-01"),
        ("2025-01-01T00:00", "UTC", "2025-01-01"),
        ("2024-12-31T19:00", "America/New_York", "2024-12-31 19:00:00.000000"),
        ("2024-12-31T23:00", "UTC", "2024-12-31 23:00:00.000000"),
    ],
)
@pytest.mark.parametrize("unit", ["ms", "us"])
def test_an_instant_is_the_day_that_a_clock_of_its_zone_shows(
    instant: str, zone: str, text: str, unit: Literal["ms", "us"]
) -> None:
    start = pl.Series([datetime.fromisoformat(instant)]).dt.replace_time_zone(zone).dt.cast_time_unit(unit)
    file = pl.DataFrame({"no": ["P1"], "premium": ["1"], "start": start})
    read_back = read(file, effective_date="start")[cell_name("start")][0]
    assert read_back == text.removesuffix("000" if unit == "ms" else "")


def test_a_nanosecond_after_midnight_is_a_time_of_day() -> None:
    start = pl.Series([0, 1], dtype=pl.Int64).cast(pl.Datetime("ns"))
    file = pl.DataFrame({"no": ["P1"] * 2, "premium": ["1"] * 2, "start": start})
    days = read(file, effective_date="start")[cell_name("start")]
    assert days.to_list() == ["1970-01-01", "1970-01-01 00:00:00.000000001"]


UNMAPPED: dict[str, tuple[pl.Series, object]] = {
    "bytes": (pl.Series([b"\xff\x00"]), "ff00"),
    "time": (pl.Series([1], dtype=pl.Int64).cast(pl.Time), 1),
    "duration": (pl.Series([timedelta(days=1)]), 86_400_000_000),
    "day without a calendar": (pl.Series([2**31 - 1], dtype=pl.Int32).cast(pl.Date), "2147483647"),
    "instant without a calendar": (
        pl.Series([-(2**63) + 1], dtype=pl.Int64).cast(pl.Datetime("us", "Asia/Tokyo")),
        str(-(2**63) + 1),
    ),
    "no number": (pl.Series([float("nan")]), "NaN"),
    "fraction": (pl.Series([1.1]), "1.1"),
    "large number": (pl.Series([2**100], dtype=pl.Int128), 2**100),
    "decimal": (pl.Series([Decimal("1.50")], dtype=pl.Decimal(10, 2)), "1.50"),
    "category": (pl.Series(["a"], dtype=pl.Categorical), "a"),
    "nothing": (pl.Series([None]), None),
    "list": (pl.Series([[1, 2]]), [1, 2]),
    "struct": (pl.Series([{"a": "x", "b": [1]}]), {"a": "x", "b": [1]}),
    "array": (pl.Series([["x"]], dtype=pl.Array(pl.String, 1)), ["x"]),
}


@pytest.mark.parametrize(("cell", "shown"), UNMAPPED.values(), ids=UNMAPPED)
def test_a_column_of_any_type_may_stand_beside_the_mapped_ones(cell: pl.Series, shown: object) -> None:
    frame = read(pl.DataFrame({"no": ["P1"], "premium": ["1"], "x": cell}))
    assert json.loads(frame["original_row"][0]) == {"no": "P1", "premium": "1", "x": shown}


@pytest.mark.parametrize("cell", [[[b"x"]], [{"a": [b"x"]}], [[date(2024, 1, 1)]]])
def test_a_nested_column_that_json_cannot_show_is_left_out(cell: list[object]) -> None:
    frame = read(pl.DataFrame({"no": ["P1"], "premium": ["1"], "x": cell}))
    assert json.loads(frame["original_row"][0]) == {"no": "P1", "premium": "1"}


@pytest.mark.parametrize(
    "cell", [b"x", [1], {"a": 1}, timedelta(days=1), clock_time(1)], ids=lambda cell: type(cell).__name__
)
def test_a_mapped_column_holds_plain_values(cell: object) -> None:
    with pytest.raises(BillingError, match="column_not_flat"):
        read(pl.DataFrame({"no": [cell], "premium": ["1"]}))


@pytest.mark.parametrize("kind", [pl.Float32, pl.Float64])
@pytest.mark.parametrize("field", ["policy_number", "payer_key", "plan_code", "payer_address_line_1"])
def test_a_binary_fraction_is_no_key_and_no_text(field: str, kind: type[pl.DataType]) -> None:
    """2.0 would become another key than 2, and long numbers lose their last digits."""
    file = pl.DataFrame({"no": ["P1"], "premium": ["1"], "x": pl.Series([2.0], dtype=kind)})
    with pytest.raises(BillingError, match="column_is_float"):
        read(file, None, **{field: "x"})


def test_a_mapped_day_without_a_calendar_is_a_text_that_is_no_date() -> None:
    start = pl.Series([0, 2**31 - 1, None], dtype=pl.Int32).cast(pl.Date)
    file = pl.DataFrame({"no": ["P1"] * 3, "premium": ["1"] * 3, "start": start})
    assert read(file, effective_date="start")[cell_name("start")].to_list() == [
        "1970-01-01",
        "2147483647",
        "",
    ]


@pytest.mark.parametrize("length", [4, 40, 400, -1])
def test_a_file_cut_short_is_no_parquet(length: int) -> None:
    file = BytesIO()
    pl.DataFrame({"no": ["P1"] * 50, "premium": ["1"] * 50}).write_parquet(file)
    with pytest.raises(BillingError, match="file_not_parquet"):
        parquet_rows(file.getvalue()[:length], mapping(), "book.parquet")


@pytest.mark.parametrize(
    ("premium", "code"), [([1.5], "amount_is_float"), ([[1]], "column_not_flat")], ids=["float", "list"]
)
def test_a_premium_is_never_a_float_nor_a_list(premium: list[object], code: str) -> None:
    with pytest.raises(BillingError, match=code):
        read(pl.DataFrame({"no": ["P1"], "premium": premium}))


WHOLE = BytesIO()
pl.DataFrame({"no": ["P1", "P2"], "premium": ["1", None]}).write_parquet(WHOLE)
SIZE = len(WHOLE.getvalue())


@given(st.dictionaries(st.integers(4, SIZE - 1), st.integers(0, 255), max_size=6))
def test_a_damaged_file_is_refused_or_read(damage: dict[int, int]) -> None:
    content = bytearray(WHOLE.getvalue())
    for place, byte in damage.items():
        content[place] = byte
    try:
        frame = parquet_rows(bytes(content), mapping(), "book.parquet")
    except BillingError:
        return
    assert frame["row_number"].to_list() == list(range(1, frame.height + 1))
