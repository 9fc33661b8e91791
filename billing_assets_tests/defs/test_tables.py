"""What Dagster shows of the tables behind the assets is what the store has."""

import dagster as dg
from sqlalchemy import text

from billing_assets.definitions import build_definitions
from billing_assets.defs.tables import TABLES, table_metadata
from billing_assets.frames.column_rows import COLUMNS
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings

_STORED = """
select a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull
from pg_attribute a where a.attrelid = cast(:table as regclass) and a.attnum > 0 and not a.attisdropped
"""
# In the store a number is as wide as it must be, and a currency has three letters.
_SAME = {
    "bigint": "integer",
    "smallint": "integer",
    "character(3)": "text",
    "timestamp with time zone": "timestamptz",
}


def schema_of(asset: str) -> dg.TableSchema:
    schema = table_metadata(asset)["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    return schema


def test_each_column_of_a_table_is_described_with_its_type_and_whether_it_may_be_null(
    database: Database,
) -> None:
    for asset in TABLES:
        name = table_metadata(asset)["dagster/table_name"]
        with database.transaction() as connection:
            rows = connection.execute(text(_STORED), {"table": name}).all()
        stored = {column: (_SAME.get(kind, kind), optional) for column, kind, optional in rows}
        described = {
            column.name: (column.type, column.constraints.nullable) for column in schema_of(asset).columns
        }
        assert described == stored, f"describe the columns of {name} in defs/tables.py as the store has them"


def test_a_column_that_frames_have_too_is_described_by_the_words_of_the_dictionary() -> None:
    for asset, table in TABLES.items():
        words = {column.name: column.description for column in schema_of(asset).columns}
        for name in (each for each in table.columns if isinstance(each, str)):
            assert str(words[name]).startswith(COLUMNS[name].meaning)
    amounts = {column.name: column.description for column in schema_of("due_charges").columns}
    assert amounts["net_minor"] == "premium of the covered days, or the fee, without tax (minor units)"


def test_lineage_leads_from_columns_there_are_to_columns_of_the_asset_before() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    columns = {asset: {column.name for column in schema_of(asset).columns} for asset in TABLES}
    for asset in TABLES:
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(asset)).parent_keys}
        lineage = table_metadata(asset).get("dagster/column_lineage")
        assert (lineage is not None) == bool(parents)
        for column, sources in lineage.deps_by_column.items() if lineage else ():
            assert column in columns[asset]
            for source in sources:
                assert source.asset_key.to_user_string() in parents
                assert source.column_name in columns[source.asset_key.to_user_string()]
