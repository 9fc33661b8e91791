"""The dictionary of columns tells units by names and types, and no amount stands without its currency."""

import polars as pl
import pytest

from billing_assets.frames import columns as dictionary
from billing_assets.frames.column_rows import COLUMNS, Column, Kind
from billing_assets_tests.house import columns
from billing_assets_tests.house.tree import PACKAGE, Source, report, sources

SCHEMAS = {name: value for name, value in vars(dictionary).items() if name.endswith("_SCHEMA")}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fee_minor", Kind.TEXT),
        ("due_date", Kind.TEXT),
        ("lead_days", Kind.TEXT),
        ("payer_id", Kind.TEXT),
        ("reason_code", Kind.INT),
        ("is_late", Kind.INT),
        ("late", Kind.FLAG),
    ],
)
def test_a_name_that_promises_another_type_is_found(name: str, kind: Kind) -> None:
    assert columns.misfits([Column(name, kind, "unit", "meaning")])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fee_minor", Kind.INT),
        ("policy_number", Kind.TEXT),
        ("line_number", Kind.INT),
        ("is_late", Kind.FLAG),
        ("outcome", Kind.TEXT),
    ],
)
def test_a_name_that_keeps_its_promise_passes(name: str, kind: Kind) -> None:
    assert not columns.misfits([Column(name, kind, "unit", "meaning")])


@pytest.mark.parametrize(("unit", "meaning"), [("", "meaning"), ("unit", ""), ("unit", "  ")])
def test_a_column_that_does_not_say_what_it_is_is_found(unit: str, meaning: str) -> None:
    assert columns.says_too_little([Column("a", Kind.TEXT, unit, meaning)])


def test_an_amount_without_its_currency_is_found() -> None:
    assert columns.without_currency({"A": {"fee_minor": pl.Int64}})
    assert columns.without_currency({"A": {"billed_fee_minor": pl.Int64, "currency": pl.String}})
    assert not columns.without_currency({"A": {"fee_minor": pl.Int64, "currency": pl.String}})


def test_a_schema_beside_the_dictionary_is_found() -> None:
    text = "FEE_SCHEMA = {'fee_minor': int}\nOTHER_SCHEMA: dict = {}\nROWS = {}\n"
    assert len(columns.schemas_elsewhere(Source(f"{PACKAGE}/frames/fees.py", text))) == 2
    assert not columns.schemas_elsewhere(Source(columns.SCHEMAS, text))
    assert not columns.schemas_elsewhere(Source(f"{PACKAGE}/store/fees.py", text))


def test_every_column_of_the_dictionary_keeps_the_rules() -> None:
    rows = list(COLUMNS.values())
    faults = [*columns.says_too_little(rows), *columns.misfits(rows)]
    assert not faults, report(faults)
    assert all(name == column.name for name, column in COLUMNS.items())


def test_every_amount_has_its_currency_beside_it() -> None:
    assert len(SCHEMAS) >= 8
    faults = columns.without_currency(SCHEMAS)
    assert not faults, report(faults)


def test_every_column_of_the_dictionary_stands_in_a_schema() -> None:
    used = {name for schema in SCHEMAS.values() for name in schema}
    assert set(COLUMNS) == used


def test_no_frame_keeps_a_schema_of_its_own() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in columns.schemas_elsewhere(source)]
    assert not faults, report(faults)
