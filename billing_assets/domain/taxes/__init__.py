"""The shipped tax rows, one file per place.

Belongs here: gathering the rows of the siblings. A new place is a new file with its ``RULES``; nothing
else changes. The rows seed the store, where the rows that a run uses are read from. They are starting
values with their sources: counsel must confirm them before anyone is billed by them.

A row that names a line of business replaces every any-line row of its place, of whatever tax: beside it
there must be a row for each of the place's other taxes, unless it says that the line is exempt. Where the
law is not shipped for a line, or not as a whole, a row of category ``X`` says so: what it falls on is not
billed.

Does not belong here: the row type (``tax_rule``), the arithmetic (``frames.taxes``).
"""

import importlib
import pkgutil

from billing_assets.domain.tax_rule import TaxRule


def shipped_tax_rules() -> tuple[TaxRule, ...]:
    """Return the rows of every place, sorted by place, tax and date.

    >>> sorted({rule.place_code for rule in shipped_tax_rules()})
    ['DE', 'ES', 'FR', 'GB', 'IE', 'IT', 'IT-MI', 'IT-RM', 'JP', 'KW', 'NL', 'PT', 'US', 'US-AZ', 'US-CA', \
'US-FL', 'US-GA', 'US-ID', 'US-IL', 'US-NJ', 'US-NV', 'US-NY', 'US-PA', 'US-TX']
    """
    rules: list[TaxRule] = []
    for member in pkgutil.iter_modules(__path__):
        rules.extend(importlib.import_module(f"{__name__}.{member.name}").RULES)
    return tuple(sorted(rules, key=lambda r: (r.place_code, r.tax_code, r.line_of_business, r.valid_from)))
