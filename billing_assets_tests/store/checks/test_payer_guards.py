"""A guard of the portal that is weakened is named, and by I22 alone."""

import pytest
from sqlalchemy import Engine, text

from billing_assets.store.checks.payer_guards import OWN_ROWS
from billing_assets.store.payer_scope import READABLE
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE, PAYER_ROLE
from billing_assets_tests.store.checks.conftest import broken, planted

_ALL_ALLOCATIONS = """
create or replace view payer_allocation with (security_barrier = true) as
select allocation_id, allocation_kind, payment_id, invoice_id, currency, amount_minor, as_of_date
from allocation
"""
_ANY_NEW_REQUEST = """
drop policy own on document_request;
create policy own on document_request using (payer_id = current_payer_id() and source_kind = 'portal')
"""
WEAKENED = [
    ("alter table payer disable row level security", "table payer: its policies are not in force"),
    ("alter table payer_version no force row level security", "table payer_version: its policies are not"),
    ("drop policy own on portal_document", "table portal_document: the policy own does not show"),
    (
        "drop policy own on payer; create policy own on payer using (true)",
        "table payer: the policy own does not show",
    ),
    (
        f"create policy more on payer_session to {PAYER_ROLE} using (true)",
        "table payer_session: the policy more shows rows to others",
    ),
    (
        "alter view payer_invoice set (security_barrier = false)",
        "view payer_invoice: it is no barrier",
    ),
    (
        _ALL_ALLOCATIONS,
        "view payer_allocation: it is no barrier, or not of the payer alone",
    ),
    (
        "create or replace function current_payer_id() returns bigint language sql as 'select 1::bigint'",
        "function current_payer_id: it does not say",
    ),
    (f"alter role {PAYER_ROLE} bypassrls", f"role {PAYER_ROLE}: it is above the guards"),
    (f"grant {OWNER_ROLE} to {PAYER_ROLE}", f"role {PAYER_ROLE}: it is above the guards"),
    (f"grant select on invoice to {PAYER_ROLE}", f"table invoice: {PAYER_ROLE} may read it"),
    (f"grant select (email) on office_user to {PAYER_ROLE}", f"table office_user: {PAYER_ROLE} may read it"),
    (
        f"grant update (notice_state) on portal_document to {PAYER_ROLE}",
        f"table portal_document: {PAYER_ROLE} may update notice_state",
    ),
    (
        _ANY_NEW_REQUEST,
        "table document_request: the policy own does not show",
    ),
    (
        "alter table letter no force row level security",
        "table letter: its policies are not in force",
    ),
    (
        f"grant select (note) on document_request to {PAYER_ROLE}",
        f"table document_request: {PAYER_ROLE} may read note",
    ),
    (
        f"grant insert (note) on document_request to {PAYER_ROLE}",
        f"table document_request: {PAYER_ROLE} may insert note",
    ),
    (
        f"grant update (state) on document_request to {PAYER_ROLE}",
        f"table document_request: {PAYER_ROLE} may update state",
    ),
    (f"grant select on letter to {PAYER_ROLE}", f"table letter: {PAYER_ROLE} may read it"),
    (
        "alter view payer_answer set (security_barrier = false)",
        "view payer_answer: it is no barrier",
    ),
    (
        f"grant delete on portal_document to {PAYER_ROLE}",
        f"table portal_document: {PAYER_ROLE} may delete it",
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(("statement", "name"), WEAKENED)
def test_a_weakened_guard_of_the_portal_is_named(superuser: Engine, statement: str, name: str) -> None:
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.execute(text(statement))
        connection.execute(text(f"set local role {APP_ROLE}"))
        found = broken(connection, check_ids=["I22"])
        transaction.rollback()
    assert any(offender.startswith(name) for offender in found["I22"].examples), found["I22"].examples


def test_every_table_that_payers_read_is_under_a_policy_or_behind_a_view(superuser: Engine) -> None:
    views = {name for name in READABLE if name not in OWN_ROWS}
    with planted(superuser) as connection:
        query = "select count(*) from pg_views where schemaname = 'billing' and viewname = any(:names)"
        assert connection.execute(text(query), {"names": sorted(views)}).scalar_one() == len(views)
        assert broken(connection, check_ids=["I22"]) == {}
