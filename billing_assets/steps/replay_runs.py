"""Replay: closed periods worked out again by today's code, on the book and by the rules of then.

Belongs here: the order of work, shard by shard. Does not belong here: the calculation and the comparison
(``frames``), SQL (``store``).

Nothing is written. What people decided is taken as it was: which terms were held, which days the company had
closed, and on which day the documents were issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.replays import Difference, DifferenceKind
from billing_assets.frames.cash_rounding import used_units
from billing_assets.frames.document_templates import recorded_hashes
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.numbered import Heading, number_drafts
from billing_assets.frames.numbered_credits import number_credits
from billing_assets.frames.on_demand import until_frame
from billing_assets.frames.replays import Recorded, differences, with_recorded_holds
from billing_assets.steps.calculation import Calculation
from billing_assets.steps.replay_ports import ReplayShard, ReplayStore
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, RuleRows, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """Which billing dates are replayed, both included; ``limit`` differences are kept, all are counted."""

    company_code: str
    from_date: date
    to_date: date
    limit: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay found: its counts, and the differences that are kept, in the order of the runs."""

    result: StepResult
    differences: Sequence[Difference] = field(default=())


def replay_runs(order: ReplayOrder, *, store: ReplayStore, progress: Progress = silent) -> Replay:
    """Work the finalised runs of these dates out again and name each value that comes out otherwise.

    Facts: ``run_count``, ``charge_count``, ``invoice_count``, ``difference_count`` and
    ``unknown_rules_count``, the shards whose rule rows nobody kept, which are replayed by today's rows.
    """
    timer = Stopwatch()
    shards = store.replay_shards(order.company_code, order.from_date, order.to_date)
    found: list[Difference] = []
    counts = {"charge_count": 0, "invoice_count": 0, "difference_count": 0}
    for number, shard in enumerate(shards):
        progress(f"replaying {shard.billing_date}", number, len(shards))
        charge_count, invoice_count, rows = _replayed(shard, store, timer)
        counts["charge_count"] += charge_count
        counts["invoice_count"] += invoice_count
        counts["difference_count"] += rows.height
        kept = rows.head(max(0, order.limit - len(found)))
        found.extend(_difference(shard, row) for row in kept.iter_rows(named=True))
    facts: dict[str, int | str] = {
        "run_count": len({shard.run_id for shard in shards}),
        **counts,
        "unknown_rules_count": sum(shard.rule_set_id is None for shard in shards),
    }
    result = StepResult(step="replay_runs", facts=facts, seconds=timer.seconds)
    return Replay(result=result, differences=tuple(found))


def _replayed(shard: ReplayShard, store: ReplayStore, timer: Stopwatch) -> tuple[int, int, pl.DataFrame]:
    """Return how many charges and documents a shard recorded, and what comes out otherwise."""
    with timer("read"):
        book, recorded = store.read_book_as_then(shard), store.recorded(shard)
        rules = store.rules_as_then(shard.rule_set_id)
        closed = store.closed_days(shard.company_id, shard.closed_day_id)
    with timer("calculate"):
        calculation = Calculation(
            billing_date=shard.billing_date,
            place_code=shard.place_code,
            rules=rules,
            closed_days=closed,
            held_until=shard.held_until,
            catch_up=shard.catch_up,
        )
        if shard.until:
            until = until_frame(dict(shard.until))
            last = calculation.open_day(max(day for _, day in shard.until))
            calculation = replace(calculation, billing_date=last, until=until)
        terms = with_recorded_holds(book.terms, recorded.charges)
        drafts = calculation.drafts(replace(book, terms=terms))
        numbered = _numbered(shard, drafts, recorded, rules, closed.of(Purpose.DUE))
    with timer("compare"):
        rows = differences(recorded, drafts, numbered, _numbered_credits(shard, drafts, recorded))
    notes = recorded.credits.documents.height if recorded.credits else 0
    return recorded.charges.height, recorded.documents.height + notes, rows


def _numbered(
    shard: ReplayShard,
    drafts: Drafts,
    recorded: Recorded,
    rules: RuleRows,
    closed_due_days: frozenset[date],
) -> pl.DataFrame | None:
    """Return the drafts with the numbers, the issue date and the hashes that the shard's documents carry.

    Sums payable are rounded as the company version says that the documents carry.
    """
    if recorded.documents.is_empty() or drafts.invoices.is_empty():
        return None
    first = recorded.documents.sort("invoice_number").row(0, named=True)
    units = used_units(rules.cash_units, first["cash_currencies"].split())
    heading = _heading(shard, first, recorded, drafts)
    return number_drafts(drafts, heading, cash_units=units, closed_due_days=closed_due_days)


def _numbered_credits(shard: ReplayShard, drafts: Drafts, recorded: Recorded) -> pl.DataFrame | None:
    """Return the credit notes with the numbers, the issue date and the hashes that the shard's have."""
    if recorded.credits is None or drafts.credits is None or recorded.credits.documents.is_empty():
        return None
    first = recorded.credits.documents.sort("invoice_number").row(0, named=True)
    heading = _heading(shard, first, recorded.credits, drafts.credits)
    return number_credits(drafts.credits, heading, reason=None)


def _heading(shard: ReplayShard, first: Mapping[str, Any], recorded: Recorded, drafts: Drafts) -> Heading:
    """Return what the documents of a shard share, by the recorded one that has the lowest number.

    The template of each is the one that it froze: which one prints what was decided by people.
    """
    return Heading(
        prefix=first["prefix"],
        first_number=first["invoice_number"],
        issue_date=first["issue_date"],
        company_id=shard.company_id,
        company_sha256=first["company_sha256"],
        template_sha256=recorded_hashes(recorded.documents, drafts.invoices.height),
    )


def _difference(shard: ReplayShard, row: dict[str, object]) -> Difference:
    return Difference(
        run_id=shard.run_id,
        billing_date=shard.billing_date,
        policy_number=str(row["policy_number"]),
        installment_number=int(str(row["installment_number"])),
        document_number=str(row["document_number"]),
        kind=DifferenceKind(str(row["kind"])),
        field_name=str(row["field_name"]),
        recorded=str(row["recorded"]),
        recomputed=str(row["recomputed"]),
    )
