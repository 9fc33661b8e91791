"""What only a run finds of terms, and no import: changed after they were billed, or billed elsewhere.

Belongs here: holding them as an import would, and the Problem of each. Does not belong here: the changes that
an import sees (``frames.book_changes``), what a held term means for a run (``frames.due_charges``).

An import compares its book with what was billed by then, and a run with what was billed by now. The two can
differ where an older program imported the change without looking. A run holds what it has found itself, among
its own charges: to look at the whole book again would cost more than the rest of its end.
"""

from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.problems import BILLED_ELSEWHERE
from billing_assets.store.problems import INTAKE_OWNER

# The Problem belongs to the batch that brought the version, as that of an import does.
_HOLD = """
with changed as (
    select distinct policy_term_version_id from due_charge
    where run_id = :run and outcome = 'held' and reason_code = :code
), held as (
    update policy_term_version v set hold_code = :code
    from changed c
    where v.policy_term_version_id = c.policy_term_version_id
        and v.superseded_batch_id is null and v.hold_code is null
    returning v.company_id, v.batch_id, v.policy_id, v.effective_date, v.expiration_date
)
insert into problem (company_id, batch_id, record_key, problem_code, field_name, original_value, original_row,
    owner, recorded_at, policy_number, effective_date, expiration_date)
select h.company_id, h.batch_id, concat(p.policy_number, ' ', h.effective_date), :code, '', '', '', :owner,
    :at, p.policy_number, h.effective_date, h.expiration_date
from held h join policy p using (policy_id)
order by 3
"""


def hold_changed_terms(connection: Connection, run_id: int, at: datetime) -> int:
    """Hold the terms that a run found changed and no import has held, each with an open Problem."""
    values = {"run": run_id, "code": HoldCode.CHANGED_AFTER_BILLING.value, "owner": INTAKE_OWNER, "at": at}
    return connection.execute(text(_HOLD), values).rowcount


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
