"""Forecast: how many invoices come on each of the next days, by the book and the rules as of now.

Belongs here: pricing the days ahead shard by shard; no invoice is written.
Does not belong here: counting (``frames.expected_volume``), keeping the result (``store.volume_forecasts``).

It is the calculation of a run of the last day ahead, so that what it says is what the runs will do, as long
as neither book nor rules change. What is held now is not in it, but for what holds of the billing clock stop:
that stands on the days on which it would be billed without them. What is late stands on the day before.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from billing_assets.frames.expected_volume import add_volumes, expected_volume
from billing_assets.steps.crews import Crew, WaitForTurn, Workplace
from billing_assets.steps.plan_due_charges import SHARD_TERMS, basis_of, cut_shards
from billing_assets.steps.price_plan import Scope, scope_of
from billing_assets.steps.run_ports import Progress, RunStore, Shard, silent

DAYS_AHEAD = 60
"""So many days are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedVolume:
    """The invoices of a billing date in one currency, with tax."""

    billing_date: date
    currency: str
    invoice_count: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeForecast:
    """What is expected from ``as_of_date`` to ``to_date``, by the book of batch ``book_batch_id``.

    What was to be billed earlier and was not stands together on the day before ``as_of_date``.
    """

    as_of_date: date
    to_date: date
    book_batch_id: int
    days: Sequence[ExpectedVolume]

    @property
    def late(self) -> Sequence[ExpectedVolume]:
        """What is late, by currency."""
        return [row for row in self.days if row.billing_date < self.as_of_date]


def forecast_volume(
    company_code: str,
    as_of: date,
    *,
    store: RunStore,
    crew: Crew,
    days: int = DAYS_AHEAD,
    progress: Progress = silent,
) -> VolumeForecast:
    """Return the invoices of ``as_of`` and the ``days`` after it, by billing date and currency."""
    issuer, last = store.issuer(company_code), as_of + timedelta(days=days)
    position = store.book_position(issuer.company_id, SHARD_TERMS)
    basis = basis_of(last, issuer, position, store, issuing_date=None)
    scope = scope_of(last, issuer, basis, store=store)
    # A run of a closed day bills less: the calculation is that of the next open one.
    job = _Expecting(replace(scope, billing_date=scope.open_day(last)), as_of, last)
    shards, parts = cut_shards(position), []
    with closing(crew.work(job, shards)) as found:
        for done, part in enumerate(found, start=1):
            parts.append(part)
            progress("looking ahead", done, len(shards))
    return VolumeForecast(
        as_of_date=as_of,
        to_date=last,
        book_batch_id=scope.batch_id,
        days=tuple(ExpectedVolume(**row) for row in add_volumes(parts).iter_rows(named=True)),
    )


@dataclass(frozen=True, slots=True)
class _Expecting:
    """The job of looking ahead over one shard."""

    scope: Scope
    as_of: date
    last: date

    def __call__(self, shard: Shard, place: Workplace, _wait_for_turn: WaitForTurn) -> pl.DataFrame:
        scope = self.scope
        book = place.store.read_book(scope.issuer.company_id, scope.batch_id, shard, scope.billing_date)
        found = expected_volume(scope.drafts(book), self.as_of)
        return found.filter(pl.col("billing_date") <= self.last)
