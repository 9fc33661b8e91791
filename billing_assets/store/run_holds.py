"""Terms that a run finds changed after they were billed, and that no import has held.

Belongs here: holding them as an import would, each with its Problem. Does not belong here: the changes that
an import sees (``frames.book_changes``), what a held term means for a run (``frames.due_charges``).

An import compares its book with what was billed by then, and a run with what was billed by now. The two can
differ where an older program imported the change without looking.
"""

from datetime import datetime

from sqlalchemy import Connection

from billing_assets.domain.policies import HoldCode
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
