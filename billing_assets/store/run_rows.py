"""Runs as rows of the store, and as the steps know them.

Belongs here: the columns of a run that the steps work on, read and written.
Does not belong here: which run (``runs``), runs as people see them (``run_listings``).
"""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from billing_assets.domain.runs import CatchUp, CurrencyTotal, Outcome, RunState
from billing_assets.domain.safety_bounds import Bound, Exceeded
from billing_assets.domain.selections import selection_of
from billing_assets.steps.run_ports import Run

RUN = """
select run_id, company_id, billing_date, sequence_number, issuing_date, state, book_batch_id, due_count,
    plan_totals, closed_day_id, plan_sha256, held_reasons, decided_at, catch_up, held_until, selection,
    template_name
from billing_run
"""
"""The rows of which :func:`run_of` makes runs."""


def plan_values(totals: tuple[CurrencyTotal, ...]) -> dict[str, Any]:
    """Return the values of the columns that say what a run has to answer for.

    >>> plan_values(())
    {'due': 0, 'totals': '[]'}
    """
    return {
        "due": sum(total.charge_count for total in totals),
        "totals": json.dumps([asdict(total) for total in totals]),
    }


def total_of(outcome: str, currency: str, count: int, net: str) -> CurrencyTotal:
    """Return a total as it is counted; sums beyond a number of the driver come as texts.

    >>> total_of("zero", "EUR", 1, "0").outcome
    <Outcome.ZERO: 'zero'>
    """
    return CurrencyTotal(outcome=Outcome(outcome), currency=currency, charge_count=count, net_minor=int(net))


def run_of(row: Row[Any]) -> Run:
    """Return a row of :data:`RUN` as a run."""
    return Run(
        run_id=row.run_id,
        company_id=row.company_id,
        billing_date=row.billing_date,
        sequence_number=row.sequence_number,
        issuing_date=row.issuing_date,
        state=RunState(row.state),
        book_batch_id=row.book_batch_id,
        due_count=row.due_count,
        closed_day_id=row.closed_day_id,
        plan_sha256=row.plan_sha256,
        exceeded=tuple(
            Exceeded(bound=Bound(each["bound"]), found=each["found"]) for each in row.held_reasons
        ),
        is_approved=row.decided_at is not None,
        catch_up=CatchUp(row.catch_up),
        held_until=row.held_until,
        selection=selection_of(row.selection),
        template_name=row.template_name,
        plan_totals=tuple(
            total_of(total["outcome"], total["currency"], total["charge_count"], total["net_minor"])
            for total in row.plan_totals
        ),
    )
