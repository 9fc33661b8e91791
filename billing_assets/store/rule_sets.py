"""Rule sets: which rows of taxes, plans and cash units a shard was priced by.

Belongs here: keeping the set of a run's rows, and reading the rows again as they were then.
Does not belong here: the rows themselves (``rule_rows``).

A rule row never changes but for its end, which is set once. So a set is the keys of its rows, each with the
end that it had. It also says that tax rows which say the same were one tax of a document; the first sets do
not, and each row was one by itself then.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.steps.run_ports import TAX_GROUPS, RuleRows
from billing_assets.store.rule_rows import read_cash_units, read_plans, read_tax_rules

_KEEP = """
insert into rule_set (content, content_sha256, recorded_at)
values (:content, sha256(convert_to(:content, 'UTF8')), :at)
on conflict (content_sha256) do nothing
"""
_FIND = "select rule_set_id from rule_set where content_sha256 = :hash"


def keep_rule_set(connection: Connection, rules: RuleRows, at: datetime) -> int:
    """Keep which rows these are and return the id of the set; the same rows are one set."""
    content = rules.content()
    connection.execute(text(_KEEP), {"content": content, "at": at})
    values = {"hash": sha256(content.encode()).digest()}
    return int(connection.execute(text(_FIND), values).scalar_one())


def read_rules(connection: Connection) -> RuleRows:
    """Return every tax rule, payment plan and cash unit as of now."""
    return RuleRows(
        tax_rules=read_tax_rules(connection),
        plans=read_plans(connection),
        cash_units=read_cash_units(connection),
    )


def read_rule_set(connection: Connection, rule_set_id: int | None) -> RuleRows:
    """Return the rows of a set, each with the end that it had when the set was kept.

    The first sets name no cash units: nothing was rounded by one then. Without an id, for a shard that was
    committed before sets were kept, the rows are today's.
    """
    rules = read_rules(connection)
    if rule_set_id is None:
        return replace(rules, has_tax_groups=False)
    query = text("select content from rule_set where rule_set_id = :id")
    kept = json.loads(connection.execute(query, {"id": rule_set_id}).scalar_one())
    return RuleRows(
        tax_rules=_as_then(rules.tax_rules, "tax_rule_id", kept["tax_rules"]),
        plans=_as_then(rules.plans, "payment_plan_id", kept["plans"]),
        cash_units=_as_then(rules.cash_units, "cash_unit_id", kept.get("cash_units", {})),
        has_tax_groups=TAX_GROUPS in kept,
    )


def _as_then(rows: pl.DataFrame, key: str, kept: Mapping[str, str | None]) -> pl.DataFrame:
    ends = pl.DataFrame(
        {
            key: [int(row_id) for row_id in kept],
            "valid_to": [None if end is None else date.fromisoformat(end) for end in kept.values()],
        },
        schema={key: pl.Int64, "valid_to": pl.Date},
    )
    found = rows.drop("valid_to").join(ends, on=key, how="inner", maintain_order="left")
    return found.select(rows.columns)
