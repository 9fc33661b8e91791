"""A Problem for each term that was held before holds were listed among the problems.

It belongs to the batch that brought the held version, and is open while that version is the current one.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HELD = """
insert into problem (company_id, batch_id, record_key, problem_code, field_name, original_value, original_row,
    owner, is_open, recorded_at, policy_number, effective_date, expiration_date)
select v.company_id, v.batch_id, concat(p.policy_number, ' ', v.effective_date), v.hold_code, '', '', '',
    'intake', v.superseded_batch_id is null, b.imported_at, p.policy_number, v.effective_date,
    v.expiration_date
from policy_term_version v join policy p using (policy_id) join intake_batch b using (batch_id)
where v.hold_code is not null and not exists (
    select from problem q
    where q.batch_id = v.batch_id and q.problem_code = v.hold_code and q.policy_number = p.policy_number
        and q.effective_date = v.effective_date)
order by v.policy_term_version_id
"""


def upgrade() -> None:
    """Write the missing problems."""
    op.execute(HELD)
