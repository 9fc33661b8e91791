"""Blocks of numbers: a row for each block drawn from a series, each of which follows the one before it.

A block names the end and the date of the block before it by a foreign key; only the block that begins with 1
has none. Each first number is there once, so a block has at most one that follows it: the blocks of a series
are one chain from 1, without a gap or an overlap, and their dates never run backwards, by constraint alone.

Numbers that were given before are one block for each date. Where they have a gap, or dates that run
backwards, a block takes it in and the upgrade goes on: check I08 names what is missing, as it did before.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BLOCKS = """
create table number_block (
    number_series_id smallint not null references number_series,
    first_number bigint not null check (first_number > 0),
    last_number bigint not null check (last_number >= first_number),
    issue_date date not null,
    previous_last_number bigint generated always as (nullif(first_number - 1, 0)) stored,
    previous_issue_date date check (previous_issue_date <= issue_date),
    primary key (number_series_id, first_number),
    unique (number_series_id, last_number, issue_date),
    check ((first_number = 1) = (previous_issue_date is null)),
    constraint number_block_follows foreign key (number_series_id, previous_last_number, previous_issue_date)
        references number_block (number_series_id, last_number, issue_date)
);
"""

GIVEN_BEFORE = """
with given as (
    select number_series_id, issue_date, max(invoice_number) as last_number
    from invoice group by number_series_id, issue_date
), rising as (
    select *, max(last_number) over (partition by number_series_id order by issue_date
        rows between unbounded preceding and 1 preceding) as highest_before
    from given
)
insert into number_block (number_series_id, first_number, last_number, issue_date, previous_issue_date)
select number_series_id, 1 + lag(last_number, 1, 0::bigint) over dates, last_number, issue_date,
    lag(issue_date) over dates
from rising where last_number > coalesce(highest_before, 0)
window dates as (partition by number_series_id order by issue_date)
"""

FROZEN = ("number_block",)
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table with its guards, and the blocks of the numbers that were given before."""
    for part in (BLOCKS, GIVEN_BEFORE):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
        op.execute(f"grant select, insert on {table} to billing_app")
