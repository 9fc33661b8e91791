"""What a company's template is active for, templates with a name, and the one that a run asks for.

A version is active for products, places and languages from the act that makes it active; empty lists are
every document, as before. What had no name has none. The new columns have constant defaults, so no row is
written again.
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TEMPLATES = """
alter table company_template
    add column template_name text not null default ''
        check (template_name ~ '^([a-z][a-z0-9_-]{0,39})?$');
alter table company_template_act
    add column product_codes text[] not null default '{}',
    add column place_codes text[] not null default '{}',
    add column languages text[] not null default '{}',
    add check (act = 'activate'
        or (product_codes = '{}' and place_codes = '{}' and languages = '{}'));
"""

RUNS = """
alter table billing_run
    add column template_name text not null default '',
    add constraint billing_run_template_check check (template_name = '' or run_kind = 'billing') not valid;
"""

UPDATES = {"billing_run": "template_name"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Add the columns; the one of runs is written while a run is planned."""
    for part in (TEMPLATES, RUNS):
        op.execute(part)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
