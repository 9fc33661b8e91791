"""Places in lists, and what else an address of a list may say.

Belongs here: reading and writing the parts of an address that several lists share.
Does not belong here: any list.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator, Field

from billing_assets.domain.errors import BillingError

_SEE_OTHER = 303

PAGE_ROWS = 50
"""Rows of a page of a list."""


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


OptionalDate: TypeAlias = Annotated[date | None, BeforeValidator(_none_if_empty)]
"""A date of an address; an empty field of a form is none."""

OptionalId: TypeAlias = Annotated[Annotated[int, Field(lt=2**63)] | None, BeforeValidator(_none_if_empty)]
"""A number of an address, one that the store can hold; an empty field of a form is none."""


def place_text(place: Sequence[object]) -> str:
    """Return a place in a list as an address says it.

    >>> place_text(("no_tax_rule", 7, 1))
    'no_tax_rule~7~1'
    """
    return "~".join(str(part) for part in place)


def place_of(text: str, words: int, numbers: int) -> tuple[list[str], list[int]]:
    """Return the parts of a place, so many words and then so many numbers; raises ``place_unclear``.

    >>> place_of("no_tax_rule~7~1", 1, 2)
    (['no_tax_rule'], [7, 1])
    """
    parts = text.split("~")
    if len(parts) != words + numbers or not all(part.isdecimal() for part in parts[words:]):
        raise BillingError("place_unclear", "the address names no place in this list", "go back to the list")
    return parts[:words], [int(part) for part in parts[words:]]


def address(path: str, values: Mapping[str, object]) -> str:
    """Return a path with those of the values that say something.

    >>> address("/runs", {"state": "held", "before": None, "kind": ""})
    '/runs?state=held'
    """
    said = {name: value for name, value in values.items() if value not in {None, ""}}
    return f"{path}?{urlencode(said)}" if said else path


def see_other(path: str) -> RedirectResponse:
    """Return the answer that leads a browser on to another page, which it then asks for by GET.

    >>> see_other("/runs").status_code
    303
    """
    return RedirectResponse(path, status_code=_SEE_OTHER)
