"""Retries of failed invoices: what each attempt at a failed charge came to.

An attempt is of a version of a term: a book that corrects the term begins anew. Its key refuses a second
attempt of the same number, whoever makes it.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

RETRIES = """
create table invoice_retry (
    policy_term_version_id bigint not null references policy_term_version,
    installment_number integer not null,
    attempt_number smallint not null check (attempt_number > 0),
    company_id smallint not null references company,
    policy_term_id bigint not null references policy_term,
    until_date date not null,
    run_id bigint,
    reason_code text check (reason_code <> ''),
    attempted_at timestamptz not null,
    next_attempt_at timestamptz check (next_attempt_at > attempted_at),
    primary key (policy_term_version_id, installment_number, attempt_number),
    check (reason_code is not null or next_attempt_at is null)
);
create index invoice_retry_given_up on invoice_retry (company_id, attempted_at)
    where reason_code is not null and next_attempt_at is null;
grant select, insert on invoice_retry to billing_app;
"""

FROZEN = ("invoice_retry",)
"""Tables whose rows are written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table, for the application to add to."""
    op.execute(RETRIES)
    for table in FROZEN:
        freeze(table)
