"""Payers ask for documents themselves, each under policies of their own requests and what answers them.

A request is a payer's own where it is of them and they asked it in the portal: what the office, other systems
and mails asked for is the office's business. The role of payers adds requests itself, so that the server
refuses one of another payer, one that is answered already, and a key out of its own payer's range. Letters
have a policy, and no right of that role: it reads what answered a request by a view that asks twice, once of
the request and once of the letter or invoice that is the answer.
"""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

OWN_REQUEST = "payer_id = current_payer_id() and source_kind = 'portal'"
NEW_REQUEST = f"""{OWN_REQUEST} and state = 'asked' and channel = 'download'
    and starts_with(request_key, concat('portal:', payer_id, ':'))"""
OWN_LETTER = "payer_id = current_payer_id()"

VIEW = """
create view payer_answer with (security_barrier = true) as
    select a.document_request_id, a.place, a.document_number, l.pdf
    from answered_document a join document_request r using (document_request_id)
    left join letter l using (letter_id)
    left join invoice i on i.invoice_id = a.invoice_id
    where r.payer_id = current_payer_id() and r.source_kind = 'portal'
        and coalesce(l.payer_id, i.payer_id) = current_payer_id();
"""


def upgrade() -> None:
    """Put requests and letters under policies, and show payers what answered theirs."""
    for table in ("document_request", "letter"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy program on {table} to billing_app, billing_owner using (true) with check (true)"
        )
    op.execute(f"create policy own on document_request using ({OWN_REQUEST}) with check ({NEW_REQUEST})")
    op.execute(f"create policy own on letter using ({OWN_LETTER})")
    op.execute(VIEW)
