"""Cash rounding: smallest cash amounts as dated rows, and what the sum payable of a document is rounded by.

The sum payable is the total and the rounding; net, tax and total stay exact. A document that is not rounded
keeps the record format that it would have had before. The new columns have constant defaults: no row of
``invoice`` is written again.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = """
create table cash_unit (
    cash_unit_id integer generated always as identity primary key,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    cash_unit_minor bigint not null check (cash_unit_minor > 1),
    tie_rule text not null check (tie_rule ~ '\\S'),
    valid_from date not null,
    valid_to date check (valid_to > valid_from),
    source text not null check (source ~ '\\S'),
    unique (currency, valid_from)
);
grant select on cash_unit to billing_app;
"""

# One statement, so that the table is looked through once.
INVOICES = """
alter table invoice
    add column cash_unit_id integer,
    add column cash_unit_minor bigint not null default 0,
    add column cash_rounding_minor bigint not null default 0,
    drop constraint invoice_record_format_check,
    drop constraint invoice_credits_check,
    add constraint invoice_record_format_check check (record_format in (1, 2, 3, 4, 5, 6)),
    add constraint invoice_credits_check check (
        (document_kind = 'credit_note') = (credited_invoice_id is not null)
        and (document_kind = 'credit_note') = (credit_reason is not null)
        and (document_kind = 'credit_note') = (record_format in (4, 6))),
    add constraint invoice_cash_rounding_check check (
        (record_format in (5, 6)) = (cash_unit_id is not null)
        and (cash_unit_id is not null) = (cash_unit_minor > 0)
        and case when cash_unit_minor > 0
            then (total_minor + cash_rounding_minor) % cash_unit_minor = 0
                and 2 * abs(cash_rounding_minor) <= cash_unit_minor
            else cash_unit_minor = 0 and cash_rounding_minor = 0 end);
"""


FROZEN = ("cash_unit",)
"""Tables whose rows are written once, ended once by the owner, never removed."""


def upgrade() -> None:
    """Make the table of the rows, and the columns of documents with what must hold of them."""
    for part in (TABLE, INVOICES):
        op.execute(part)
    for table in FROZEN:
        op.execute(
            f"create trigger only_end_once before update on {table} "
            "for each row execute function only_end_once()"
        )
        op.execute(
            f"create trigger refuse_change before delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger refuse_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
