"""Acts on several rows of a worklist: what a form asks for, and what its page says afterwards.

Belongs here: reading such a form, the answer to it. Does not belong here: what an act does
(``wiring.worklists``), the lists.

A form that was carried out leads back to its list with a word of what was done, so that loading the page
again does nothing twice. One that was refused shows the list anew, each row that stands in the way with its
reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import parse_qs

from fastapi import Depends, Form
from fastapi.responses import Response

from billing_assets.domain.errors import BillingError
from billing_assets.portal.places import address, see_other
from billing_assets.wiring.worklists import Acted


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkForm:
    """What somebody asks of the rows that are ticked; ``back`` is the query of the list."""

    act: str
    rows: tuple[str, ...]
    owner: str
    note: str
    back: str


def read_bulk(
    act: Annotated[str, Form()],
    row: Annotated[list[str] | None, Form()] = None,
    owner: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> BulkForm:
    """Return the form of a request."""
    return BulkForm(act=act, rows=tuple(row or ()), owner=owner, note=note, back=back)


Bulk: TypeAlias = Annotated[BulkForm, Depends(read_bulk)]
"""The form, as an argument of a route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing was done: by row, or one reason for all; with what was ticked and written."""

    form: BulkForm
    rows: Mapping[str, str]
    error: BillingError | None = None


def numbers_of(form: BulkForm) -> list[int]:
    """Return the numbers of the rows; raises ``row_unclear`` where one is none.

    >>> numbers_of(BulkForm(act="note", rows=("7", "9"), owner="", note="", back=""))
    [7, 9]
    """
    if not all(row.isdecimal() and len(row) < _LONGEST for row in form.rows):
        raise BillingError("row_unclear", "a row has no number", "go back to the list")
    return [int(row) for row in form.rows]


_LONGEST = 19


def said_before(form: BulkForm) -> dict[str, str]:
    """Return what the list of a form was asked for, by the query that the form carries.

    >>> said_before(BulkForm(act="note", rows=(), owner="", note="", back="code=date_empty&age=7"))
    {'code': 'date_empty', 'age': '7'}
    """
    return {name: values[0] for name, values in parse_qs(form.back).items()}


def number_said(said: Mapping[str, str], name: str) -> int | None:
    """Return a number of a query, or None where there is none.

    >>> number_said({"age": "7"}, "age"), number_said({"age": "x"}, "age")
    (7, None)
    """
    text = said.get(name, "")
    return int(text) if text.isdecimal() and len(text) < _LONGEST else None


def answer(
    form: BulkForm, path: str, acts: Mapping[str, Callable[[], Acted]], show: Callable[[Refusal], Response]
) -> Response:
    """Carry out the act of a form and lead back to the list, or show why nothing was done."""
    act = acts.get(form.act)
    if act is None:
        raise BillingError("act_unknown", f"{form.act[:40]!r} is nothing that can be done here", "go back")
    try:
        done = act()
    except BillingError as error:
        return show(Refusal(form=form, rows={}, error=error))
    if done.refused:
        return show(Refusal(form=form, rows=done.refused))
    back = address(path, {"done": form.act, "count": done.done_count})
    return see_other(f"{back}&{form.back}" if form.back else back)
