"""Rule rows in the store: tax rules, payment plans, cash units and the accounts of the ledger.

Belongs here: seeding the shipped rows, reading the rows a run uses.
Does not belong here: the shipped rows themselves (``domain.taxes``, ``domain.payment_plans``,
``domain.cash_rounding``, ``domain.ledger``).
"""

from dataclasses import fields
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.cash_rounding import CASH_UNITS, CashUnit
from billing_assets.domain.ledger import ACCOUNTS, Account
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.columns import CASH_UNIT_SCHEMA, PLAN_SCHEMA, TAX_RULE_SCHEMA
from billing_assets.store.copy import copy_out

_KEYS = {
    "tax_rule": ("tax_code", "place_code", "line_of_business", "valid_from"),
    "payment_plan": ("plan_code", "valid_from"),
    "cash_unit": ("currency", "valid_from"),
    "ledger_account": ("account_number",),
}

_OWN_PLANS = "select plan_code from payment_plan join payment_plan_change using (payment_plan_id)"


def seed_rules(connection: Connection) -> None:
    """Add the shipped rows that the store does not have yet, and end those that were ended since.

    Nothing else of a row ever changes: what was billed by it can be computed again. A plan that a person has
    added to or ended is theirs, and no shipped row touches it.
    """
    for table, records in _shipped(connection).items():
        if not records:
            continue
        names = list(records[0])
        values = ", ".join(f":{name}" for name in names)
        end = (
            f"update set valid_to = excluded.valid_to "
            f"where {table}.valid_to is null and excluded.valid_to is not null"
        )
        statement = (
            f"insert into {table} ({', '.join(names)}) values ({values}) "  # noqa: S608 - constants
            f"on conflict ({', '.join(_KEYS[table])}) do {end if 'valid_to' in names else 'nothing'}"
        )
        connection.execute(text(statement), records)


def count_missing_rules(connection: Connection) -> int:
    """Return how many of the shipped rows the store does not have; a plan that is a person's lacks none."""
    missing = 0
    for table, records in _shipped(connection).items():
        names = _KEYS[table]
        query = text(f"select {', '.join(names)} from {table}")  # noqa: S608 - constants
        stored = {tuple(row) for row in connection.execute(query)}
        missing += len({tuple(record[name] for name in names) for record in records} - stored)
    return missing


def read_tax_rules(connection: Connection) -> pl.DataFrame:
    """Return every tax rule, ``columns.TAX_RULE_SCHEMA``."""
    # COPY writes t and f, a frame reads true and false.
    names = [f"{name}::text" if dtype is pl.Boolean else name for name, dtype in TAX_RULE_SCHEMA.items()]
    query = f"select {', '.join(names)} from tax_rule"  # noqa: S608 - constants
    return copy_out(connection, query, (), TAX_RULE_SCHEMA)


def read_plans(connection: Connection) -> pl.DataFrame:
    """Return every payment plan, ``columns.PLAN_SCHEMA``."""
    *names, _ = PLAN_SCHEMA
    query = f"select {', '.join(names)}, encode(content_sha256, 'hex') from payment_plan"  # noqa: S608
    return copy_out(connection, query, (), PLAN_SCHEMA)


def read_cash_units(connection: Connection) -> pl.DataFrame:
    """Return every cash unit, ``columns.CASH_UNIT_SCHEMA``."""
    query = f"select {', '.join(CASH_UNIT_SCHEMA)} from cash_unit"  # noqa: S608 - constants
    return copy_out(connection, query, (), CASH_UNIT_SCHEMA)


def _shipped(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    own = set(connection.execute(text(_OWN_PLANS)).scalars())
    return {
        "tax_rule": [_record(row) for row in shipped_tax_rules()],
        "payment_plan": [_record(row) for row in DEFAULT_PLANS if row.plan_code not in own],
        "cash_unit": [_record(row) for row in CASH_UNITS],
        "ledger_account": [_record(row) for row in ACCOUNTS],
    }


def _record(row: TaxRule | PaymentPlan | CashUnit | Account) -> dict[str, Any]:
    """Return the values of a row by name: all are plain, and every command asks for all of them."""
    return {each.name: getattr(row, each.name) for each in fields(row)}
