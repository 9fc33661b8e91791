"""Options that select policies: by product, place, plan and payer group.

Belongs here: the four options, and the selection that they make. Does not belong here: what a selection may
say (``domain.selections``), the commands that take one (``run``, ``schedules``).
"""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import Selection, selection_from

_SEVERAL = "; several by commas, or the option again."
Products: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="CODE", help=f"Only policies of this product{_SEVERAL}"),
]
Places: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--place", metavar="CODE", help=f"Only policies of this place, as ES{_SEVERAL}"),
]
Plans: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--plan", metavar="CODE", help=f"Only policies of this payment plan{_SEVERAL}"),
]
PayerGroups: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--payer-group", metavar="CODE", help=f"Only policies of payers of this group{_SEVERAL}"),
]


def selection_of_options(
    products: Sequence[str] | None,
    places: Sequence[str] | None,
    plans: Sequence[str] | None,
    payer_groups: Sequence[str] | None,
) -> Selection:
    """Return the selection that the options make; without any of them, every policy.

    An option that is there and names nothing, as by a variable of a shell that is not set, is refused: it
    would bill every policy.

    Raises:
        BillingError: ``selection_invalid``.

    >>> selection_of_options(["motor", "home"], None, None, None).words()
    'product home, motor'
    """
    given = {"--product": products, "--place": places, "--plan": plans, "--payer-group": payer_groups}
    empty = [name for name, texts in given.items() if texts and not "".join(texts).strip(", ")]
    if empty:
        raise BillingError(
            "selection_invalid",
            f"{', '.join(empty)} names nothing",
            "nothing was done; name a code, or leave the option out for every policy",
        )
    return selection_from(selection_texts(products, places, plans, payer_groups))


def selection_texts(
    products: Sequence[str] | None,
    places: Sequence[str] | None,
    plans: Sequence[str] | None,
    payer_groups: Sequence[str] | None,
) -> dict[str, str]:
    """Return the options as the texts of the four lists; empty where an option is left out.

    >>> selection_texts(["motor", "home"], None, ["none"], None)["product_codes"]
    'motor, home'
    """
    names = ("product_codes", "place_codes", "plan_codes", "payer_groups")
    given = (products, places, plans, payer_groups)
    return {name: ", ".join(texts or ()) for name, texts in zip(names, given, strict=True)}
