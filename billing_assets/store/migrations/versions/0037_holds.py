"""Holds: clocks that stand still by law, for some places, products and dates.

A row is never changed but for its end: who lifted it, when and why.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

HOLDS = """
create table clock_hold (
    hold_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    clocks text[] not null check (clocks <@ array['bill', 'send'] and cardinality(clocks) > 0),
    place_codes text[] not null check (array_position(place_codes, null) is null),
    product_codes text[] not null check (array_position(product_codes, null) is null),
    from_date date not null,
    until_date date check (until_date >= from_date),
    reason text not null check (reason <> ''),
    set_by text not null check (set_by <> ''),
    set_at timestamptz not null,
    lifted_at timestamptz check (lifted_at >= set_at),
    lifted_by text not null default '',
    lift_reason text not null default '',
    check ((lifted_at is null) = (lifted_by = '') and (lifted_at is null) = (lift_reason = ''))
);
create index clock_hold_standing on clock_hold (company_id) where lifted_at is null;
grant select, insert on clock_hold to billing_app;
"""

# A hold of a country is one of its subdivisions too. Codes hold no character that a pattern knows.
COVERS = """
create function is_held_by(hold clock_hold, place_code text, product_code text) returns boolean
    language sql immutable parallel safe as $$
    select (cardinality(hold.place_codes) = 0 or exists (
            select from unnest(hold.place_codes) as held (code)
            where place_code = held.code or starts_with(place_code, held.code || '-')))
        and (cardinality(hold.product_codes) = 0 or product_code = any(hold.product_codes))
$$;
"""

UPDATES = {"clock_hold": "lifted_at, lifted_by, lift_reason"}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Make the table, and the function that tells which terms a hold is of."""
    op.execute(HOLDS)
    op.execute(COVERS)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
