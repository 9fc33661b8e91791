"""Rows that go in as binary are the rows that go in as CSV, and what has no binary form goes as CSV.

A frame of few rows goes in as CSV, so that CSV is the measure of the binary rows here.
"""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection as Driver
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from billing_assets.store.binary_rows import BinaryColumn, binary_blocks, binary_columns
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in
from billing_assets_tests.properties.strategies import STEADY

INSTANT = pl.Datetime("us", "UTC")
# Column, type in the store, its number there, type in the frame, values.
KINDS: tuple[tuple[str, str, int, Any, st.SearchStrategy[Any]], ...] = (
    ("small", "smallint", 21, pl.Int64, st.integers(-(2**15), 2**15 - 1)),
    ("middle", "integer", 23, pl.Int32, st.integers(-(2**31), 2**31 - 1)),
    ("large", "bigint", 20, pl.Int64, st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)),
    ("unsigned", "bigint", 20, pl.UInt32, st.integers(0, 2**32 - 1)),
    ("day", "date", 1082, pl.Date, st.dates()),
    ("instant", "timestamptz", 1184, INSTANT, st.datetimes(timezones=st.just(UTC))),
    ("said", "text", 25, pl.String, st.sampled_from(["", "a", "ñ", "日本語", "\\N", "NULL", 'a,"b"\r\n'])),
    ("code", "char(3)", 1042, pl.String, st.sampled_from(["EUR", "US", "ñan"])),
    ("word", "varchar(9)", 1043, pl.String, st.just("the same")),
    ("is_open", "boolean", 16, pl.Boolean, st.booleans()),
    ("content_sha256", "bytea", 17, pl.String, st.binary(min_size=32, max_size=32).map(bytes.hex)),
    ("short_sha256", "bytea", 17, pl.String, st.sampled_from(["", "00ff", "ABcd01"])),
)
TYPES = {name: number for name, _, number, _, _ in KINDS}
SCHEMA: dict[str, Any] = {name: dtype for name, _, _, dtype, _ in KINDS}
DEFINITION = ", ".join(f"{name} {kind}" for name, kind, _, _, _ in KINDS)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Draw some of the columns, of which any may have nulls, nothing but nulls, or none."""
    names = draw(st.lists(st.sampled_from(list(TYPES)), min_size=1, unique=True))
    height = draw(st.integers(1, 12))
    columns = {}
    for name, _, _, dtype, values in KINDS:
        if name in names:
            some = draw(st.sampled_from([values, st.none() | values, st.none()]))
            drawn = draw(st.lists(some, min_size=height, max_size=height))
            columns[name] = pl.Series(name, drawn, dtype=dtype)
    return pl.DataFrame(columns)


def with_table(connection: Connection, columns: str, table: str = "sheet") -> None:
    connection.execute(text(f'create temporary table "{table}" ({columns}) on commit drop'))


def known_columns(frame: pl.DataFrame) -> tuple[BinaryColumn, ...]:
    columns = binary_columns(frame, TYPES)
    assert columns is not None
    return columns


def write_binary(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, Driver)
    names = ",".join(frame.columns)
    with (
        driver.cursor() as cursor,
        cursor.copy(f"copy {table} ({names}) from stdin (format binary)".encode()) as copy,
    ):
        for block in binary_blocks(frame, known_columns(frame)):
            copy.write(block)


def stored(connection: Connection, table: str = "sheet") -> list[str]:
    return list(connection.execute(text(f"select t::text from {table} t order by 1")).scalars())


@pytest.mark.long
@settings(STEADY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=frames())
def test_binary_rows_are_the_rows_that_csv_stores(database: Database, frame: pl.DataFrame) -> None:
    with database.transaction() as connection:
        with_table(connection, DEFINITION, "by_csv")
        with_table(connection, DEFINITION, "in_binary")
        copy_in(connection, "by_csv", frame)
        write_binary(connection, "in_binary", frame)
        assert stored(connection, "in_binary") == stored(connection, "by_csv")
        assert len(stored(connection, "in_binary")) == frame.height


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("small", [-(2**15), 2**15 - 1]),
        ("small", [-1, 0]),
        ("small", [-300, -255]),
        ("middle", [-(2**31), 2**31 - 1]),
        ("large", [-(2**63), 2**63 - 1]),
        ("large", [255, 256]),
        ("large", [-(2**40), -(2**40) - 1]),
        ("day", [date(1, 1, 1), date(9999, 12, 31)]),
        ("day", [date(1999, 12, 31), date(2000, 1, 1)]),
        ("instant", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]),
        ("content_sha256", [sha256(b"x").hexdigest(), sha256(b"y").hexdigest().upper()]),
    ],
)
def test_outermost_values_survive(database: Database, name: str, values: list[Any]) -> None:
    frame = pl.DataFrame({name: pl.Series(name, values, dtype=SCHEMA[name])})
    with database.transaction() as connection:
        with_table(connection, DEFINITION)
        write_binary(connection, "sheet", frame)
        back = list(connection.execute(text(f"select {name} from sheet order by ctid")).scalars())
    assert back == ([bytes.fromhex(value) for value in values] if name.endswith("_sha256") else values)


def test_a_frame_longer_than_a_slice_survives(database: Database) -> None:
    count = 100_001
    frame = pl.DataFrame(
        {"large": pl.Series(range(-7, count - 7)), "said": ["a", None, "ñ"] * 33_333 + ["", "z"]}
    )
    with database.transaction() as connection:
        with_table(connection, "large bigint primary key, said text")
        assert copy_in(connection, "sheet", frame) == count
        rows = connection.execute(text("select large, said from sheet order by large")).all()
    assert [tuple(row) for row in rows] == frame.rows()


def two_layouts(height: int) -> pl.DataFrame:
    """Return rows whose texts are long and short by turns."""
    return pl.DataFrame({"large": range(height), "said": ["long", "s"] * (height // 2)})


@pytest.mark.parametrize(("height", "is_binary"), [(998, False), (1_000, True)])
def test_a_large_frame_goes_in_layout_by_layout_and_a_small_one_row_by_row(
    database: Database, height: int, is_binary: bool
) -> None:
    with database.transaction() as connection:
        with_table(connection, "large bigint, said text")
        copy_in(connection, "sheet", two_layouts(height))
        order = list(connection.execute(text("select large from sheet order by ctid")).scalars())
    by_layout = [*range(0, height, 2), *range(1, height, 2)]
    assert order == (by_layout if is_binary else list(range(height)))


def test_the_types_are_those_that_the_table_has_now(database: Database) -> None:
    frame = pl.DataFrame({"large": range(1_000)})
    for kind in ("bigint", "smallint", "numeric(9, 2)", "text"):
        with database.transaction() as connection:
            with_table(connection, f"large {kind}")
            copy_in(connection, "sheet", frame)
            total = connection.execute(text("select sum(cast(large as numeric)) from sheet")).scalar_one()
        assert total == 499_500


def test_names_that_need_quotes_are_found(database: Database) -> None:
    with database.transaction() as connection:
        with_table(connection, '"Two Words" bigint, said text', "Odd.name")
        copy_in(connection, "Odd.name", two_layouts(1_000).rename({"large": "Two Words"}))
        order = connection.execute(text('select "Two Words" from "Odd.name" order by ctid limit 2')).scalars()
        assert list(order) == [0, 2]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("smallint", [2**15]),
        ("smallint", [-(2**15) - 1]),
        ("integer", [2**31]),
        ("integer", [None, 2**63 - 1]),
    ],
)
def test_a_number_that_does_not_fit_its_column_is_refused_and_never_wraps(
    database: Database, kind: str, values: list[int | None]
) -> None:
    def write() -> None:
        with database.transaction() as connection:
            with_table(connection, f"amount {kind}")
            frame = pl.DataFrame({"amount": [*[1] * 1_000, *values]}, schema={"amount": pl.Int64})
            copy_in(connection, "sheet", frame)

    with pytest.raises(DataError, match="out of range"):
        write()


@pytest.mark.parametrize("digest", ["xyz0", "00 11", "00 1", "abc", "ñ0"])
def test_a_hash_that_is_not_hexadecimal_is_not_made_into_other_bytes(database: Database, digest: str) -> None:
    frame = pl.DataFrame({"content_sha256": ["0011"] * 1_000 + [digest]})
    assert binary_columns(frame, TYPES) is None


@pytest.mark.parametrize(
    ("dtype", "type_oid", "values"),
    [
        (pl.Float64, 20, [1.5]),
        (pl.Int64, 1700, [1]),
        (pl.Int64, 25, [1]),
        (pl.String, 3802, ["{}"]),
        (pl.String, 20, ["1"]),
        (pl.String, 17, ["00"]),
        (pl.UInt64, 20, [1]),
        (pl.Int64, None, [1]),
        (pl.Date, 1184, [date(2024, 1, 1)]),
        (pl.Date, 1082, [-800_000]),
        (pl.Date, 1082, [3_000_000]),
        (pl.Datetime("us"), 1184, [datetime(2024, 1, 1)]),  # noqa: DTZ001 - without a zone on purpose
        (pl.Datetime("ms", "UTC"), 1184, [datetime(2024, 1, 1, tzinfo=UTC)]),
        (INSTANT, 1184, [-(2**62)]),
    ],
)
def test_what_has_no_binary_form_is_left_to_csv(dtype: Any, type_oid: int | None, values: list[Any]) -> None:
    given_values = pl.Series("value", values, strict=False)
    frame = given_values.cast(dtype).to_frame()
    assert binary_columns(frame, {} if type_oid is None else {"value": type_oid}) is None


def test_a_hash_that_is_kept_as_text_is_left_to_csv() -> None:
    assert binary_columns(pl.DataFrame({"content_sha256": ["00"]}), {"content_sha256": 25}) is None


def test_an_empty_frame_has_no_binary_form() -> None:
    assert binary_columns(pl.DataFrame(schema={"large": pl.Int64}), TYPES) is None


@pytest.mark.parametrize("start", [0, 2_000])
def test_texts_of_many_lengths_are_left_to_csv_wherever_they_begin(start: int) -> None:
    few, many = ["a"] * start, ["b" * (number % 40) for number in range(2_000)]
    assert binary_columns(pl.DataFrame({"said": few + many}), TYPES) is None


def test_rows_are_made_in_blocks_that_end_between_rows() -> None:
    frame = pl.DataFrame({"large": range(20_000), "day": [date(2024, 1, 1)] * 20_000})
    width = 2 + 4 + 8 + 4 + 4
    first, *blocks, last = binary_blocks(frame, known_columns(frame))
    assert (len(first), len(last)) == (19, 2)
    assert len(blocks) > 1
    assert all(len(block) % width == 0 for block in blocks)
    assert sum(map(len, blocks)) == 20_000 * width


def test_zones_of_instants_do_not_matter(database: Database) -> None:
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    values = pl.Series("instant", [noon, noon + timedelta(hours=1)], dtype=INSTANT)
    frame = values.dt.convert_time_zone("Europe/Madrid").to_frame()
    with database.transaction() as connection:
        with_table(connection, DEFINITION)
        write_binary(connection, "sheet", frame)
        back = list(connection.execute(text("select instant from sheet order by 1")).scalars())
    assert back == [noon, noon + timedelta(hours=1)]
