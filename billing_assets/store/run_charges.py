"""The charges of a run as people page through them, each with its document or its problem.

Belongs here: one page of the charges of one run, in the order of its keys, whatever the size of the run.
Does not belong here: a list by policy number (``charge_listings``), what stands over all runs (``failures``).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.numbering import document_number
from billing_assets.domain.runs import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChargeFilter:
    """Which charges of a run; an empty field asks for nothing.

    ``after`` is the place of the last row seen: its reason, its term and its installment.
    """

    run_id: int
    outcome: str = ""
    reason_code: str = ""
    policy_number: str = ""
    after: tuple[str, int, int] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChargeRow:
    """A charge of a run; ``problem_id`` is that of the open problem that holds its term, None without one."""

    policy_term_id: int
    policy_number: str
    payer_key: str
    installment_number: int
    charge_kind: str
    charge_name: str
    outcome: str
    reason_code: str
    due_date: date
    currency: str
    net_minor: int
    invoice_number: str
    problem_id: int | None

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it stands in its list."""
        return self.reason_code, self.policy_term_id, self.installment_number


# A page ends with a whole installment, so that the next one begins below it.
_PAGE = """
with page as materialized (
    select d.* from due_charge d
    where d.company_id = :company and d.run_id = :run {conditions}
    order by {order} fetch first :limit rows with ties
)
select d.policy_term_id, p.policy_number, y.payer_key, d.installment_number, d.charge_kind,
    coalesce(h.charge_name, '') as charge_name, d.outcome, coalesce(d.reason_code, '') as reason_code,
    d.due_date, d.currency, d.net_minor, s.prefix, i.invoice_number, (
        select max(q.problem_id) from problem_hold g
        join problem q on q.problem_id = g.problem_id and q.is_open
        where g.company_id = d.company_id and g.policy_id = p.policy_id
            and g.policy_term_id = d.policy_term_id and d.outcome = 'held') as problem_id
from page d join policy_term t using (policy_term_id) join policy p using (policy_id)
join payer y on y.payer_id = d.payer_id
left join invoice i using (invoice_id) left join number_series s using (number_series_id)
left join policy_term_charge h on h.policy_term_version_id = d.policy_term_version_id
    and h.charge_number = d.charge_number
order by {order}, charge_kind <> 'premium', d.charge_number
"""
_BY_KEY = "d.policy_term_id, d.installment_number"
# Of what was not invoiced there is an index by outcome and reason.
_BY_REASON = "d.outcome, d.reason_code, d.policy_term_id, d.installment_number"
_OF_POLICY = """
and d.policy_term_id in (select t.policy_term_id from policy p join policy_term t using (policy_id)
    where p.company_id = :company and p.policy_number = :policy)
"""


def list_run_charges(connection: Connection, company_id: int, wanted: RunChargeFilter) -> list[RunChargeRow]:
    """Return a page of the charges of a run: by reason where an outcome without document is asked for."""
    is_by_reason = wanted.outcome not in {"", Outcome.INVOICED.value}
    order = _BY_REASON if is_by_reason else _BY_KEY
    conditions = []
    if wanted.outcome:
        conditions.append("and d.outcome = :outcome")
    if wanted.outcome not in {"", Outcome.INVOICED.value}:
        conditions.append("and d.outcome <> 'invoiced'")
    if wanted.reason_code:
        conditions.append("and d.reason_code = :reason")
    if wanted.policy_number:
        conditions.append(_OF_POLICY)
    if wanted.after:
        key = "d.reason_code, " if is_by_reason else ""
        value = ":after_reason, " if is_by_reason else ""
        conditions.append(
            f"and ({key}d.policy_term_id, d.installment_number) > ({value}:after_term, :after_number)"
        )
    after_reason, after_term, after_number = wanted.after or ("", 0, 0)
    values = {
        "company": company_id,
        "run": wanted.run_id,
        "outcome": wanted.outcome,
        "reason": wanted.reason_code,
        "policy": wanted.policy_number,
        "after_reason": after_reason,
        "after_term": after_term,
        "after_number": after_number,
        "limit": wanted.limit,
    }
    query = _PAGE.format(conditions=" ".join(conditions), order=order)
    return [_charge(row) for row in connection.execute(text(query), values)]


def _charge(row: Row[Any]) -> RunChargeRow:
    return RunChargeRow(
        policy_term_id=row.policy_term_id,
        policy_number=row.policy_number,
        payer_key=row.payer_key,
        installment_number=row.installment_number,
        charge_kind=row.charge_kind,
        charge_name=row.charge_name,
        outcome=row.outcome,
        reason_code=row.reason_code,
        due_date=row.due_date,
        currency=row.currency,
        net_minor=row.net_minor,
        invoice_number="" if row.prefix is None else document_number(row.prefix, row.invoice_number),
        problem_id=row.problem_id,
    )
