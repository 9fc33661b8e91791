"""``billing retry``: try again what failed and is due to be tried.

Belongs here: the command and its words. Does not belong here: when something is due (``domain.retries``),
how it is billed (``steps``).
"""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, Limit, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, instant
from billing_assets.domain.retries import FailedCharge, RetryRule, RetryState, due_retries

if TYPE_CHECKING:
    from billing_assets.wiring.on_demand import OnDemandDesk

EPILOG = "billing retry --dry-run\n\nbilling retry"

_STATE_WORDS = {
    RetryState.DUE: "now",
    RetryState.LATER: "at its time",
    RetryState.REQUESTED: "asked for in the inbox: billing inbox drain",
    RetryState.OWNED: "a person has it",
    RetryState.GIVEN_UP: "given up: a person has it",
}


def retry(
    is_dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be tried now and when the rest is due; nothing is tried or kept.",
        ),
    ] = False,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Try again what failed and is due to be tried, each thing once.

    Only what failed is billed, up to its own billing date. BILLING_RETRY_WAIT_HOURS says how long after a
    failure it is tried again, and how often; then BILLING_RETRY_OWNER has it. A schedule does the same:
    'billing schedules add ... --activity failed_invoice_retry'.
    """
    from billing_assets.wiring.build import utc_now
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        on_demand = OnDemandDesk(desk.billing)
        if is_dry_run:
            _show_plan(screen, on_demand, desk.billing.settings.retry_rule, utc_now(), limit)
            return
        with screen.progress("retrying") as progress:
            facts = on_demand.retry(progress=progress).facts
    screen.document(dict(facts))
    counts = {name: int(facts[f"{name}_count"]) for name in ("cleared", "failed", "given_up", "waiting")}
    screen.say(
        f"{count_of(int(facts['retried_count']), 'failed charge')} tried: {counts['cleared']:,} stand failed "
        f"no more, {counts['failed']:,} failed again, of these {counts['given_up']:,} are given up"
    )
    if counts["waiting"]:
        screen.hint(f"{counts['waiting']:,} are left to a run that is under way or held: billing runs")
    if counts["failed"]:
        screen.hint("when they are tried again: billing retry --dry-run")
        raise typer.Exit(ExitCode.ATTENTION)


def _show_plan(screen: Screen, desk: "OnDemandDesk", rule: RetryRule, at: datetime, limit: int) -> None:
    charges = desk.failed_charges()
    planned = due_retries(charges, rule, at)
    tried = {charge.key for retry in planned.values() for charge in retry.charges}
    rows = sorted(charges, key=lambda each: (each.key not in tried, _due(each, rule), each.policy_number))
    states = {each.key: _state(each, rule, at, is_tried=each.key in tried) for each in rows}
    counts = Counter(state.value for state in states.values())
    screen.document(
        {
            "is_dry_run": True,
            "counts": {state.value: counts[state.value] for state in RetryState},
            "charges": [_record(each, rule, states[each.key]) for each in rows],
        }
    )
    screen.say(f"{count_of(counts['due'], 'failed charge')} would be tried now; nothing was tried")
    screen.table(
        [
            "policy",
            ">installment",
            "why it failed",
            "until",
            ">attempts",
            "next attempt (UTC)",
            "what is done",
        ],
        [
            [
                each.policy_number,
                each.installment_number or "-",
                each.reason_code,
                each.until_date,
                each.attempt_count,
                instant(each.due_at(rule)),
                _STATE_WORDS[states[each.key]],
            ]
            for each in rows[:limit]
        ],
        wrap=["what is done"],
    )
    if len(rows) > limit:
        screen.hint(f"{len(rows) - limit:,} more: --limit {len(rows)}")


def _state(charge: FailedCharge, rule: RetryRule, at: datetime, *, is_tried: bool) -> RetryState:
    """Return what is done with a charge; what is tried along with another of its policy is tried now."""
    return RetryState.DUE if is_tried else charge.state(rule, at)


def _due(charge: FailedCharge, rule: RetryRule) -> tuple[bool, float]:
    due_at = charge.due_at(rule)
    return due_at is None, due_at.timestamp() if due_at else 0.0


def _record(charge: FailedCharge, rule: RetryRule, state: RetryState) -> dict[str, object]:
    return {
        "policy_number": charge.policy_number,
        "policy_term_id": charge.policy_term_id,
        "installment_number": charge.installment_number,
        "reason_code": charge.reason_code,
        "until_date": charge.until_date,
        "attempt_count": charge.attempt_count,
        "next_attempt_at": charge.due_at(rule),
        "state": state.value,
        "owner": charge.owner,
    }
