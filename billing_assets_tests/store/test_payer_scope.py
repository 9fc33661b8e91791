"""The role of payers sees what is of one payer and nothing else, by the server's rules and not by ours."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.store import payer_scope as scopes
from billing_assets.store.connection import Database
from billing_assets.store.payer_scope import READABLE, READABLE_COLUMNS, payer_scope
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks for it

_OTHER_TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'billing' and c.relkind in ('r', 'p', 'v', 'm')
    and has_any_column_privilege('billing_payer', c.oid, 'select') and c.relname <> all(:readable)
"""
_UNFORCED = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'billing' and c.relkind in ('r', 'p') and has_any_column_privilege('billing_payer', c.oid,
    'select, insert, update') and not (c.relrowsecurity and c.relforcerowsecurity)
"""
_OF_PAYER = {
    "payer": "payer_id",
    "payer_version": "payer_id",
    "payer_preference": "payer_id",
    "portal_document": "payer_id",
    "payer_invoice": None,
    "payer_payment": None,
    "payer_allocation": None,
    "document_request": "payer_id",
    "payer_answer": None,
}
_OF_ANOTHER = """
insert into payer_preference (company_id, payer_id, language, channels, recorded_at)
values (1, 2, 'en', 'email', now())
"""
_REQUESTS = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    currency, language, channel, asked_by, asked_at, state, note, changed_at)
select 1, concat(source_kind, payer_id), source_kind, payer_id, 'invoice_copy', '{INV-00000001}', '', 'en',
    'download', 'x', now(), 'answered', 'a note of the office', now()
from payer, unnest(array['portal', 'office']) as s (source_kind);
insert into answered_document (company_id, document_request_id, place, document_number, invoice_id,
    pdf_sha256)
select 1, document_request_id, 1, 'INV', min(i.invoice_id), sha256('x')
from document_request r join invoice i using (payer_id) group by document_request_id
"""
_ASK = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    currency, language, channel, asked_by, asked_at, state, changed_at)
values (1, '{key}', '{source}', {payer}, 'statement', '{{}}', '', 'en', '{channel}', 'x', now(), '{state}',
    now()) returning document_request_id
"""
_OWN = {"key": "portal:1:a", "source": "portal", "payer": 1, "channel": "download", "state": "asked"}
_SUMS = {
    "payer_invoice": """select invoice_id, paid_minor, credited_minor, written_off_minor, open_minor
        from {view} order by 1""",
    "payer_payment": "select payment_id, reversed_minor, allocated_minor, free_minor from {view} order by 1",
}
_COUNTS = {"payer_invoice": 2, "payer": 1, "payer_version": 1, "document_request": 1, "payer_answer": 1}


def all_of(connection: Connection, table: str) -> list[dict[str, object]]:
    columns = ", ".join(READABLE_COLUMNS.get(table, ("*",)))
    return [dict(row) for row in connection.execute(text(f"select {columns} from {table}")).mappings()]


@pytest.fixture
def store(database: Database) -> Database:
    with database.transaction() as connection:
        connection.execute(
            text("""
            insert into payer_preference (company_id, payer_id, language, channels, recorded_at)
            select 1, payer_id, 'en', 'email', now() from payer;
            insert into portal_document (company_id, payer_id, invoice_id, purpose, message_id,
                content_sha256, delivered_at)
            select 1, payer_id, invoice_id, 'issue', 'm', sha256('x'), now() from invoice
            """)
        )
        connection.execute(text(_REQUESTS))
    return database


def test_a_query_without_any_condition_returns_the_payers_own_rows_alone(store: Database) -> None:
    assert set(_OF_PAYER) == set(READABLE)
    for payer_id in (1, 2, 3):
        with store.transaction() as connection, payer_scope(connection, payer_id):
            for table, column in _OF_PAYER.items():
                found = all_of(connection, table)
                if column:
                    assert {row[column] for row in found} <= {payer_id}, table
                if table in _COUNTS:
                    assert len(found) == _COUNTS[table], table
            numbers = {row["document_number"] for row in all_of(connection, "payer_invoice")}
            assert numbers == {f"INV-{payer_id:08}", f"INV-{payer_id + 3:08}"}
    # What every payer sees is, together, all that there is.
    with store.transaction() as connection:
        whole, paid = connection.execute(
            text("select (select count(*) from payment), (select count(*) from allocation)")
        ).one()
    assert sum(_count(store, payer_id, "payer_payment") for payer_id in (1, 2, 3)) == whole == 2
    assert sum(_count(store, payer_id, "payer_allocation") for payer_id in (1, 2, 3)) == paid == 3


def _count(store: Database, payer_id: int, table: str) -> int:
    with store.transaction() as connection, payer_scope(connection, payer_id):
        return len(all_of(connection, table))


def test_what_a_payer_sees_adds_up_to_what_the_program_sees(store: Database) -> None:
    for view, whole in (("payer_invoice", "open_document"), ("payer_payment", "payment_standing")):
        own: list[tuple[object, ...]] = []
        for payer_id in (1, 2, 3):
            with store.transaction() as connection, payer_scope(connection, payer_id):
                own += [tuple(row) for row in connection.execute(text(_SUMS[view].format(view=view)))]
        with store.transaction() as connection:
            assert sorted(own) == [
                tuple(row) for row in connection.execute(text(_SUMS[view].format(view=whole)))
            ]


def test_without_a_payer_there_is_not_a_row(store: Database) -> None:
    with store.transaction() as connection:
        connection.execute(text("set local role billing_payer"))
        assert {table: len(all_of(connection, table)) for table in READABLE} == dict.fromkeys(READABLE, 0)


def test_the_owner_and_the_program_see_every_row_by_a_policy_of_theirs(store: Database) -> None:
    """A dump as the owner is whole."""
    for role in ("billing_owner", "billing_app"):
        with store.transaction() as connection:
            connection.execute(text("reset role"))
            connection.execute(text(f"set local role {role}"))
            tables = ("payer", "portal_document", "document_request")
            assert [len(all_of(connection, table)) for table in tables] == [3, 6, 6]


def test_who_the_payer_is_ends_with_the_block_and_with_the_transaction(store: Database) -> None:
    with store.transaction() as connection:
        with payer_scope(connection, 1):
            assert len(all_of(connection, "payer")) == 1
        assert connection.execute(text("select current_user")).scalar_one() == "billing_app"
        assert len(all_of(connection, "payer")) == 3
    with pytest.raises(RuntimeError), store.transaction() as connection, payer_scope(connection, 1):
        raise RuntimeError
    with store.transaction() as connection:
        assert connection.execute(text("select current_user, current_payer_id()")).one() == (
            "billing_app",
            None,
        )


def test_the_role_reads_nothing_else_and_every_table_that_it_reads_is_under_forced_policies(
    store: Database,
) -> None:
    with store.transaction() as connection:
        assert connection.execute(text(_OTHER_TABLES), {"readable": list(READABLE)}).all() == []
        assert connection.execute(text(_UNFORCED)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from invoice",
        "select * from invoice_line",
        "select * from payer_session",
        "select * from office_user",
        "select * from payment",
        "select * from open_document",
        _OF_ANOTHER,
        "update portal_document set delivered_at = now()",
        "update portal_document set notice_state = 'sent'",
        "delete from portal_document",
        "insert into allocation select * from allocation",
        "alter table payer disable row level security",
        "drop policy own on payer",
        "select note from document_request",
        "select pdf from letter",
        "select document_number from answered_document",
        "update document_request set state = 'answered'",
        "delete from document_request",
        _ASK.format(**{**_OWN, "payer": 2}),
        _ASK.format(**{**_OWN, "payer": 2, "key": "portal:2:a"}),
        _ASK.format(**{**_OWN, "key": "portal:2:a"}),
        _ASK.format(**{**_OWN, "key": "api:1:a"}),
        _ASK.format(**{**_OWN, "source": "office"}),
        _ASK.format(**{**_OWN, "state": "answered"}),
        _ASK.format(**{**_OWN, "channel": "post"}),
        _ASK.format(**_OWN)
        .replace("state, changed_at", "state, note, changed_at")
        .replace("'asked',", "'asked', 'x',"),
    ],
)
def test_what_the_role_may_not_is_refused_by_the_server(store: Database, statement: str) -> None:
    with (
        pytest.raises(DBAPIError, match=r"permission denied|row-level security|must be owner"),
        store.transaction() as connection,
        payer_scope(connection, 1),
    ):
        connection.exec_driver_sql(statement)


def test_a_payer_asks_for_themselves(store: Database) -> None:
    with store.transaction() as connection, payer_scope(connection, 1):
        number = connection.exec_driver_sql(_ASK.format(**_OWN)).scalar_one()
    with store.transaction() as connection, payer_scope(connection, 2):
        found = connection.execute(text("select document_request_id from document_request")).scalars().all()
    assert number not in found


def test_an_answer_that_is_anothers_document_is_not_shown(store: Database) -> None:
    """Whatever mistake put it there: the view asks of the document too."""
    with store.transaction() as connection:
        connection.execute(
            text("""insert into answered_document (company_id, document_request_id, place, document_number,
                invoice_id, pdf_sha256)
            select 1, document_request_id, 2, 'INV-00000002', 2, sha256('x') from document_request
            where payer_id = 1 and source_kind = 'portal'""")
        )
    assert _count(store, 1, "payer_answer") == 1


def test_a_row_of_another_payer_is_not_changed_and_one_of_its_own_is_seen_once(store: Database) -> None:
    see = "update portal_document set seen_at = now() + interval '1 day' where seen_at is null"
    with store.transaction() as connection, payer_scope(connection, 1):
        assert connection.execute(text(see)).rowcount == 2
    with store.transaction() as connection:
        assert connection.execute(text("select count(seen_at) from portal_document")).scalar_one() == 2
    again = see.replace("is null", "is not null")
    with (
        pytest.raises(DBAPIError, match="was seen before"),
        store.transaction() as connection,
        payer_scope(connection, 1),
    ):
        connection.execute(text(again.replace("1 day", "2 days")))


def test_a_condition_of_a_query_is_not_asked_of_rows_of_others(store: Database) -> None:
    """A condition that fails on them would tell of them, where the view is no barrier."""
    with store.transaction() as connection, payer_scope(connection, 1):
        # 1 / 0 for every other document, at no cost.
        query = """
        select 1 from payer_invoice
        where 1 / (case when document_number in ('INV-00000001', 'INV-00000004') then 1 else 0 end) = 1
        """
        assert len(connection.execute(text(query)).all()) == 2


def test_a_store_without_the_role_says_what_is_missing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scopes, "_BECOME", "set local role nobody_here")
    with (
        pytest.raises(BillingError) as caught,
        database.transaction() as connection,
        payer_scope(connection, 1),
    ):
        pass
    assert caught.value.code == "portal_not_ready"
