"""Rules about the dictionary of columns: what a column says of itself is enough, and true.

Belongs here: rules that read columns and schemas.
Does not belong here: the columns (`frames.column_rows`), rules about text and syntax (`words`, `shape`,
`bans`).
"""

import ast
from collections.abc import Iterable, Mapping

from billing_assets.frames.column_rows import Column, Kind
from billing_assets_tests.house.tree import PACKAGE, Fault, Source

DICTIONARY = f"{PACKAGE}/frames/column_rows.py"
SCHEMAS = f"{PACKAGE}/frames/columns.py"

SUFFIXES: Mapping[str, tuple[Kind, ...]] = {
    "_minor": (Kind.INT,),
    "_ppm": (Kind.INT,),
    "_days": (Kind.INT,),
    # The day count of a plan is no number but a convention; the trade has no other word for it.
    "day_count": (Kind.TEXT,),
    "_count": (Kind.INT,),
    "_id": (Kind.INT,),
    # A number is counted, or given to people.
    "_number": (Kind.INT, Kind.TEXT),
    "_date": (Kind.DAY,),
    "_code": (Kind.TEXT,),
    "_sha256": (Kind.TEXT,),
}
PREFIXES: Mapping[str, tuple[Kind, ...]] = {"is_": (Kind.FLAG,), "has_": (Kind.FLAG,)}


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
        Fault(DICTIONARY, 1, f"{column.name} is {column.kind}; its name says another type")
        for column in columns
        if column.kind not in _promised(column.name, column.kind)
    ]


def _promised(name: str, found: Kind) -> tuple[Kind, ...]:
    for suffix, types in SUFFIXES.items():
        if name.endswith(suffix):
            return types
    for prefix, types in PREFIXES.items():
        if name.startswith(prefix):
            return types
    # What is yes or no by its type must be so by its name.
    return () if found is Kind.FLAG else (found,)


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
