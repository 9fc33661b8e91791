"""Where a policy book comes from, what it wrote, and what its problems hold."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCHES = """
alter table intake_batch
    add column source_code text not null default '',
    add column is_full boolean not null default false;
create index intake_batch_source on intake_batch (company_id, source_code, batch_id desc);
create index intake_batch_file on intake_batch (company_id, file_sha256);
"""

# What older batches wrote, counted from what is there; an unchanged row left no trace of its premium.
WRITTEN = """
with written as (
    select v.batch_id, v.currency::text as currency, count(*) as term_count, sum(v.premium_minor) as premium
    from policy_term_version v group by 1, 2
), summed as (
    select b.batch_id, coalesce(m.currency, w.currency) as currency, coalesce(w.term_count, 0) as term_count,
        coalesce(w.premium, 0) as premium, coalesce((m.sums ->> 'accepted')::numeric, 0) as accepted
    from intake_batch b
    left join lateral jsonb_each(b.control_totals -> 'premium') as m (currency, sums) on true
    full join written w on w.batch_id = b.batch_id and w.currency = m.currency
    where b.batch_id is not null and coalesce(m.currency, w.currency) is not null
), totals as (
    select batch_id, sum(term_count)::bigint as term_count, jsonb_object_agg(currency, jsonb_build_object(
        'term_count', term_count, 'premium', premium, 'standing_premium', accepted - premium)) as written
    from summed group by batch_id
)
update intake_batch b set control_totals = b.control_totals || jsonb_build_object(
    'written', coalesce((select t.written from totals t where t.batch_id = b.batch_id), '{}'),
    'missing_count', 0,
    'written_payer_count', (select count(*) from payer_version y where y.batch_id = b.batch_id),
    'payer_change_count', b.new_count + b.changed_count
        - coalesce((select t.term_count from totals t where t.batch_id = b.batch_id), 0))
"""

PROBLEMS = """
alter table problem
    add column policy_number text,
    add column effective_date date,
    add column expiration_date date;
create table problem_hold (
    problem_id bigint not null references problem,
    policy_term_id bigint not null references policy_term,
    company_id smallint not null,
    policy_id bigint not null,
    released_batch_id bigint references intake_batch,
    primary key (problem_id, policy_term_id)
);
create index problem_hold_book on problem_hold (company_id, policy_id);
"""

UPDATES = {"problem_hold": "released_batch_id"}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Add what later books are compared by, what each batch wrote, and the holds of problems."""
    for part in (BATCHES, WRITTEN, PROBLEMS):
        op.execute(part)
    op.execute("grant select, insert on problem_hold to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
