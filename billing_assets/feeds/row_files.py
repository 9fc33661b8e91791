"""Files of rows that programs write: CSV, or JSON lines, taken whole or refused whole.

Belongs here: reading rows, and naming every one that cannot be read, so that one correction mends them all.
Does not belong here: what a row may say (``event_files``, ``inbox_files``).
"""

import csv
import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import TypeVar

from billing_assets.domain.errors import BillingError

_MOST_ROWS = 100
"""So many bad rows are named; all are counted."""

Made = TypeVar("Made")
Refuse = Callable[[str, str], BillingError]
"""Return the error that says where something is wrong, and what."""


def read_rows(
    name: str,
    raw: bytes,
    make: Callable[[object, str], Made],
    *,
    is_json: Callable[[str], bool],
    refuse: Refuse,
    has_every_field: bool = False,
) -> tuple[Made, ...]:
    r"""Return what ``make`` makes of each row of a file and of where it stands, in the order of the file.

    A row is a mapping, or a text that says why it is none. ``is_json`` tells by the content whether that is
    JSON lines; else it is CSV, whose rows may leave out the last fields unless ``has_every_field``.

    Raises:
        BillingError: What ``refuse`` returns of the file and of every row that ``make`` refuses.

    >>> def make(row, place):
    ...     return f"{place}: {row}"
    >>> refuse = lambda place, found: BillingError("x", f"{place}: {found}", "")
    >>> read_rows("r.csv", b"a,b\n1,2\n", make, is_json=lambda _content: False, refuse=refuse)
    ("row 1: {'a': '1', 'b': '2'}",)
    """
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(name, "it is not UTF-8") from error
    made: list[Made] = []
    faults: list[str] = []
    rows = _json_rows(content) if is_json(content) else _csv_rows(content, has_every_field=has_every_field)
    for number, row in rows:
        try:
            made.append(make(row, f"row {number}"))
        except BillingError as error:
            faults.append(error.found)
    if faults:
        named = "; ".join(faults[:_MOST_ROWS])
        more = f"; and {len(faults) - _MOST_ROWS:,} more" if len(faults) > _MOST_ROWS else ""
        raise refuse(name, f"{named}{more}")
    return tuple(made)


def _csv_rows(content: str, *, has_every_field: bool) -> Iterator[tuple[int, object]]:
    """Yield the number and the fields of each row; of one that cannot be read what is wrong, and end."""
    reader = csv.DictReader(StringIO(content, newline=""))
    number = 0
    try:
        names = reader.fieldnames or ()
        doubled = next((name for name in names if name and names.count(name) > 1), None)
        if doubled is not None:
            yield 0, f"the header has '{doubled[:40]}' twice: nobody knows which is right"
            return
        for number, row in enumerate(reader, start=1):
            yield number, (has_every_field and _cut(row)) or row
    except csv.Error as error:
        yield number + 1, f"it cannot be read as CSV: {error}"


def _cut(row: dict[str | None, object]) -> str:
    """Say how a row of a table differs from its header in length, empty where it does not."""
    if None in row:
        return "it has more fields than the header"
    return "it has fewer fields than the header" if None in row.values() else ""


def _json_rows(content: str) -> Iterator[tuple[int, object]]:
    """Yield the number and the fields of each line, numbers as they are written, or what is wrong with it."""
    # By the one character that ends a line of JSON lines: a text may hold what else splits lines.
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            yield number, "it is no JSON"
        else:
            yield number, row if isinstance(row, dict) else "it is no JSON object"
