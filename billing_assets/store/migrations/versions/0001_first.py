"""The first schema: rules, policy book, runs, invoices, documents, deliveries.

Issued records (invoices, their lines and taxes, and every version row that a document rests on) accept no
update and no delete: a trigger refuses both, and the application role holds neither right.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RULES = """
create table company (
    company_id smallint generated always as identity primary key,
    company_code text not null unique check (company_code ~ '^[a-z0-9][a-z0-9_-]{0,31}$')
);
create table company_version (
    company_version_id integer generated always as identity primary key,
    company_id smallint not null references company,
    content text not null,
    content_sha256 bytea not null,
    recorded_at timestamptz not null
);
create index company_version_latest on company_version (company_id, company_version_id desc);
create table tax_rule (
    tax_rule_id integer generated always as identity primary key,
    tax_code text not null,
    place_code text not null,
    line_of_business text not null,
    category_code text not null,
    rate_ppm integer not null check (rate_ppm between 0 and 1000000),
    exemption_reason text not null,
    valid_from date not null,
    valid_to date check (valid_to > valid_from),
    source text not null check (source <> ''),
    unique (tax_code, place_code, line_of_business, valid_from),
    check ((category_code = 'E') = (exemption_reason <> ''))
);
create table payment_plan (
    payment_plan_id integer generated always as identity primary key,
    plan_code text not null,
    frequency_code text not null,
    lead_days smallint not null check (lead_days between 0 and 400),
    due_days smallint not null check (due_days between 0 and 400),
    due_roll text not null,
    generate_roll text not null,
    valid_from date not null,
    valid_to date check (valid_to > valid_from),
    source text not null check (source <> ''),
    unique (plan_code, valid_from)
);
"""

BOOK = """
create table intake_batch (
    batch_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    file_name text not null,
    file_sha256 bytea not null,
    mapping_sha256 bytea not null,
    cut_over_date date,
    row_count integer not null,
    new_count integer not null,
    changed_count integer not null,
    unchanged_count integer not null,
    duplicate_count integer not null,
    problem_count integer not null,
    control_totals jsonb not null,
    imported_at timestamptz not null,
    check (row_count = new_count + changed_count + unchanged_count + duplicate_count + problem_count)
);
create table payer (
    payer_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    payer_key text not null,
    unique (company_id, payer_key)
);
create table payer_version (
    payer_version_id bigint generated always as identity primary key,
    payer_id bigint not null references payer,
    company_id smallint not null,
    content text not null,
    content_sha256 bytea not null,
    batch_id bigint not null references intake_batch
);
create index payer_version_latest on payer_version (payer_id, payer_version_id desc);
create table policy (
    policy_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    policy_number text not null,
    unique (company_id, policy_number)
);
create table policy_term (
    policy_term_id bigint generated always as identity primary key,
    policy_id bigint not null references policy,
    effective_date date not null,
    unique (policy_id, effective_date)
);
create table policy_term_version (
    policy_term_version_id bigint generated always as identity primary key,
    policy_term_id bigint not null references policy_term,
    policy_id bigint not null,
    company_id smallint not null,
    payer_id bigint not null references payer,
    product_code text not null,
    line_of_business text not null,
    place_code text not null,
    currency char(3) not null,
    plan_code text not null,
    effective_date date not null,
    expiration_date date not null,
    anchor_date date not null,
    cover_to_date date,
    cut_over_date date not null,
    premium_minor bigint not null check (premium_minor between 0 and 1000000000000000),
    hold_code text,
    content_sha256 bytea not null,
    batch_id bigint not null references intake_batch,
    superseded_batch_id bigint references intake_batch,
    check (expiration_date > effective_date)
);
create unique index policy_term_version_current on policy_term_version (policy_term_id)
    where superseded_batch_id is null;
create index policy_term_version_book on policy_term_version (company_id, policy_id)
    where superseded_batch_id is null;
create index policy_term_version_former on policy_term_version (company_id, policy_id)
    where superseded_batch_id is not null;
create index policy_term_version_batch on policy_term_version (batch_id);
create index payer_version_batch on payer_version (batch_id);
create table problem (
    problem_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    batch_id bigint references intake_batch,
    row_number integer,
    record_key text not null,
    problem_code text not null,
    field_name text not null,
    original_value text not null, original_row text not null,
    owner text not null,
    is_open boolean not null default true,
    recorded_at timestamptz not null
);
create index problem_open on problem (company_id, problem_id) where is_open;
create index problem_batch on problem (batch_id);
"""

RUNS = """
create table billing_run (
    run_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    billing_date date not null,
    sequence_number smallint not null,
    issuing_date date not null,
    state text not null check (state in ('planned', 'running', 'finalised')),
    book_batch_id bigint not null,
    shard_count smallint not null,
    due_count integer not null,
    plan_totals jsonb not null,
    report jsonb,
    planned_at timestamptz not null,
    finalised_at timestamptz,
    unique (company_id, billing_date, sequence_number),
    check ((state = 'finalised') = (finalised_at is not null))
);
create unique index billing_run_open on billing_run (company_id, billing_date) where state <> 'finalised';
create table run_shard (
    run_id bigint not null references billing_run,
    shard_number smallint not null,
    from_policy_id bigint not null,
    to_policy_id bigint,
    due_count integer,
    invoice_count integer,
    seconds jsonb,
    committed_at timestamptz,
    primary key (run_id, shard_number)
);
create table due_charge (
    run_id bigint not null,
    policy_term_id bigint not null,
    installment_number integer not null,
    revision smallint not null default 0,
    company_id smallint not null,
    policy_term_version_id bigint not null,
    payer_id bigint not null,
    charge_kind text not null,
    outcome text not null check (outcome in ('invoiced', 'zero', 'held', 'failed')),
    reason_code text,
    billing_date date not null,
    due_date date not null,
    period_from_date date not null,
    period_to_date date not null,
    currency char(3) not null,
    net_minor bigint not null,
    invoice_id bigint,
    primary key (run_id, policy_term_id, installment_number, revision),
    check ((outcome = 'invoiced') = (invoice_id is not null)),
    check ((outcome = 'invoiced') = (reason_code is null))
);
create index due_charge_not_invoiced on due_charge (company_id, policy_term_id, installment_number)
    where outcome <> 'invoiced';
"""

DOCUMENTS = """
create table template_version (
    template_version_id integer generated always as identity primary key,
    document_kind text not null,
    content_sha256 bytea not null,
    engine_version text not null,
    archive bytea not null,
    recorded_at timestamptz not null,
    unique (document_kind, content_sha256, engine_version)
);
create table number_series (
    number_series_id smallint generated always as identity primary key,
    company_id smallint not null references company,
    document_kind text not null,
    prefix text not null,
    last_number bigint not null default 0 check (last_number >= 0),
    last_issue_date date,
    unique (company_id, document_kind, prefix)
);
create sequence invoice_id_sequence as bigint;
create table invoice (
    invoice_id bigint primary key,
    company_id smallint not null,
    run_id bigint not null,
    number_series_id smallint not null,
    invoice_number bigint not null check (invoice_number > 0),
    document_kind text not null check (document_kind in ('invoice')),
    issue_date date not null,
    due_date date not null,
    tax_point_date date not null,
    currency char(3) not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    payer_id bigint not null,
    payer_version_id bigint not null,
    company_version_id integer not null,
    template_version_id integer not null,
    snapshot_sha256 bytea not null,
    check (total_minor = net_minor + tax_minor),
    check (due_date >= issue_date),
    unique (number_series_id, invoice_number)
);
create index invoice_run on invoice (run_id);
create table invoice_line (
    invoice_id bigint not null,
    line_number smallint not null,
    company_id smallint not null,
    policy_term_id bigint not null,
    policy_term_version_id bigint not null,
    payer_id bigint not null,
    charge_kind text not null,
    installment_number integer not null,
    installment_count integer not null,
    revision smallint not null default 0,
    period_from_date date not null,
    period_to_date date not null check (period_to_date > period_from_date),
    net_minor bigint not null,
    tax_minor bigint not null,
    primary key (invoice_id, line_number)
);
create unique index invoice_line_billed_once
    on invoice_line (policy_term_id, installment_number, charge_kind, payer_id, revision);
create table invoice_tax (
    invoice_id bigint not null,
    tax_number smallint not null,
    company_id smallint not null,
    tax_rule_id integer not null,
    base_minor bigint not null,
    tax_minor bigint not null,
    primary key (invoice_id, tax_number)
);
create table document (
    document_id bigint generated always as identity primary key,
    company_id smallint not null,
    invoice_id bigint not null references invoice unique,
    snapshot_sha256 bytea not null,
    pdf_sha256 bytea,
    pdf_size integer,
    pdf bytea,
    recorded_at timestamptz not null,
    rendered_at timestamptz,
    check ((pdf_sha256 is null) = (rendered_at is null))
);
create table delivery (
    delivery_id bigint generated always as identity primary key,
    company_id smallint not null,
    document_id bigint not null references document,
    channel text not null,
    purpose text not null,
    message_id text not null unique,
    state text not null check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
    reply_code smallint not null default 0,
    reason_code text not null default '',
    reply_text text not null default '',
    content_sha256 bytea,
    owner text not null default '',
    attempt_count smallint not null default 0,
    queued_at timestamptz not null,
    changed_at timestamptz not null,
    unique (document_id, channel, purpose)
);
create index delivery_open on delivery (company_id, delivery_id) where state <> 'sent';
create table delivery_attempt (
    delivery_id bigint not null references delivery,
    attempt_number smallint not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    state text not null default 'sending' check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
    reply_code smallint not null default 0,
    reason_code text not null default '',
    primary key (delivery_id, attempt_number)
);
create unique index delivery_accepted_once on delivery_attempt (delivery_id) where state = 'sent';
"""

GUARDS = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'issued records are never edited: % on %', tg_op, tg_table_name
        using hint = 'reverse the document and replace it', errcode = 'integrity_constraint_violation';
end $$;
create function keep_first_rendering() returns trigger language plpgsql as $$
begin
    if (old.pdf_sha256 is not null and new.pdf_sha256 is distinct from old.pdf_sha256)
        or (old.pdf is not null and new.pdf is distinct from old.pdf)
        or (new.invoice_id, new.snapshot_sha256) is distinct from (old.invoice_id, old.snapshot_sha256) then
        raise exception 'a document keeps its first rendering'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create function only_end_once() returns trigger language plpgsql as $$
begin
    if old.valid_to is not null or new.valid_to is null
        or to_jsonb(new) - 'valid_to' is distinct from to_jsonb(old) - 'valid_to' then
        raise exception 'a rule row is never edited, only ended, once: %', tg_table_name
            using hint = 'end the row and add another', errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger only_end_once before update on tax_rule for each row execute function only_end_once();
create trigger keep_first_rendering before update on document
    for each row execute function keep_first_rendering();
"""

FROZEN = (
    "company_version",
    "tax_rule",
    "payer_version",
    "template_version",
    "invoice",
    "invoice_line",
    "invoice_tax",
)
"""Tables whose rows are records: written once, never changed, never removed."""

ENDED = ("tax_rule",)
"""Of these, the tables whose rows may be ended, once, by the owner."""

UPDATES = {
    "policy_term_version": "superseded_batch_id, hold_code",
    "problem": "is_open, owner",
    "billing_run": "issuing_date, state, book_batch_id, shard_count, due_count, plan_totals, report, "
    "planned_at, finalised_at",
    "run_shard": "due_count, invoice_count, seconds, committed_at",
    "number_series": "last_number, last_issue_date",
    "document": "pdf_sha256, pdf_size, pdf, rendered_at",
    "delivery": "state, reply_code, reason_code, reply_text, content_sha256, owner, attempt_count, "
    "changed_at",
    "delivery_attempt": "ended_at, state, reply_code, reason_code",
}
"""What the application may change, column by column; everything else it may only read and add."""


def upgrade() -> None:
    """Make the schema, its guards and the rights of the application role."""
    for part in (RULES, BOOK, RUNS, DOCUMENTS, GUARDS):
        op.execute(part)
    for table in FROZEN:
        acts = "delete" if table in ENDED else "update or delete"
        op.execute(
            f"create trigger refuse_change before {acts} on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger refuse_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute("grant usage on schema billing to billing_app")
    op.execute("grant select, insert on all tables in schema billing to billing_app")
    op.execute("revoke insert on alembic_version from billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant delete on run_shard to billing_app")
