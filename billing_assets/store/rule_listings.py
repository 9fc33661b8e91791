"""Rule rows of the store as people see them.

Belongs here: read models of tax rows, by place and day, and of cash units.
Does not belong here: the frames that a run reads and the seeding (``rule_rows``).
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.cash_rounding import CashUnit
from billing_assets.domain.tax_rule import Basis, Category, RoundingScope, TaxPoint, TaxRule

_KINDS: Mapping[str, Callable[[str], Any]] = {
    "category_code": Category,
    "basis": Basis,
    "rounding_scope": RoundingScope,
    "tax_point": TaxPoint,
}
_TAX_RULES = """
select * from tax_rule
where (:place = '' or place_code = :place)
    and (cast(:day as date) is null or (valid_from <= :day and (valid_to is null or :day < valid_to)))
order by place_code, line_of_business, tax_code, valid_from
"""
_CASH_UNITS = """
select * from cash_unit
where cast(:day as date) is null or (valid_from <= :day and (valid_to is null or :day < valid_to))
order by currency, valid_from
"""


def list_tax_rules(connection: Connection, place_code: str = "", day: date | None = None) -> list[TaxRule]:
    """Return the tax rows of a place, or of all, that hold on ``day``, or on any."""
    values = {"place": place_code, "day": day}
    return [tax_rule_of(row) for row in connection.execute(text(_TAX_RULES), values).mappings()]


def list_cash_units(connection: Connection, day: date | None = None) -> list[CashUnit]:
    """Return the rows of the smallest cash amounts that hold on ``day``, or on any."""
    rows = connection.execute(text(_CASH_UNITS), {"day": day}).mappings()
    return [cash_unit_of(row) for row in rows]


def cash_unit_of(row: RowMapping) -> CashUnit:
    """Return a row of table ``cash_unit`` as a rule; other columns may stand beside it."""
    return CashUnit(**{each.name: row[each.name] for each in fields(CashUnit)})


def tax_rule_of(row: RowMapping) -> TaxRule:
    """Return a row of table ``tax_rule`` as a rule; other columns may stand beside it."""
    words = {name: kind(row[name]) for name, kind in _KINDS.items()}
    others = {each.name: row[each.name] for each in fields(TaxRule) if each.name not in words}
    return TaxRule(**words, **others)
