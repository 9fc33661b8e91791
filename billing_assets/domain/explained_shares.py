"""Why a part of a running total is what it is: of one of several charges, or of one of several payers.

Belongs here: the inputs of both, and the result. Does not belong here: which weights there are
(``explained_charges``, ``explained_payers``), how a running total is shared out (``apportionment``), the
formulas (``explanations``).
"""

from collections.abc import Sequence

from billing_assets.domain.apportionment import apportioned, in_order
from billing_assets.domain.explained_words import Formula, Unit
from billing_assets.domain.explanations import WEIGHTS, Input, minor


def running_inputs(
    formula: Formula, weights: Sequence[int], place: int, before_minor: int, whole_minor: int
) -> tuple[Input, ...]:
    """Return the inputs of the part that the weight at ``place`` has of ``whole_minor``.

    ``before_minor`` is what comes before it. The larger weights take their part first.

    >>> inputs = running_inputs(Formula.CHARGE_SHARE, (320_00, 160_00), 1, 0, 40_00)
    >>> [(each.name, each.value) for each in inputs if each.name.startswith("charge")]
    [('charge', 16000), ('charges_left', 16000)]
    """
    order = in_order(weights)
    larger = order[: order.index(place)]
    to_minor = before_minor + whole_minor
    parts_to, parts_before = apportioned(weights, to_minor), apportioned(weights, before_minor)
    name, unit = WEIGHTS[formula], Unit.PPM if formula is Formula.PAYER_SHARE else Unit.MINOR
    left = sum(weights) - sum(weights[each] for each in larger)
    return (
        minor("planned_to", to_minor),
        minor("planned_before", before_minor),
        Input(name=name, value=weights[place], unit=unit),
        Input(name=f"{name}s_left", value=left, unit=unit),
        minor("larger_to", sum(parts_to[each] for each in larger)),
        minor("larger_before", sum(parts_before[each] for each in larger)),
    )
