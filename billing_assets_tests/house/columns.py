"""Rules about the dictionary of columns: what a column says of itself is enough, and true.

Belongs here: rules that read columns and schemas.
Does not belong here: the columns (`frames.column_rows`), rules about text and syntax (`words`, `shape`,
`bans`).
"""

import ast
from collections.abc import Iterable, Mapping

import polars as pl

from billing_assets.frames.column_rows import Column
from billing_assets_tests.house.tree import PACKAGE, Fault, Source

DICTIONARY = f"{PACKAGE}/frames/column_rows.py"
SCHEMAS = f"{PACKAGE}/frames/columns.py"

SUFFIXES: Mapping[str, tuple[type[pl.DataType], ...]] = {
    "_minor": (pl.Int64,),
    "_ppm": (pl.Int64,),
    "_days": (pl.Int64,),
    # The day count of a plan is no number but a convention; the trade has no other word for it.
    "day_count": (pl.String,),
    "_count": (pl.Int64,),
    "_id": (pl.Int64,),
    # A number is counted, or given to people.
    "_number": (pl.Int64, pl.String),
    "_date": (pl.Date,),
    "_at": (pl.Datetime,),
    "_code": (pl.String,),
    "_sha256": (pl.String,),
}
PREFIXES: Mapping[str, tuple[type[pl.DataType], ...]] = {"is_": (pl.Boolean,), "has_": (pl.Boolean,)}


def says_too_little(columns: Iterable[Column]) -> list[Fault]:
    """Columns without a meaning or a unit."""
    return [
        Fault(DICTIONARY, 1, f"{column.name}: say what it means, and in which unit")
        for column in columns
        if not column.meaning.strip() or not column.unit.strip()
    ]


def misfits(columns: Iterable[Column]) -> list[Fault]:
    """Columns whose name promises another type than they have."""
    return [
        Fault(DICTIONARY, 1, f"{column.name} is {column.dtype}; its name says another type")
        for column in columns
        if column.dtype not in _promised(column.name, column.dtype)
    ]


def _promised(name: str, found: type[pl.DataType]) -> tuple[type[pl.DataType], ...]:
    for suffix, types in SUFFIXES.items():
        if name.endswith(suffix):
            return types
    for prefix, types in PREFIXES.items():
        if name.startswith(prefix):
            return types
    # An amount, a day or an instant by its type must be one by its name; is a Boolean, too.
    return () if found in {pl.Boolean, pl.Datetime} else (found,)


def without_currency(schemas: Mapping[str, Mapping[str, object]]) -> list[Fault]:
    """Schemas with an amount and no `currency` beside it (`billed_currency` beside billed amounts)."""
    return [
        Fault(SCHEMAS, 1, f"{schema}: {name} has no {_currency_of(name)} beside it")
        for schema, columns in schemas.items()
        for name in columns
        if name.endswith("_minor") and _currency_of(name) not in columns
    ]


def _currency_of(name: str) -> str:
    return "billed_currency" if name.startswith("billed_") else "currency"


def schemas_elsewhere(source: Source) -> list[Fault]:
    """Schemas of frames that are written down beside the dictionary."""
    if not source.is_in(f"{PACKAGE}/frames") or source.path == SCHEMAS:
        return []
    return [
        Fault(source.path, node.lineno, f"{target.id} belongs into the dictionary, frames/columns.py")
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.endswith("_SCHEMA")
    ]
