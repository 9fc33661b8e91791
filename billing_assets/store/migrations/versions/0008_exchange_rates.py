"""Dated exchange rates, for reports in one currency."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = """
create table exchange_rate (
    exchange_rate_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    base_currency char(3) not null,
    currency char(3) not null check (currency <> base_currency),
    rate_date date not null,
    rate_e10 bigint not null check (rate_e10 > 0),
    source text not null check (source <> ''),
    recorded_by text not null,
    recorded_at timestamptz not null
);
create index exchange_rate_of_day on exchange_rate (company_id, currency, rate_date, exchange_rate_id);
"""

FROZEN = ("exchange_rate",)
"""Tables whose rows are written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table, for the application to add to."""
    op.execute(TABLE)
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
    op.execute("grant usage on all sequences in schema billing to billing_app")
