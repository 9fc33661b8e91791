"""Files of policy events: CSV, or JSON lines, one event a row.

Belongs here: the form of the file. Does not belong here: what a field may hold (``frames.policy_book``,
``domain.policy_changes``): what is wrong there is kept as a Problem when the event is taken.

A file is taken whole or refused whole, naming the rows that are no events at all: whoever writes it is a
program, and the same file again adds nothing twice.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_events import EVENT_FIELDS, EventKind, PolicyEvent
from billing_assets.feeds.policy_files import open_policy_file
from billing_assets.feeds.row_files import read_rows

STDIN = Path("-")
_HEAD = ("event_key", "event_kind", "version")
_LONGEST_KEY = 200
_LONGEST_BODY = 100_000
_LARGEST_VERSION = 2**63 - 1
_LONGEST_VERSION = len(str(_LARGEST_VERSION))
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def read_event_file(path: Path) -> tuple[PolicyEvent, ...]:
    """Return the events of a file, in its order; ``-`` is the standard input.

    A content that begins with ``{`` is JSON lines, any other is CSV.

    Raises:
        BillingError: ``event_row_invalid`` naming every bad row; what keeps a file from being read at all.
    """
    if path == STDIN:
        name, raw = "standard input", sys.stdin.buffer.read()
    else:
        file = open_policy_file(path)
        name, raw = file.name, file.content
    return read_rows(
        name,
        raw,
        event_from,
        is_json=lambda content: content.lstrip().startswith("{"),
        refuse=_invalid,
        has_every_field=True,
    )


def event_from(row: object, place: str) -> PolicyEvent:
    """Return the event that the fields of a row say; empty ones are left out.

    Raises:
        BillingError: ``event_row_invalid`` with the place and what is wrong.

    >>> row = {
    ...     "event_key": "e1",
    ...     "event_kind": "policy",
    ...     "version": "3",
    ...     "policy_number": "P-1",
    ...     "premium": "",
    ... }
    >>> event = event_from(row, "row 1")
    >>> event.version, dict(event.body)
    (3, {'policy_number': 'P-1'})
    """
    if not isinstance(row, Mapping):
        raise _invalid(place, str(row))
    said = {str(name): value for name, value in row.items() if value not in (None, "")}
    key, kind, version = (str(said.pop(name, "")).strip() for name in _HEAD)
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise _invalid(place, "'event_key' is empty, too long or not printable")
    if kind not in list(EventKind):
        raise _invalid(place, f"'event_kind' is '{kind[:20]}', which is neither policy nor change")
    is_number = version.isascii() and version.isdigit() and len(version) <= _LONGEST_VERSION
    if not (is_number and 0 < int(version) <= _LARGEST_VERSION):
        raise _invalid(place, f"'version' is '{version[:20]}', which is no whole number from 1")
    unknown = [name for name in said if name not in EVENT_FIELDS[EventKind(kind)]]
    if unknown:
        raise _invalid(place, f"'{unknown[0][:40]}' is no field of an event of the kind {kind}")
    nested = [name for name, value in said.items() if not isinstance(value, str) or _NO_TEXT.search(value)]
    if nested:
        raise _invalid(place, f"'{nested[0]}' is neither text nor a number")
    # As the store writes it, where a quote is two characters.
    if len(json.dumps(said, ensure_ascii=False)) > _LONGEST_BODY:
        raise _invalid(place, "it is too long")
    return PolicyEvent(event_key=key, event_kind=EventKind(kind), version=int(version), body=said)


def _invalid(place: str, found: str) -> BillingError:
    return BillingError(
        "event_row_invalid",
        f"{place}: {found}",
        f"an event has {', '.join(_HEAD)} and the fields of a policy book or of a change; nothing was added",
    )
