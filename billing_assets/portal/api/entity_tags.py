"""Tags of what is read, so that a client asks again without being sent the same.

Belongs here: making a tag, and comparing those of a request. Does not belong here: what is read.
"""

import re
from hashlib import sha256

from fastapi import Request, Response
from pydantic import BaseModel

from billing_assets.portal.api.problem_details import ProblemError

KEPT = "private, no-cache"
"""A client may keep it, and asks each time whether it still stands."""

FROZEN = "private, max-age=31536000, immutable"
"""What was issued never changes."""

_REVISION = re.compile(r'"([1-9]\d{0,8})"')


def tagged(
    request: Request,
    content: bytes | BaseModel,
    *,
    media_type: str = "application/json",
    tag: str = "",
    cache: str = KEPT,
) -> Response:
    """Return a content with its tag, or 304 where the client has it.

    ``tag`` is by default a hash of the content.

    >>> asked = Request({"type": "http", "headers": [(b"if-none-match", b'W/"7", "8"')]})
    >>> tagged(asked, b"{}", tag="7").status_code, tagged(asked, b"{}", tag="9").status_code
    (304, 200)
    """
    body = content if isinstance(content, bytes) else content.model_dump_json().encode()
    own = f'"{tag or sha256(body).hexdigest()}"'
    headers = {"ETag": own, "Cache-Control": cache}
    given = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if own in given or given == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def revision_wanted(if_match: str) -> int | None:
    """Return the revision that a change was made over, None for ``*``; raise ``revision_missing``.

    >>> revision_wanted('"3"'), revision_wanted("*")
    (3, None)
    """
    if if_match.strip() == "*":
        return None
    found = _REVISION.fullmatch(if_match.strip())
    if found is None:
        raise ProblemError(
            "revision_missing",
            "If-Match does not say which revision is changed",
            "read the schedule and send its ETag as If-Match",
        )
    return int(found[1])
