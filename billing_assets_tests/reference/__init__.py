"""The rules of docs/explanation/calculation.md once more, slowly and one policy at a time.

Belongs here: an oracle for the column expressions of the package: own rounding, calendars, months.
Does not belong here: anything that imports from the package more than the rule rows of `domain`.

The entrances are `installments.installments`, `invoices.invoices` and `generate.random_policies`.
"""
