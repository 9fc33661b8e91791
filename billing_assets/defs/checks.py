"""Asset checks: each invariant is one, and nothing is printed or sent while one is broken.

What merely stands still in the outbox warns and stops nothing, as it does not on the command line.

Belongs here: invariants as checks of an asset. Does not belong here: what holds (``domain.checks``), how
it is asked (``store.checks``).
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from billing_assets.defs.conventions import POOL
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.resource import BillingResource
from billing_assets.domain.checks import CHECKS, STANDING_CHECKS, CheckResult

DELIVERY_CHECKS = frozenset({"I13", "I14", "I15"})
"""These speak of deliveries and are looked at when the mail has gone; all others guard the invoices."""

_TITLES = {
    "I01": "sums",
    "I02": "taxes",
    "I03": "amounts",
    "I04": "entries",
    "I05": "trial_balance",
    "I06": "postings",
    "I07": "billed_once",
    "I08": "numbers",
    "I09": "records",
    "I10": "credits",
    "I11": "payments",
    "I12": "allocations",
    "I13": "sent_once",
    "I14": "bytes_sent",
    "I15": "standstill",
    "I17": "outcomes",
    "I18": "intake",
    "I19": "reconciled",
    "I20": "companies",
    "I21": "audit_log",
    "I22": "guards",
    "I23": "payables",
    "I24": "charge_lines",
    "I25": "payer_shares",
    "I26": "complete",
    "I27": "detached_months",
    "I28": "holds",
    "I29": "told",
    "I30": "requests",
}


def check_name(check_id: str) -> str:
    """Return what people read in the list of checks: the id, and a word where it has one.

    >>> check_name("I01"), check_name("I99")
    ('I01_sums', 'I99')
    """
    title = _TITLES.get(check_id)
    return f"{check_id}_{title}" if title else check_id


def build_checks(dates: dg.PartitionsDefinition[str]) -> list[dg.AssetChecksDefinition]:
    """Return the checks of invoices, which block what follows, and the checks of deliveries."""
    guards = [check_id for check_id in CHECKS if check_id not in DELIVERY_CHECKS]
    return [
        _checks_of("invoices", guards, dates),
        _checks_of("deliveries", [check_id for check_id in CHECKS if check_id in DELIVERY_CHECKS], dates),
    ]


def _checks_of(
    asset: str, check_ids: list[str], dates: dg.PartitionsDefinition[str]
) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            check_name(check_id),
            asset=asset,
            description=CHECKS[check_id].statement,
            blocking=check_id not in STANDING_CHECKS,
            partitions_def=dates,
        )
        for check_id in check_ids
    ]

    @dg.multi_asset_check(name=f"{asset}_checks", specs=specs, can_subset=True, pool=POOL)
    def checks(
        context: dg.AssetCheckExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> Iterator[dg.AssetCheckResult]:
        with billing.open() as program:
            found = [program.audit(day) for day in billing_dates_of(context)]
        wanted = {key.name for key in context.selected_asset_check_keys}
        for results in _by_check(found).values():
            if check_name(results[0].check.check_id) in wanted:
                yield _evaluation(asset, results)

    return checks


def _severity(check_id: str) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.WARN if check_id in STANDING_CHECKS else dg.AssetCheckSeverity.ERROR


def _by_check(audits: list[list[CheckResult]]) -> Mapping[str, list[CheckResult]]:
    grouped: dict[str, list[CheckResult]] = {}
    for audit in audits:
        for result in audit:
            grouped.setdefault(result.check.check_id, []).append(result)
    return grouped


def _evaluation(asset: str, results: list[CheckResult]) -> dg.AssetCheckResult:
    offender_count = sum(result.offender_count for result in results)
    examples = [example for result in results for example in result.examples]
    check = results[0].check
    said = f"{offender_count:,} offenders: {'; '.join(examples)}" if offender_count else "holds"
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check_name(check.check_id),
        passed=not offender_count,
        severity=_severity(check.check_id),
        description=said,
        metadata={"offender_count": offender_count, "offenders": "; ".join(examples) or "none"},
    )
