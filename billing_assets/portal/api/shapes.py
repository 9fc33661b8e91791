"""The form of what the API says and is told: its own, apart from that of the program within.

Belongs here: what several resources share, and how a record becomes its form. Does not belong here: the form
of one resource (beside its calls).

Amounts are whole numbers of minor units beside their currency; dates are ISO 8601; nothing is a float.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

_Form = TypeVar("_Form", bound=BaseModel)

Minor: TypeAlias = Annotated[int, Field(strict=True, ge=-(10**18), le=10**18, examples=[12345])]
"""An amount in minor units of the currency beside it."""

Currency: TypeAlias = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
"""A currency of ISO 4217."""

PolicyNumber: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["MOT-1001"]),
]
"""The number of a policy, as the book has it."""

Words: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]*\S[^\x00]*$", examples=["asked for by sales"]),
]
"""Why something is done; it is kept for ever."""


class Told(BaseModel):
    """What the API says."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What the API is told: a field that it does not know is refused, and no number stands for another."""

    model_config = ConfigDict(extra="forbid")


def example(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a model's schema that shows an example.

    >>> example({"status": "ok"})
    {'examples': [{'status': 'ok'}]}
    """
    return {"examples": [dict(content)]}


def formed(form: type[_Form], record: object) -> _Form:
    """Return a record of the program in a form of the API, by the names of its attributes.

    >>> from types import SimpleNamespace
    >>> class Sum(Told):
    ...     currency: str
    >>> formed(Sum, SimpleNamespace(currency="EUR", inner=1)).currency
    'EUR'
    """
    return form.model_validate(record, from_attributes=True)
