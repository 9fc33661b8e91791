"""Files of requests for invoices on demand: CSV, or JSON lines, one request a row.

Belongs here: the form of the file. Does not belong here: what a request is answered (``steps``).

A file is taken whole or refused whole, naming the first row that cannot be read: whoever writes it is a
program, and the same file again adds nothing twice.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import InboxEntry
from billing_assets.domain.policy_changes import day_of
from billing_assets.feeds.policy_files import open_policy_file

_FIELDS = ("request_key", "policy_number", "until")
_JSON_LINES = (".jsonl", ".ndjson", ".json")
_LONGEST = 200


def read_inbox_file(path: Path) -> tuple[InboxEntry, ...]:
    """Return the requests of a file, in its order; the name of JSON lines ends in ``.jsonl``.

    Raises:
        BillingError: ``inbox_row_invalid`` naming the row; what keeps a file from being read at all.
    """
    file = open_policy_file(path)
    try:
        content = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid(file.name, "the file is not UTF-8") from error
    is_json = path.suffix.lower() in _JSON_LINES
    rows = _json_rows(content, file.name) if is_json else csv.DictReader(StringIO(content, newline=""))
    return tuple(entry_from(row, f"row {number} of {file.name}") for number, row in enumerate(rows, start=1))


def entry_from(row: Mapping[str, object], place: str) -> InboxEntry:
    """Return the request that the fields of a row say; ``until`` may be missing or empty.

    >>> entry_from({"request_key": "a1", "policy_number": "P-1", "until": "2025-01-31"}, "row 1").until
    datetime.date(2025, 1, 31)
    """
    unknown = [str(name) for name in row if name not in _FIELDS]
    if unknown:
        raise _invalid(place, f"'{unknown[0][:40]}' is no field of a request")
    key, number, until = (str(row.get(name) or "").strip() for name in _FIELDS)
    for name, text in (("request_key", key), ("policy_number", number)):
        if not 0 < len(text) <= _LONGEST or not text.isprintable():
            raise _invalid(place, f"'{name}' is empty, too long or not printable")
    day = day_of(until) if until else None
    if until and day is None:
        raise _invalid(place, f"'until' is '{until[:20]}', which is no date")
    return InboxEntry(request_key=key, policy_number=number, until=day)


def _json_rows(content: str, name: str) -> Iterator[Mapping[str, object]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _invalid(f"row {number} of {name}", "it is no JSON") from error
        if not isinstance(row, dict):
            raise _invalid(f"row {number} of {name}", "it is no JSON object")
        yield row


def _invalid(place: str, found: str) -> BillingError:
    return BillingError(
        "inbox_row_invalid",
        f"{place}: {found}",
        f"the fields of a request are {', '.join(_FIELDS)}, the date as 2025-01-31; nothing was added",
    )
