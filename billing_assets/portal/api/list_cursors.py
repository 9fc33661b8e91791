"""Lists in parts: how many rows, from where, and the address of the next part.

Belongs here: the parameters that lists share, and cursors. Does not belong here: any list.

A cursor is what the list goes on below, wrapped so that nobody builds one by hand.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from fastapi import Query, Request

from billing_assets.portal.api.problem_details import ProblemError

MOST_ROWS = 200
_LARGEST_ID = 2**63 - 1

Limit: TypeAlias = Annotated[
    int, Query(ge=1, le=MOST_ROWS, description="At most so many rows.", examples=[50])
]
Cursor: TypeAlias = Annotated[
    str, Query(max_length=400, description="From `next` of the part before; nothing for the first part.")
]


def cursor_of(value: int | str) -> str:
    """Return the cursor that goes on below a row.

    >>> number_in(cursor_of(17)), text_in(cursor_of("INV-00000007"))
    (17, 'INV-00000007')
    """
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def number_in(cursor: str) -> int | None:
    """Return the number in a cursor, None in no cursor; raise ``cursor_invalid``.

    >>> number_in("") is None
    True
    """
    value = _value_in(cursor)
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID
    if cursor and not is_number:
        raise _invalid()
    return int(value) if isinstance(value, int) and cursor else None


def text_in(cursor: str) -> str:
    """Return the text in a cursor, empty in no cursor; raise ``cursor_invalid``.

    >>> text_in("")
    ''
    """
    value = _value_in(cursor)
    if cursor and not (isinstance(value, str) and value.isprintable() and value):
        raise _invalid()
    return str(value) if cursor else ""


def next_of(request: Request, following: int | str | None) -> str | None:
    """Return the address of the next part, with all that was asked for; None after the last.

    >>> scope = {"type": "http", "path": "/runs", "query_string": b"limit=2", "headers": []}
    >>> next_of(Request(scope), 17)
    '/runs?limit=2&cursor=MTc'
    """
    if following is None:
        return None
    asked = [(name, text) for name, text in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*asked, ('cursor', cursor_of(following))])}"


def _value_in(cursor: str) -> object:
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        value: object = json.loads(urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        raise _invalid() from None
    return value


def _invalid() -> ProblemError:
    return ProblemError("cursor_invalid", "this is no cursor of the list", "begin again without one")
