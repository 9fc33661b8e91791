"""What the e-mail of a document has of it: the PDF, a link to it, or neither.

It is kept with the hash of the document's first mail, and its mails go out in that form from then on. Those
of before have it by whether one that was handed over carried a PDF; none of them had a link.
"""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

FORM = """
alter table document add column mail_form text
    constraint known_mail_form check (mail_form in ('attached', 'linked', 'bare'));
create or replace function keep_first_rendering() returns trigger language plpgsql as $$
begin
    if (old.pdf_sha256 is not null and new.pdf_sha256 is distinct from old.pdf_sha256)
        or (old.pdf is not null and new.pdf is distinct from old.pdf)
        or (old.mail_sha256 is not null and (new.mail_sha256, new.mail_form)
            is distinct from (old.mail_sha256, old.mail_form))
        or (new.invoice_id, new.snapshot_sha256) is distinct from (old.invoice_id, old.snapshot_sha256) then
        raise exception 'a document keeps its first rendering'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
"""

UPDATES = {"document": "mail_form"}
"""What the application may write, column by column."""


def upgrade() -> None:
    """Add the column, which is written once."""
    op.execute(FORM)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
