"""Charge lines: the parts that the premium of a policy term is made of, such as liability and own damage.

Belongs here: what a charge line is. Does not belong here: how an installment is split into lines
(``apportionment``; over columns ``frames.charge_lines``), how a book brings them (``book_mapping``), what an
installment comes to (``frames.installments``).

**Rounded both ways.** Each installment is what the plan says of the whole premium, and each line comes over
all installments to its charge, because a running total is shared out by the charges.
"""

from dataclasses import dataclass

MAX_CHARGE_LINES = 20
"""So many charge lines a term may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """A charge of a policy term: ``premium_minor`` of the premium, before tax, above 0.

    ``charge_number`` is its place in the mapping, from 1; 0 stands for the whole premium of a term that has
    no charge lines. Tax rows go by ``line_of_business``; documents print ``charge_name``.
    """

    charge_number: int
    charge_code: str
    charge_name: str
    line_of_business: str
    premium_minor: int
