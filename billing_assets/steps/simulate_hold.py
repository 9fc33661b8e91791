"""Simulate: what a hold would touch, before anybody sets it.

Belongs here: pricing, shard by shard, what falls due on the days of the hold; nothing is written.
Does not belong here: which terms it is of (``frames.holds``), setting it (``wiring.hold_desk``).

It is the calculation of a run of the last day, over the terms that the hold is of: what it says is what the
runs would hold, as long as neither book nor rules change.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from billing_assets.domain.charges import PREMIUM_CHANGE
from billing_assets.domain.holds import HoldTerms
from billing_assets.frames.expected_volume import add_volumes, expected_volume
from billing_assets.frames.holds import of_holds
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.crews import Crew, WaitForTurn, Workplace
from billing_assets.steps.forecast_volume import ExpectedVolume
from billing_assets.steps.plan_due_charges import SHARD_TERMS, basis_of, cut_shards
from billing_assets.steps.price_plan import Scope, scope_of
from billing_assets.steps.run_ports import Progress, RunStore, Shard, silent

LOOKED_AHEAD = 60
"""So many days are looked at of a hold that has no end yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSimulation:
    """What a hold touches from ``from_date`` to ``to_date``.

    ``policy_count`` policies with ``term_count`` terms are in force on one of its days and of its place and
    product. Of them ``billed_policy_count`` have something due by its end: the invoices of ``days``, by
    billing date and currency, with tax. What is late already stands together on the day before ``from_date``.
    """

    from_date: date
    to_date: date
    policy_count: int
    term_count: int
    billed_policy_count: int
    days: tuple[ExpectedVolume, ...]

    @property
    def totals(self) -> tuple[ExpectedVolume, ...]:
        """All days together: a row per currency, dated with the last day."""
        sums: dict[str, tuple[int, int]] = {}
        for row in self.days:
            count, total = sums.get(row.currency, (0, 0))
            sums[row.currency] = count + row.invoice_count, total + row.total_minor
        return tuple(
            ExpectedVolume(
                billing_date=self.to_date, currency=currency, invoice_count=count, total_minor=total
            )
            for currency, (count, total) in sorted(sums.items())
        )


def simulate_hold(
    company_code: str,
    hold: HoldTerms,
    *,
    store: RunStore,
    crew: Crew,
    progress: Progress = silent,
) -> HoldSimulation:
    """Return what a hold would keep from being billed; of one without an end, in its first 60 days.

    Holds that stand already are left aside: what they keep back counts too.
    """
    issuer = store.issuer(company_code)
    last = hold.until_date or hold.from_date + timedelta(days=LOOKED_AHEAD)
    position = store.book_position(issuer.company_id, SHARD_TERMS)
    basis = basis_of(last, issuer, position, store, issuing_date=None)
    scope = scope_of(last, issuer, basis, store=store)
    # A run of a closed day bills less: the calculation is that of the next open one. What waits in a run for
    # its approval is kept back too: nobody can issue it under the hold.
    job = _Touching(replace(scope, billing_date=scope.open_day(last), held_until=None), hold, last)
    shards, parts = cut_shards(position), []
    with closing(crew.work(job, shards)) as found:
        for done, part in enumerate(found, start=1):
            parts.append(part)
            progress("looking ahead", done, len(shards))
    # A policy may have terms in a shard of policies and in one of payers.
    policies = pl.concat(part.policies for part in parts).unique()
    return HoldSimulation(
        from_date=hold.from_date,
        to_date=last,
        policy_count=policies["policy_number"].n_unique(),
        term_count=sum(part.term_count for part in parts),
        billed_policy_count=policies.filter("is_billed")["policy_number"].n_unique(),
        days=tuple(
            ExpectedVolume(**row) for row in add_volumes(part.days for part in parts).iter_rows(named=True)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a shard comes to: ``policies`` has ``policy_number`` and ``is_billed``, once for each answer."""

    policies: pl.DataFrame
    term_count: int
    days: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Touching:
    """The job of looking at one shard."""

    scope: Scope
    hold: HoldTerms
    last: date

    def __call__(self, shard: Shard, place: Workplace, _wait_for_turn: WaitForTurn) -> _Part:
        scope = self.scope
        book = place.store.read_book(scope.issuer.company_id, scope.batch_id, shard, scope.billing_date)
        terms = of_holds(book.terms, [self.hold])
        in_force = terms.filter(
            pl.col("effective_date") <= self.last,
            pl.min_horizontal("expiration_date", "cover_to_date") > self.hold.from_date,
        )
        drafts = _by_last_day(scope.drafts(replace(book, terms=terms)), self.last)
        is_due = pl.col("draft_index").is_not_null() & (pl.col("billing_date") <= self.last)
        billed = drafts.charges.filter(is_due, pl.col("outcome") == "invoiced").select("policy_number")
        policies = pl.concat(
            [
                in_force.select("policy_number", is_billed=pl.lit(value=False)),
                billed.with_columns(is_billed=pl.lit(value=True)),
            ]
        )
        found = expected_volume(drafts, self.hold.from_date)
        return _Part(
            policies=policies.unique(),
            term_count=in_force.height,
            days=found.filter(pl.col("billing_date") <= self.last),
        )


def _by_last_day(drafts: Drafts, last: date) -> Drafts:
    """Return the drafts with the last day on bills of changes alone: these carry the day of the calculation.

    It may lie after the last day, where that is closed; runs before have held the change.
    """
    of_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    is_late = of_change.all().over("draft_index") & (pl.col("billing_date") > last)
    dated = pl.when(is_late).then(pl.lit(last)).otherwise("billing_date")
    return replace(drafts, charges=drafts.charges.with_columns(billing_date=dated))
