"""Documents that payers ask for, and the letters that answer them.

A request is one row by its key, whoever asks it twice. What answers it is kept in the transaction that says
so: the record of a letter with the template that it froze and its PDF, and which documents are the answer,
each with the hash of its bytes. Letters and answers are records, and so is a request that was answered
or refused, but for who was given the documents and when.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

REQUESTS = """
create table document_request (
    document_request_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    request_key text not null check (request_key ~ '\\S' and length(request_key) <= 300),
    source_kind text not null check (source_kind in ('office', 'cli', 'api', 'portal', 'mail')),
    payer_id bigint not null references payer,
    document_kind text not null check (document_kind in ('', 'statement', 'payment_receipt', 'invoice_copy',
        'document_cover')),
    document_numbers text[] not null,
    payment_id bigint,
    currency text not null check (currency ~ '^([A-Z]{3})?$'),
    from_date date,
    until_date date,
    language text not null,
    channel text not null check (channel in ('download', 'email', 'post')),
    asked_by text not null check (asked_by <> ''),
    asked_at timestamptz not null,
    message_text text not null default '' check (length(message_text) <= 500),
    state text not null check (state in ('asked', 'waiting', 'answered', 'refused')),
    reason_code text not null default '',
    note text not null default '' check (length(note) <= 1000),
    decided_by text not null default '',
    changed_at timestamptz not null,
    handed_over_at timestamptz,
    handed_over_by text not null default '',
    unique (company_id, request_key),
    check (from_date <= until_date),
    check ((from_date is null) = (until_date is null)),
    check ((state in ('waiting', 'refused')) = (reason_code <> '')),
    check (state = 'waiting' or document_kind <> '' or state = 'refused'),
    check ((handed_over_at is null) = (handed_over_by = '')),
    check (handed_over_at is null or state = 'answered')
);
create index document_request_open on document_request (company_id, document_request_id)
    where state in ('asked', 'waiting') or (state = 'answered' and handed_over_at is null);
create index document_request_company on document_request (company_id, document_request_id);
create index document_request_answered on document_request (company_id, changed_at) where state = 'answered';
create index document_request_payer on document_request (payer_id, document_request_id);
create function refuse_second_answer() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
begin
    if old.state in ('answered', 'refused') and to_jsonb(new) - 'handed_over_at' - 'handed_over_by'
            is distinct from to_jsonb(old) - 'handed_over_at' - 'handed_over_by' then
        raise exception 'request % is % and does not change', old.document_request_id, old.state
            using errcode = 'integrity_constraint_violation', constraint = 'answered_once';
    end if;
    return new;
end $$;
create trigger refuse_second_answer before update on document_request
    for each row execute function refuse_second_answer();
"""

LETTERS = """
create table letter (
    letter_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    document_request_id bigint not null unique references document_request,
    payer_id bigint not null references payer,
    payer_version_id bigint not null references payer_version,
    company_version_id bigint not null,
    letter_kind text not null check (letter_kind in ('statement', 'payment_receipt', 'document_cover')),
    document_number text not null check (document_number <> ''),
    issue_date date not null,
    template_version_id integer not null references template_version,
    record text not null,
    record_sha256 bytea not null
        constraint record_as_hashed check (record_sha256 = sha256(convert_to(record, 'UTF8'))),
    pdf bytea not null,
    pdf_sha256 bytea not null constraint pdf_as_hashed check (pdf_sha256 = sha256(pdf)),
    recorded_at timestamptz not null,
    unique (company_id, document_number)
);
create table answered_document (
    company_id smallint not null references company,
    document_request_id bigint not null references document_request,
    place smallint not null check (place > 0),
    document_number text not null check (document_number <> ''),
    letter_id bigint unique references letter,
    invoice_id bigint,
    pdf_sha256 bytea not null check (length(pdf_sha256) = 32),
    primary key (document_request_id, place),
    check ((letter_id is null) <> (invoice_id is null))
);
grant select, insert on document_request, letter, answered_document to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

FROZEN = ("letter", "answered_document")
"""Tables whose rows are records: written once, never changed, never removed."""

UPDATES = {
    "document_request": "document_kind, document_numbers, payment_id, currency, from_date, until_date, "
    "state, reason_code, note, decided_by, changed_at, handed_over_at, handed_over_by",
}
"""What the application may change, column by column, of what was not answered or refused."""


def upgrade() -> None:
    """Make the tables, and keep what was answered as it is."""
    for part in (REQUESTS, LETTERS):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
