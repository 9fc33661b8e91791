"""Selections: a run says which policies of the book it bills, and so does each of its shards.

``selection`` holds the lists that are not empty, ``{}`` is the whole book. It is written with the run and
never after: what a run is of decides what its date is settled by. The new columns have constant defaults, so
no row is written again. A month may be detached once a run of the whole book has answered for it.
"""

from alembic import op

from billing_assets.store.migrations.month_functions import OBSTACLES

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

RUNS = """
alter table billing_run
    add column selection jsonb not null default '{}',
    add constraint billing_run_selection_check check (
        jsonb_typeof(selection) = 'object' and (selection = '{}' or run_kind = 'billing')) not valid;
"""

SHARDS = """
alter table run_shard
    add column product_codes text[] not null default '{}',
    add column place_codes text[] not null default '{}',
    add column plan_codes text[] not null default '{}',
    add column payer_groups text[] not null default '{}';
"""

_SETTLES = "and held_until is null"


def upgrade() -> None:
    """Add the columns; the application may insert them, and update none."""
    for part in (RUNS, SHARDS):
        op.execute(part)
    replaced = OBSTACLES.replace("create function", "create or replace function", 1)
    op.execute(replaced.replace(_SETTLES, f"{_SETTLES} and selection = '{{}}'", 1))
