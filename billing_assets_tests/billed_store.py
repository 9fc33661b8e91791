"""A small store after a night: thirty policies billed on one date, and on each worklist something to do.

Belongs here: what stands in it. Does not belong here: large books (``books``), pages in a browser.

Policies 10, 20 and 30 have no tax rule and fail; the mail of document 1 was refused, that of document 2 may
have arrived, the payer of document 3 has no address; there are three open problems, and one of them says why
the term of policy 7 is held.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import create_engine, text

from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import ALL_YEAR, AT, COMPANY, billing_over, fill_book

BILLING_DATE = date(2024, 1, 31)
POLICY_COUNT, FAILED_COUNT = 30, 3

_UNTAXED = """
update policy_term_version set place_code = 'DE', line_of_business = 'home' where policy_id % 10 = 0
"""
_HELD = "update policy_term_version set hold_code = 'changed_after_billing' where policy_id = 7"
_DOCUMENTS = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select company_id, invoice_id, snapshot_sha256, now() from invoice order by invoice_id
"""
_DELIVERIES = """
insert into delivery (company_id, document_id, channel, purpose, message_id, state, reason_code, queued_at,
    changed_at)
select company_id, document_id, 'email', 'issue', 'made-' || document_id,
    case document_id when 1 then 'failed' when 2 then 'unknown' when 3 then 'failed' else 'sent' end,
    case document_id when 1 then 'mailbox_unavailable' when 2 then 'no_answer_after_data'
        when 3 then 'no_address' else 'accepted' end,
    now(), now()
from document order by document_id
"""
_PROBLEMS = """
insert into problem (company_id, batch_id, row_number, record_key, problem_code, field_name, original_value,
    original_row, owner, recorded_at, policy_number, effective_date)
values (1, 1, 5, 'POL-00000010 2024-02-01', 'amount_too_fine', 'premium', '1.234', 'POL-00000010;1.234',
        'intake', now(), 'POL-00000010', '2024-02-01'),
    (1, 1, 6, '', 'key_empty', 'policy_number', '', ';9.00', 'intake', now() - interval '9 days', null, null),
    (1, 1, 7, 'POL-00000007 2024-02-01', 'changed_after_billing', '', '', 'POL-00000007', 'ana', now(),
        'POL-00000007', '2024-02-01')
"""


def fill_billed(billing: Billing) -> None:
    """Fill the store of ``billing``."""
    fill_untaxed(billing)
    as_owner(billing, _HELD)
    billing.invoice(billing.order(BILLING_DATE))
    as_owner(billing, _DOCUMENTS, _DELIVERIES, _PROBLEMS)


def prepare_billed(database: Database, home: Path) -> None:
    """Fill a database, for all tests of modules that take this as their ``prepare``."""
    with ExitStack() as stack:
        fill_billed(billing_over(database, home, stack))


def fill_untaxed(billing: Billing, plans: Sequence[str] = ALL_YEAR) -> None:
    """Fill the store with the thirty policies before their night: a tenth will fail, and nothing is held."""
    fill_book(billing.database, POLICY_COUNT, plans=plans)
    as_owner(billing, _UNTAXED)
    loose = SafetyBounds(problem_per_mille=0, count_percent=0, total_percent=0, bill_times=0)
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, safety_bounds=loose), AT)


def as_owner(billing: Billing, *statements: str) -> None:
    """Run statements as the superuser, unseen by any trigger."""
    url = billing.database.engine.url
    engine = create_engine(url, connect_args={"options": "-c search_path=billing -c datestyle=ISO"})
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
