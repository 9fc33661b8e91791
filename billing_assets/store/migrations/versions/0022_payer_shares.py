"""Payer shares: the payers of a term that has several, and what each of them bears.

A term without further payers has none of these rows, and ``payer_count`` 0. A run answers for an installment
of the others payer by payer, so that its key names the payer. The key that bills an installment once did so
before: whoever bills it to the same payer again is refused. The new column has a constant default: no row is
written again, but one key is built anew.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BOOK = """
create table policy_term_payer (
    policy_term_version_id bigint not null references policy_term_version,
    payer_number smallint not null check (payer_number between 1 and 10),
    payer_id bigint not null references payer,
    share_ppm integer not null check (share_ppm between 1 and 999999),
    primary key (policy_term_version_id, payer_number),
    unique (policy_term_version_id, payer_id)
);
alter table policy_term_version
    add column payer_count smallint not null default 0,
    add constraint policy_term_version_payers_check check (payer_count = 0 or payer_count between 2 and 10)
        not valid;
create index policy_term_version_payers on policy_term_version (company_id, policy_id)
    where payer_count > 0;
create function payers_of(version_id bigint) returns text language sql stable as $$
    select coalesce(string_agg(concat_ws(' ', share_ppm, payer_key), chr(10) order by payer_number), '')
    from policy_term_payer join payer using (payer_id) where policy_term_version_id = version_id
$$;
"""

CHARGES = """
alter table due_charge
    drop constraint due_charge_pkey,
    add primary key (run_id, policy_term_id, installment_number, charge_kind, revision, charge_number,
        payer_id);
"""

FROZEN = ("policy_term_payer",)
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table with its guards, and the key that payer shares need."""
    for part in (BOOK, CHARGES):
        op.execute(part)
    for table in FROZEN:
        op.execute(
            f"create trigger refuse_change before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger refuse_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
        op.execute(f"grant select, insert on {table} to billing_app")
