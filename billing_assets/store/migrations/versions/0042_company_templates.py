"""Templates of a company: versions with all their files, and what was done with each.

A version is never changed, and nor is an act: another word on a page is another version.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TEMPLATES = """
create table company_template (
    template_id integer generated always as identity primary key,
    company_id smallint not null references company,
    document_kind text not null check (document_kind in ('invoice', 'credit_note')),
    version_number integer not null check (version_number > 0),
    content_sha256 bytea not null check (octet_length(content_sha256) = 32),
    archive bytea not null,
    note text not null default '',
    added_by text not null check (added_by <> ''),
    added_at timestamptz not null,
    unique (company_id, document_kind, version_number)
);
create index company_template_content on company_template (content_sha256);
create table company_template_act (
    template_act_id integer generated always as identity primary key,
    template_id integer not null references company_template,
    act text not null check (act in ('test', 'approve', 'activate', 'retire')),
    acted_by text not null check (acted_by <> ''),
    acted_at timestamptz not null,
    note text not null default '',
    from_date date,
    is_passed boolean,
    result jsonb,
    check ((act in ('activate', 'retire')) = (from_date is not null)),
    check ((act = 'test') = (is_passed is not null)),
    check ((act = 'test') = (result is not null))
);
create unique index company_template_act_once on company_template_act (template_id, act) where act <> 'test';
create index company_template_act_of on company_template_act (template_id, template_act_id);
grant select, insert on company_template, company_template_act to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

FROZEN = ("company_template", "company_template_act")
"""Tables whose rows are written once, never changed, never removed."""


def upgrade() -> None:
    """Make the tables, for the application to add to."""
    op.execute(TEMPLATES)
    for table in FROZEN:
        freeze(table)
