"""Terms that were held because the book had changed them, once their invoices were replaced.

Belongs here: releasing them, and closing the problem that told of each. Does not belong here: which terms are
held (``invoices``, ``run_holds``), replacing (``replacements``).

A term of which another invoice still bills what the book does not say any more stays held.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.policies import HoldCode
from billing_assets.steps.run_ports import Run, Shard
from billing_assets.store.copy import copy_out
from billing_assets.store.invoices import CHANGED_AFTER_BILLING
from billing_assets.store.problems import close_problem
from billing_assets.store.shards import range_values

_STILL_CHANGED = f"select policy_term_id from ({CHANGED_AFTER_BILLING}) as changed"  # noqa: S608 - constants
_RELEASE = """
update policy_term_version set hold_code = null
where company_id = :company and policy_id = any(:policies) and superseded_batch_id is null
    and hold_code = :code and policy_term_id <> all(:still)
    and policy_term_id in (select l.policy_term_id from invoice i join invoice_line l using (invoice_id)
        where i.run_id = :run and i.replaced_invoice_id is not null)
returning policy_id, effective_date
"""
_PROBLEMS = """
select q.problem_id from problem q join policy p on p.company_id = q.company_id
    and p.policy_number = q.policy_number
where q.company_id = :company and q.is_open and q.problem_code = :code and p.policy_id = :policy
    and q.effective_date = :effective
order by 1
"""


def release_answered(
    connection: Connection, run: Run, policy_ids: Sequence[int], *, note: str, closed_by: str, at: datetime
) -> int:
    """Release the terms that a replacing run leaves as the book says, and return how many they are."""
    shard = Shard(
        shard_number=0,
        from_policy_id=min(policy_ids),
        to_policy_id=max(policy_ids) + 1,
        policy_ids=tuple(policy_ids),
    )
    asked = {"company": run.company_id, "batch": run.book_batch_id, **range_values(shard)}
    still = copy_out(connection, _STILL_CHANGED, asked, {"policy_term_id": pl.Int64})
    values = {
        "company": run.company_id,
        "policies": list(policy_ids),
        "code": HoldCode.CHANGED_AFTER_BILLING.value,
        "still": still["policy_term_id"].to_list(),
        "run": run.run_id,
    }
    released = connection.execute(text(_RELEASE), values).all()
    for term in released:
        of_term = {**values, "policy": term.policy_id, "effective": term.effective_date}
        for problem_id in connection.execute(text(_PROBLEMS), of_term).scalars().all():
            close_problem(
                connection, run.company_id, problem_id, note=note, closed_by=closed_by, closed_at=at
            )
    return len(released)
