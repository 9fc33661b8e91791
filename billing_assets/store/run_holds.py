"""What only a run finds of terms, and no import: changed after they were billed, or billed elsewhere.

Belongs here: holding them as an import would, and the Problem of each. Does not belong here: the changes that
an import sees (``frames.book_changes``), what a held term means for a run (``frames.due_charges``).

An import compares its book with what was billed by then, and a run with what was billed by now. The two can
differ where an older program imported the change without looking.
"""

from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.problems import BILLED_ELSEWHERE
from billing_assets.store.invoices import CHANGED_AFTER_BILLING
from billing_assets.store.problems import INTAKE_OWNER

_LAST_ID = 2**63 - 1

# The Problem belongs to the batch that brought the version, as that of an import does.
_HOLD = f"""
with changed as ({CHANGED_AFTER_BILLING}), held as (
    update policy_term_version v set hold_code = %(code)s
    from changed c
    where v.policy_term_id = c.policy_term_id and v.company_id = %(company)s
        and v.superseded_batch_id is null and v.hold_code is null
    returning v.company_id, v.batch_id, v.policy_id, v.effective_date, v.expiration_date
)
insert into problem (company_id, batch_id, record_key, problem_code, field_name, original_value, original_row,
    owner, recorded_at, policy_number, effective_date, expiration_date)
select h.company_id, h.batch_id, concat(p.policy_number, ' ', h.effective_date), %(code)s, '', '', '',
    %(owner)s, %(at)s, p.policy_number, h.effective_date, h.expiration_date
from held h join policy p using (policy_id)
order by 3
"""  # noqa: S608 - constants


def hold_changed_terms(connection: Connection, company_id: int, at: datetime) -> int:
    """Hold the terms of a company that no import has held, each with an open Problem; return how many."""
    values = {
        "company": company_id,
        "low": 0,
        "high": _LAST_ID,
        "batch": _LAST_ID,
        "code": HoldCode.CHANGED_AFTER_BILLING.value,
        "owner": INTAKE_OWNER,
        "at": at,
    }
    return connection.exec_driver_sql(_HOLD, values).rowcount


# Of the batch that brought the last change, though no file answers it: a person closes it.
_ELSEWHERE = """
insert into problem (company_id, batch_id, record_key, problem_code, field_name, original_value, original_row,
    owner, recorded_at, policy_number, effective_date, expiration_date)
select v.company_id, c.batch_id, concat(p.policy_number, ' ', v.effective_date), :code, '', '', '', :owner,
    :at, p.policy_number, v.effective_date, v.expiration_date
from (
    select distinct policy_term_id, policy_term_version_id from due_charge
    where run_id = :run and charge_kind = 'premium_change' and outcome = 'failed' and reason_code = :code
) d
join policy_term_version v using (policy_term_version_id) join policy p using (policy_id)
cross join lateral (
    select max(batch_id) as batch_id from policy_change where policy_term_id = d.policy_term_id
) c
order by 3
"""


def tell_billed_elsewhere(connection: Connection, run_id: int, at: datetime) -> int:
    """Write an open Problem for each term of which a run is to give back what was billed elsewhere."""
    values = {"run": run_id, "code": BILLED_ELSEWHERE, "owner": INTAKE_OWNER, "at": at}
    return connection.execute(text(_ELSEWHERE), values).rowcount
