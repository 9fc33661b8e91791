"""Pages of lists: the rows of one, and where the next begins.

Belongs here: cutting what was asked for to a page. Does not belong here: reading rows (``store``), how a
place is written in an address (``portal``) or as an option (``cli``).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

_Row = TypeVar("_Row")
_Place = TypeVar("_Place")


def page_of(
    found: Sequence[_Row], limit: int, place: Callable[[_Row], _Place]
) -> tuple[list[_Row], _Place | None]:
    """Return the rows of a page, and the place of its last one where more follow.

    ``found`` are the rows that were asked for with one more than ``limit``. Rows at the place of the last one
    are on its page, because the next page begins below that place.

    >>> page_of([9, 8, 7], 2, str), page_of([9, 8], 2, str)
    (([9, 8], '8'), ([9, 8], None))
    """
    last = place(found[limit - 1]) if len(found) >= limit else None
    rows = [row for number, row in enumerate(found) if number < limit or place(row) == last]
    return rows, last if len(found) > len(rows) else None
