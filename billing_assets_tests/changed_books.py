"""A term with changes, billed run by run by the calculation itself, without a store.

Belongs here: what a store would keep between two runs. Does not belong here: any rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from billing_assets.domain.calendar_rule import NO_CLOSED_DAYS
from billing_assets.domain.runs import CatchUp
from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.columns import (
    ANSWERED_SCHEMA,
    CHANGE_SCHEMA,
    DOCUMENTED_LINE_SCHEMA,
    SETTLED_SCHEMA,
    TERM_SCHEMA,
    schema_of,
)
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.calculation import Calculation
from billing_assets.steps.run_ports import RuleRows, ShardBook
from billing_assets_tests.frames.rows import charged_by
from billing_assets_tests.reference.policy_changes import PolicyChange

_TAX = schema_of("original_invoice_id", "tax_rule_id")


@dataclass(kw_only=True)
class ChangedBook:
    """One term, its plan and tax rows, and the documents so far."""

    term: dict[str, Any]
    plans: pl.DataFrame
    tax_rules: pl.DataFrame
    lines: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)
    zeros: list[dict[str, Any]] = field(default_factory=list)
    invoice_count: int = 0

    def run(self, day: date, known: Sequence[PolicyChange]) -> list[tuple[str, int, int]]:
        """Bill a day and return (what, part, net) as the reference tells it."""
        drafts = self.drafts(day, known)
        found = [
            (
                "change" if row["charge_kind"] == "premium_change" else "premium",
                row["revision"],
                row["net_minor"],
            )
            for row in drafts.lines.iter_rows(named=True)
            if row["charge_kind"] != "installment_fee"
        ]
        back: dict[int, int] = {}
        if drafts.credits is not None:
            for row in drafts.credits.lines.iter_rows(named=True):
                back[row["revision"]] = back.get(row["revision"], 0) + row["net_minor"]
        self._keep(drafts)
        return [*found, *(("back", part, net) for part, net in back.items() if net)]

    def drafts(self, day: date, known: Sequence[PolicyChange]) -> Drafts:
        """Return what a run of a day would issue."""
        calculation = Calculation(
            billing_date=day,
            place_code="ES",
            rules=RuleRows(tax_rules=self.tax_rules, plans=self.plans),
            closed_days=NO_CLOSED_DAYS,
            held_until=None,
            catch_up=CatchUp.PER_PERIOD,
        )
        term_id = self.term["policy_term_id"]
        billed = [row for row in self.lines if row["charge_kind"] == "premium"]
        keys = [
            {"policy_term_id": term_id, "installment_number": row["installment_number"]}
            for row in (*billed, *self.zeros)
        ]
        book = ShardBook(
            terms=pl.DataFrame([self.term], schema=TERM_SCHEMA),
            settled=pl.DataFrame(keys, schema=SETTLED_SCHEMA),
            changes=self._changes(known) if known else None,
        )
        return calculation.drafts(book)

    @property
    def documented(self) -> tuple[int, int]:
        """Net and tax that documents charge, less what they give back."""
        net, tax = (
            sum(row[name] - row[f"credited_{name}"] for row in self.lines)
            for name in ("net_minor", "tax_minor")
        )
        return net, tax

    def _changes(self, known: Sequence[PolicyChange]) -> ChangeBook:
        rows = [
            {
                "policy_term_id": self.term["policy_term_id"],
                "change_number": each.change_number,
                "change_kind": each.kind.value,
                "change_date": each.effective_date,
                "currency": "EUR",
                "premium_minor": each.premium_minor,
                "method_code": each.method_code,
            }
            for each in known
        ]
        return ChangeBook(
            changes=pl.DataFrame(rows, schema=CHANGE_SCHEMA),
            lines=pl.DataFrame(self.lines, schema=DOCUMENTED_LINE_SCHEMA),
            taxes=charged_by(pl.DataFrame(self.taxes, schema=_TAX), self.tax_rules),
            zeros=pl.DataFrame(self.zeros, schema=SETTLED_SCHEMA),
            answered=pl.DataFrame(schema=ANSWERED_SCHEMA),
        )

    def _keep(self, drafts: Drafts) -> None:
        """Remember what a store would."""
        for row in drafts.charges.filter(pl.col("outcome") == "zero").iter_rows(named=True):
            self.zeros.append({name: row[name] for name in SETTLED_SCHEMA})
        if drafts.credits is not None:
            of_line = {(row["original_invoice_id"], row["line_number"]): row for row in self.lines}
            for row in drafts.credits.lines.iter_rows(named=True):
                credited = of_line[row["original_invoice_id"], row["credited_line_number"]]
                for name in ("net_minor", "tax_minor"):
                    credited[f"credited_{name}"] += row[name]
        first = self.invoice_count + 1
        self.invoice_count += drafts.invoices.height
        for row in drafts.lines.iter_rows(named=True):
            known = {name: row[name] for name in DOCUMENTED_LINE_SCHEMA if name in row}
            self.lines.append(
                {
                    **dict.fromkeys(DOCUMENTED_LINE_SCHEMA),
                    **known,
                    "original_invoice_id": first + row["draft_index"],
                    "original_number": f"INV-{first + row['draft_index']:08d}",
                    **dict.fromkeys(("credited_net_minor", "credited_tax_minor", "corrected_net_minor"), 0),
                }
            )
        self.taxes += [
            {"original_invoice_id": first + row["draft_index"], "tax_rule_id": row["tax_rule_id"]}
            for row in drafts.taxes.iter_rows(named=True)
        ]
