"""Files of requests for invoices on demand: CSV, or JSON lines, one request a row.

Belongs here: the form of the file. Does not belong here: what a request is answered (``steps``).

A file is taken whole or refused whole, naming every row that cannot be read, so that one correction mends
them all: whoever writes it is a program, and the same file again adds nothing twice.
"""

from collections.abc import Mapping
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import InboxEntry
from billing_assets.domain.policy_changes import day_of
from billing_assets.feeds.policy_files import open_policy_file
from billing_assets.feeds.row_files import read_rows

_FIELDS = ("request_key", "policy_number", "until")
_JSON_LINES = (".jsonl", ".ndjson", ".json")
_LONGEST = 200


def read_inbox_file(path: Path) -> tuple[InboxEntry, ...]:
    """Return the requests of a file, in its order; the name of JSON lines ends in ``.jsonl``.

    Raises:
        BillingError: ``inbox_row_invalid`` naming every bad row; what keeps a file from being read at all.
    """
    file = open_policy_file(path)
    is_json = path.suffix.lower() in _JSON_LINES
    return read_rows(file.name, file.content, entry_from, is_json=lambda _content: is_json, refuse=_invalid)


def entry_from(row: object, place: str) -> InboxEntry:
    """Return the request that the fields of a row say; ``until`` may be missing or empty.

    Raises ``inbox_row_invalid`` with the place and the field; a row that is no mapping says why itself.

    >>> entry_from({"request_key": "a1", "policy_number": "P-1", "until": "2025-01-31"}, "row 1").until
    datetime.date(2025, 1, 31)
    """
    if not isinstance(row, Mapping):
        raise _invalid(place, str(row))
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


def _invalid(place: str, found: str) -> BillingError:
    return BillingError(
        "inbox_row_invalid",
        f"{place}: {found}",
        f"the fields of a request are {', '.join(_FIELDS)}, the date as 2025-01-31; nothing was added",
    )
