"""The queries of the invariants: each returns what breaks it, and must return nothing.

Belongs here: running the checks of ``domain.checks`` over the store. The queries stand beside this file, one
file per theme: ``documents``, ``taxes``, ``records``, ``corrections``, ``runs``, ``installments``,
``deliveries``, ``intake``, ``references``, ``replacements``, ``guards``, ``cash_rounding``, ``charge_lines``,
``payer_shares``, ``payer_guards``, ``certificates``, ``ledger``, ``number_blocks``, ``audit_log``,
``detached_months``, ``holds``, ``payments``, ``statuses``, ``document_requests``.
Does not belong here: the statements of the invariants (``domain.checks``), what to do about an offender.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Connection, text

from billing_assets.domain.checks import CHECKS, Check, CheckResult
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES
from billing_assets.domain.problems import LEFT_OUT, ROW_TAKEN_CODES
from billing_assets.store.checks import (
    audit_log,
    cash_rounding,
    certificates,
    charge_lines,
    corrections,
    deliveries,
    detached_months,
    document_requests,
    documents,
    guards,
    holds,
    installments,
    intake,
    ledger,
    number_blocks,
    payer_guards,
    payer_shares,
    payments,
    records,
    references,
    replacements,
    runs,
    statuses,
    taxes,
)
from billing_assets.store.delivery_queue import IS_HELD_UNTIL, MAY_LEAVE

EXAMPLE_COUNT = 5
"""So many offenders are named; all are counted."""

QUERIES: Mapping[str, str] = MappingProxyType(
    {
        "I01": documents.SUMS,
        "I02": taxes.TAXES,
        "I03": documents.AMOUNTS,
        "I04": ledger.ENTRIES,
        "I05": ledger.BALANCES,
        "I06": ledger.DOCUMENTS,
        "I07": f"{documents.PERIODS} union all ({replacements.REPLACEMENTS})",
        "I08": f"{documents.NUMBERS} union all ({number_blocks.BLOCKS})",
        "I09": records.RECORDS,
        "I10": corrections.CREDITS,
        "I11": payments.PAYMENTS,
        "I12": payments.DOCUMENTS,
        "I13": deliveries.IDENTITY,
        "I14": deliveries.BYTES,
        "I15": deliveries.STANDSTILL,
        "I17": f"{runs.OUTCOMES} union all ({installments.UNANSWERED})",
        "I18": intake.ROWS_AND_MONEY,
        "I19": payments.BALANCES,
        "I20": references.COMPANIES,
        "I21": audit_log.AUDIT_LOG,
        "I22": f"{guards.GUARDS} union all ({payer_guards.GUARDS})",
        "I23": cash_rounding.PAYABLES,
        "I24": charge_lines.CHARGE_LINES,
        "I25": payer_shares.PAYER_SHARES,
        "I26": certificates.CERTIFICATES,
        "I27": detached_months.MONTHS,
        "I28": holds.HELD_BILLS,
        "I29": statuses.STATUSES,
        "I30": document_requests.REQUESTS,
    }
)
"""``check_id`` -> its query, which returns one text column that names an offender by ids and numbers only."""

# A message that was held leaves with the deliveries of its day, behind the same checks as theirs.
_RUNS = f"""
select run_id from billing_run
where (cast(:day as date) is null or billing_date = :day)
    and (cast(:company as smallint) is null or company_id = :company)
union
select i.run_id from delivery v join document d using (document_id) join invoice i using (invoice_id)
where {MAY_LEAVE} and {IS_HELD_UNTIL}
    and (cast(:company as smallint) is null or v.company_id = :company)
"""  # noqa: S608 - constants
_IS_EVERYTHING = """
select cast(:day as date) is null and (
    cast(:company as smallint) is null or not exists (select from company where company_id <> :company))
"""


def run_checks(
    connection: Connection,
    billing_date: date | None = None,
    *,
    at: datetime,
    company_id: int | None = None,
    check_ids: Collection[str] | None = None,
    run_ids: Collection[int] | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[CheckResult]:
    """Return what each check found, in the order of ``CHECKS``; a sound store has no offender in any.

    ``billing_date`` and ``company_id`` narrow the checks to the runs of that date and company and what they
    rest on (guards are always checked whole); None asks about all of them. Without a date, the only company
    of a store is everything, rows that belong to no run included. ``run_ids`` asks about these runs and no
    others. ``at`` is the present instant, for what has waited too long. ``check_ids`` chooses checks, None
    all of them; before each, ``tell`` is told how many of how many are done. ``connection`` is one of
    ``store.connection``: search path, ISO dates, and the role of the application, which is itself checked.

    Raises:
        BillingError: ``check_unknown`` for an id that is not in ``CHECKS``.
    """
    unknown = sorted(set(check_ids or ()) - set(CHECKS))
    if unknown:
        raise BillingError(
            "check_unknown",
            f"there is no check '{unknown[0][:12]}'",
            f"choose from {', '.join(CHECKS)}",
        )
    scope = {"day": billing_date, "company": company_id}
    is_everything = run_ids is None and connection.execute(text(_IS_EVERYTHING), scope).scalar_one()
    of_scope = connection.execute(text(_RUNS), scope).scalars() if run_ids is None else run_ids
    values = {
        **guards.PARAMETERS,
        **payer_guards.PARAMETERS,
        **installments.PARAMETERS,
        **ledger.PARAMETERS,
        **payments.PARAMETERS,
        "is_everything": is_everything,
        "company": company_id,
        "runs": [] if is_everything else list(of_scope),
        "at": at,
        "currencies": sorted(CURRENCIES),
        "row_taken": list(ROW_TAKEN_CODES),
        "left_out": LEFT_OUT,
    }
    wanted = [check for check_id, check in CHECKS.items() if check_ids is None or check_id in check_ids]
    results = []
    for done, check in enumerate(wanted):
        tell(done, len(wanted))
        results.append(_result(connection, check, values))
    return results


def asked_query(check_id: str, *, is_everything: bool) -> str:
    """Return the query of a check as it is sent, over everything or over some runs.

    Beside an ``or`` PostgreSQL cannot join what stands in ``in (select ...)``: it compares each row with each
    as soon as the list is too long to be hashed. So the ``or`` goes where it says nothing.

    >>> ":is_everything or" in asked_query("I20", is_everything=False)
    False
    """
    query = QUERIES[check_id]
    return query if is_everything else query.replace(":is_everything or ", "")


def _result(connection: Connection, check: Check, values: Mapping[str, object]) -> CheckResult:
    """Return the offenders of one check, counted once each, the first few in the order of their names."""
    query = asked_query(check.check_id, is_everything=bool(values["is_everything"]))
    counted = (
        f"select count(*), (array_agg(offender order by offender))[1:{EXAMPLE_COUNT}] "  # noqa: S608 - our own
        f"from (select distinct offender from ({query}) as found (offender)) as offenders"
    )
    count, examples = connection.execute(text(counted), values).one()
    return CheckResult(check=check, offender_count=count, examples=tuple(examples or ()))
