"""Which policies are meant, and by which templates they are printed: the same words for runs and schedules.

Belongs here: the form of both, asked and told. Does not belong here: what a selection is
(``domain.selections``), which templates there are (``wiring.template_shelf``).
"""

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from billing_assets.domain.selections import LONGEST_CODE, MAX_CODES, SELECTION_FIELDS, Selection
from billing_assets.portal.api.shapes import Asked, Told

# A comma divides codes where people type them, so no code has one. Nor is it blank: a list of nothing but
# blanks would be read as an empty one, and bill every policy.
_Code: TypeAlias = Annotated[
    str, Field(max_length=LONGEST_CODE, pattern=r"^[^\x00-\x1f\x7f,]*[^\s\x00-\x1f\x7f,][^\x00-\x1f\x7f,]*$")
]


def _codes(what: str, examples: list[str]) -> Any:  # noqa: ANN401 - a field of pydantic
    about = f"{what}; empty: any."
    return Field(default_factory=list, max_length=MAX_CODES, description=about, examples=[examples])


class SelectionAsked(Asked):
    """Which policies are meant: those that match every list that is not empty, by one code of each."""

    product_codes: list[_Code] = _codes("Products, as the policy book writes them", ["motor", "home"])
    place_codes: list[_Code] = _codes("Places; 'US' is not 'US-FL'", ["ES", "US-FL"])
    plan_codes: list[_Code] = _codes("Payment plans", ["monthly"])
    payer_groups: list[_Code] = _codes("Groups of payers", ["fleet"])
    template: Annotated[
        str,
        Field(
            max_length=40,
            pattern=r"^[^\x00]*$",
            description="Name of own templates that print them; empty: none.",
            examples=["winter"],
        ),
    ] = ""


class SelectionTold(Told):
    """Which policies are meant, and by which templates they are printed; an empty list leaves out none."""

    product_codes: list[str]
    place_codes: list[str]
    plan_codes: list[str]
    payer_groups: list[str]
    template: str


def told_selection(selection: Selection, template: str) -> dict[str, Any]:
    """Return the fields of :class:`SelectionTold`.

    >>> told_selection(Selection(place_codes=("ES",)), "winter")["place_codes"]
    ['ES']
    """
    return {**{name: list(getattr(selection, name)) for name in SELECTION_FIELDS}, "template": template}
