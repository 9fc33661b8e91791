"""Price a plan: what the shards of a run come to before anything is issued.

Belongs here: reading and pricing shard by shard, adding up, holding what was found against the bounds.
Does not belong here: formulas (``frames``), recording the plan (``plan_due_charges``).

Memory does not grow with the book: a shard is priced, added to the sums, and kept for issuing only where
there is room (``crews``).
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

import polars as pl

from billing_assets.domain.runs import NO_TAX_RULE, CatchUp, CurrencyTotal, Outcome
from billing_assets.domain.safety_bounds import CreditSum, RunFindings, exceeded_bounds
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.calendars import HOLIDAYS_VERSION
from billing_assets.frames.cash_rounding import NO_CASH_UNITS, used_units
from billing_assets.frames.change_figures import add_credit_sums, change_outliers, credit_sums
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.numbered import issuable
from billing_assets.frames.plan_hashes import cash_parts, drafts_sha256, plan_sha256
from billing_assets.frames.run_figures import (
    add_figures,
    add_reasons,
    before_of,
    compared_days,
    comparisons_of,
    figures_of,
    first_bills,
    largest_outliers,
    outliers_of,
    reasons_of,
    shown_figures,
    unbilled_terms,
)
from billing_assets.frames.selections import selected_figures
from billing_assets.frames.tax_rows import untaxed_charges
from billing_assets.frames.term_counts import term_counts
from billing_assets.steps.calculation import Calculation
from billing_assets.steps.crews import Crew, WaitForTurn, Workplace
from billing_assets.steps.program_version import program_sha256
from billing_assets.steps.run_ports import (
    Issuer,
    PlanRecord,
    Progress,
    RunBasis,
    RunStore,
    Shard,
    ShardBook,
)

SHOWN_OUTLIERS = 100
"""So many policies that stand out are named; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(Calculation):
    """The calculation of a run, with the company, the book and the runs that it is compared with.

    ``cash_units`` are the rows by which the company rounds sums payable.
    """

    issuer: Issuer
    batch_id: int
    run_dates: tuple[date, date] | None
    cash_units: pl.DataFrame = field(default_factory=NO_CASH_UNITS.clone)
    selection: Selection = EVERYTHING

    def basis_sha256(self, basis: RunBasis) -> str:
        """Return the hash of everything that decides what is due on the date, beside what is billed.

        Formulas are those of the program's text, public holidays those of a version of their list.
        """
        issuer = (self.issuer.company_id, self.issuer.company_version_id)
        versions = (program_sha256(), HOLIDAYS_VERSION)
        parts = (self.billing_date, *issuer, basis, self.catch_up.value, self.rules.content(), *versions)
        return sha256(repr(parts).encode()).hexdigest()

    def counted_drafts(self, book: ShardBook) -> Drafts:
        """Return the drafts of a shard of the book, with how many terms it has and how many are due."""
        drafts = self.drafts(book)
        return replace(drafts, term_counts=term_counts(book.terms, drafts.charges, self.billing_date))


@dataclass(frozen=True, slots=True, kw_only=True)
class _PricedShard:
    """What a shard comes to; ``outliers`` are the largest of ``outlier_count``."""

    sha256: str
    reasons: pl.DataFrame
    figures: pl.DataFrame
    outliers: pl.DataFrame
    outlier_count: int
    credits: pl.DataFrame
    untaxed: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPlan:
    """What all shards come to.

    ``reasons`` counts and adds up the charges by outcome, reason and currency; ``outliers`` are the first of
    ``outlier_count``; ``untaxed`` counts the charges on which no tax row falls, by place, line and kind.
    """

    totals: tuple[CurrencyTotal, ...]
    sha256: str
    reasons: tuple[Mapping[str, Any], ...]
    figures: pl.DataFrame
    outliers: tuple[Mapping[str, Any], ...]
    outlier_count: int
    credits: tuple[CreditSum, ...]
    untaxed: tuple[Mapping[str, Any], ...]


def scope_of(
    billing_date: date,
    issuer: Issuer,
    basis: RunBasis,
    *,
    store: RunStore,
    catch_up: CatchUp = CatchUp.PER_PERIOD,
) -> Scope:
    """Return the scope of a run of ``billing_date``, of the book and the closed days that it rests on."""
    rules = store.rule_rows()
    return Scope(
        issuer=issuer,
        billing_date=billing_date,
        place_code=issuer.company.place_code,
        batch_id=basis.batch_id,
        rules=rules,
        closed_days=store.closed_days(issuer.company_id, basis.closed_day_id),
        held_until=basis.held_until,
        holds=tuple(hold.terms for hold in basis.holds),
        catch_up=catch_up,
        run_dates=store.run_dates(issuer.company_id, billing_date),
        cash_units=used_units(rules.cash_units, issuer.company.cash_rounding),
        selection=basis.selection,
    )


def price_shards(scope: Scope, shards: Sequence[Shard], *, crew: Crew, progress: Progress) -> PricedPlan:
    """Price what is due in these shards; the crew keeps what it has room for, for :func:`raise_invoices`."""
    parts: list[_PricedShard] = []
    with closing(crew.work(_Pricing(scope), shards)) as priced:
        for done, part in enumerate(priced, start=1):
            parts.append(part)
            progress("planning", done, len(shards))
    hashes = [part.sha256 for part in parts if part.reasons.height]
    reasons = add_reasons(part.reasons for part in parts)
    outliers = pl.concat(part.outliers for part in parts)
    sums = add_credit_sums(part.credits for part in parts)
    return PricedPlan(
        totals=totals_of(reasons),
        sha256=plan_sha256(scope.billing_date, [*hashes, *cash_parts(scope.cash_units)]),
        reasons=tuple(reasons.to_dicts()),
        figures=add_figures(part.figures for part in parts),
        outliers=tuple(largest_outliers(outliers, SHOWN_OUTLIERS).to_dicts()),
        outlier_count=sum(part.outlier_count for part in parts),
        credits=tuple(CreditSum(**row) for row in sums.to_dicts()),
        untaxed=_untaxed(part.untaxed for part in parts),
    )


def _untaxed(parts: Iterable[pl.DataFrame]) -> tuple[Mapping[str, Any], ...]:
    key = ["place_code", "line_of_business", "charge_kind"]
    return tuple(pl.concat(parts).group_by(key).agg(pl.col("charge_count").sum()).sort(key).to_dicts())


@dataclass(frozen=True, slots=True)
class _Pricing:
    """The job of pricing one shard."""

    scope: Scope

    def __call__(self, shard: Shard, place: Workplace, _wait_for_turn: WaitForTurn) -> _PricedShard:
        scope, store = self.scope, place.store
        book = store.read_book(scope.issuer.company_id, scope.batch_id, shard, scope.billing_date)
        drafts = scope.counted_drafts(book)
        place.kept.keep(shard.shard_number, issuable(drafts))
        outliers = _outliers(scope, shard, book, drafts, store)
        return _PricedShard(
            sha256=drafts_sha256(drafts),
            reasons=reasons_of(drafts),
            figures=figures_of(drafts, scope.rules.plans, scope.run_dates),
            outliers=largest_outliers(outliers, SHOWN_OUTLIERS),
            outlier_count=outliers.height,
            credits=credit_sums(drafts, book.terms, scope.billing_date),
            untaxed=untaxed_charges(
                drafts.charges.filter(pl.col("reason_code") == NO_TAX_RULE), scope.rules.tax_rules
            ),
        )


def _outliers(scope: Scope, shard: Shard, book: ShardBook, drafts: Drafts, store: RunStore) -> pl.DataFrame:
    """Return the policies of a shard that stand out, by the company's bound."""
    plans, times = scope.rules.plans, scope.issuer.company.safety_bounds.bill_times
    unbilled = unbilled_terms(drafts, book.settled)
    last_bills = store.last_bills(shard, unbilled if times else unbilled.clear())
    bills = first_bills(drafts, plans, book.settled, last_bills)
    outliers = outliers_of(bills, last_bills, times)
    if not times or book.changes is None:
        return outliers
    changed = change_outliers(drafts, book.terms, book.changes.lines, times)
    outliers = pl.concat([outliers, changed], how="vertical_relaxed")
    return outliers.unique("policy_number", keep="last", maintain_order=True)


def plan_record(scope: Scope, priced: PricedPlan, basis_sha256: str, *, store: RunStore) -> PlanRecord:
    """Return what is kept of a priced plan: set beside the bills before, and held against the bounds."""
    company_id, selection = scope.issuer.company_id, scope.selection
    earlier = store.figures_before(company_id, compared_days(priced.figures))
    before = before_of(priced.figures, selected_figures(earlier, selection))
    # What runs of selections have billed of the date already is no bill that fell away.
    beside = selected_figures(store.figures_beside(company_id, scope.billing_date), selection)
    comparisons = comparisons_of(add_figures([priced.figures, beside]), before)
    findings = RunFindings(
        comparisons=comparisons,
        credits=priced.credits,
        outlier_count=priced.outlier_count,
        problem_count=sum(row["due_installment_count"] for row in priced.reasons if _is_problem(row)),
        due_count=sum(row["due_installment_count"] for row in priced.reasons),
    )
    return PlanRecord(
        basis_sha256=basis_sha256,
        totals=priced.totals,
        plan_sha256=priced.sha256,
        figures=priced.figures,
        exceeded=exceeded_bounds(scope.issuer.company.safety_bounds, findings),
        rehearsal={
            "due_count": sum(row["charge_count"] for row in priced.reasons),
            "due_installment_count": findings.due_count,
            "problem_count": findings.problem_count,
            "charges": priced.reasons,
            "figures": shown_figures(priced.figures, before),
            "comparisons": [asdict(row) for row in comparisons],
            "untaxed": priced.untaxed,
            "outlier_count": priced.outlier_count,
            "outliers": priced.outliers,
        },
    )


def _is_problem(row: Mapping[str, Any]) -> bool:
    """Tell whether charges failed, or are held by a refused row of the book."""
    outcome = Outcome(row["outcome"])
    return outcome is Outcome.FAILED or (
        outcome is Outcome.HELD and bool(row["reason_code"] == "row_is_problem")
    )


def totals_of(sums: pl.DataFrame) -> tuple[CurrencyTotal, ...]:
    """Return one total per outcome and currency of rows with both, ``charge_count`` and ``net_minor``.

    >>> row = {"outcome": "zero", "currency": "EUR", "charge_count": 1, "net_minor": 0}
    >>> totals_of(pl.DataFrame([row, row]))[0].charge_count
    2
    """
    return add_totals(
        CurrencyTotal(
            outcome=Outcome(row["outcome"]),
            currency=row["currency"],
            charge_count=row["charge_count"],
            net_minor=row["net_minor"],
        )
        for row in sums.iter_rows(named=True)
    )


def add_totals(totals: Iterable[CurrencyTotal]) -> tuple[CurrencyTotal, ...]:
    """Return the totals added up per outcome and currency, sorted.

    >>> one = CurrencyTotal(outcome=Outcome.ZERO, currency="EUR", charge_count=1, net_minor=0)
    >>> add_totals([one, one])[0].charge_count
    2
    """
    sums: dict[tuple[Outcome, str], tuple[int, int]] = {}
    for total in totals:
        count, net = sums.get((total.outcome, total.currency), (0, 0))
        sums[total.outcome, total.currency] = (count + total.charge_count, net + total.net_minor)
    return tuple(
        CurrencyTotal(outcome=outcome, currency=currency, charge_count=count, net_minor=net)
        for (outcome, currency), (count, net) in sorted(sums.items())
    )
