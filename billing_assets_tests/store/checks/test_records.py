"""The frozen records that the store rebuilds are those that the frames hashed, in every format."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from sqlalchemy import Engine, text

from billing_assets.domain.book_mapping import BookMapping, FieldSource
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.frames.policy_book import checked_rows
from billing_assets.frames.snapshots import snapshot_hashes
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_out
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import billing_over
from billing_assets_tests.store.checks.conftest import APRIL, MARCH, broken, planted
from billing_assets_tests.store.checks.frozen import first_store, stored_parts

_TERMS = """
select policy_number, payer_key, product_code, line_of_business, place_code, currency, plan_code,
    v.effective_date::text, expiration_date::text, anchor_date::text,
    premium_minor / 100 || '.' || lpad((premium_minor % 100)::text, 2, '0'), encode(content_sha256, 'hex')
from policy_term_version v join policy using (policy_id) join payer using (payer_id) order by 1
"""
_FIELDS = (
    "policy_number",
    "payer_key",
    "product_code",
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "effective_date",
    "expiration_date",
    "anchor_date",
    "premium",
)
_PLANS = """
select plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll, minimum_payment_days,
    valid_from, source, encode(content_sha256, 'hex')
from payment_plan order by 1
"""


def test_snapshots_of_the_store_hash_as_the_frames_hash_them(superuser: Engine) -> None:
    with planted(superuser) as connection:
        heads, lines, taxes = stored_parts(connection)
    assert set(heads["record_format"]) == {3}
    assert snapshot_hashes(heads, lines, taxes).to_list() == heads["snapshot_sha256"].to_list()


def test_documents_of_the_second_format_still_hash(superuser: Engine) -> None:
    with planted(superuser) as connection:
        heads, lines, taxes = stored_parts(connection)
    hashes = snapshot_hashes(heads.with_columns(record_format=pl.lit(2)), lines, taxes, 2)
    as_second = [
        f"update invoice set record_format = 2, snapshot_sha256 = decode('{found}', 'hex') "
        f"where invoice_id = {key}"
        for key, found in zip(heads["draft_index"], hashes, strict=True)
    ]
    documents = (
        "update document d set snapshot_sha256 = i.snapshot_sha256 from invoice i "
        "where i.invoice_id = d.invoice_id"
    )
    with planted(superuser, *as_second, documents) as connection:
        assert "I09" not in broken(connection)
    with planted(superuser, as_second[0].replace("= 2,", "= 3,"), documents) as connection:
        assert "I09" in broken(connection)


def test_contents_of_terms_hash_as_intake_hashes_them(superuser: Engine) -> None:
    with planted(superuser) as connection:
        stored = copy_out(connection, _TERMS, (), dict.fromkeys((*_FIELDS, "content_sha256"), pl.String))
    cells = stored.select(*(pl.col(name).alias(f"cell:{name}") for name in _FIELDS))
    raw = cells.with_columns(pl.lit("Ana").alias("cell:payer_name"), original_row=pl.lit("")).with_row_index(
        "row_number", 1
    )
    mapping = BookMapping(fields={name: FieldSource(columns=(name,)) for name in (*_FIELDS, "payer_name")})
    plans = stored["plan_code"].unique().to_list()
    rows = checked_rows(
        raw.with_columns(row_fault=pl.lit(None, pl.String)), mapping, plans, cut_over_date=None
    )
    assert rows["problem_code"].null_count() == rows.height
    assert rows["content_sha256"].to_list() == stored["content_sha256"].to_list()


def test_a_plan_row_hashes_to_everything_it_says_but_its_end(superuser: Engine) -> None:
    with planted(superuser) as connection:
        rows = connection.execute(text(_PLANS)).all()
    assert [row.plan_code for row in rows] == sorted(plan.plan_code for plan in DEFAULT_PLANS)
    for *words, stored in rows:
        assert stored == sha256("\x1f".join(map(str, words)).encode()).hexdigest()


def test_a_plan_hashes_how_it_counts_its_lead_and_meets_closed_days_where_it_says_so(
    superuser: Engine,
) -> None:
    """Plans that do as every plan did before hash as they did then."""
    statement = """
        insert into payment_plan (plan_code, frequency_code, lead_days, lead_unit, due_days, due_roll,
            generate_roll, holiday_behaviour, minimum_payment_days, valid_from, source)
        values ('x', 'monthly', 5, 'business', 0, 'following', 'preceding', 'hold_sending', 7, '2024-01-01',
            'a test')
    """
    with planted(superuser, "set local session_replication_role = origin", statement) as connection:
        query = "select encode(content_sha256, 'hex') from payment_plan where plan_code = 'x'"
        stored = connection.execute(text(query)).scalar_one()
        assert broken(connection) == {}
    words = "x,monthly,5,0,following,preceding,7,2024-01-01,a test,business,hold_sending".split(",")
    assert stored == sha256("\x1f".join(words).encode()).hexdigest()


def test_a_plan_hashes_what_it_arranges_where_it_arranges_something(superuser: Engine) -> None:
    statement = """
        insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
            maximum_installment_count, weights, down_payment_minor, currency, blackout_days,
            valid_from, source)
        values ('x', 'monthly', 5, 0, 'following', 'preceding', 4, '40 30 30', 5000, 'EUR', 30, '2024-01-01',
            'a test')
    """
    query = "select encode(content_sha256, 'hex') from payment_plan where plan_code = 'x'"
    with planted(superuser, "set local session_replication_role = origin", statement) as connection:
        stored = connection.execute(text(query)).scalar_one()
        assert broken(connection) == {}
    words = (
        "x,monthly,5,0,following,preceding,0,2024-01-01,a test,arrangement,4,40 30 30,last,0,5000,0,0,EUR,30"
    )
    assert stored == sha256("\x1f".join(words.split(",")).encode()).hexdigest()
    changes = ("weights = '40 30 31'", "residual = 'first'", "blackout_days = 0", "day_count = 'thirty_360'")
    for change in changes:
        update = f"update payment_plan set {change} where plan_code = 'x'"
        switch = "set local session_replication_role"
        with planted(superuser, f"{switch} = origin", statement, f"{switch} = replica", update) as connection:
            assert set(broken(connection)) == {"I09"}


def test_a_day_count_is_hashed_where_a_plan_names_one(superuser: Engine) -> None:
    statement = """
        insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
            minimum_payment_days, day_count, valid_from, source)
        values ('x', 'monthly', 5, 0, 'following', 'preceding', 0, 'thirty_360', '2024-01-01', 'a test')
    """
    query = "select encode(content_sha256, 'hex') from payment_plan where plan_code = 'x'"
    with planted(superuser, "set local session_replication_role = origin", statement) as connection:
        stored = connection.execute(text(query)).scalar_one()
        assert broken(connection) == {}
    words = "x,monthly,5,0,following,preceding,0,2024-01-01,a test,day_count,thirty_360"
    assert stored == sha256("\x1f".join(words.split(",")).encode()).hexdigest()


def test_the_reason_of_an_exemption_is_part_of_the_record(superuser: Engine) -> None:
    statements = (
        "alter table tax_rule drop constraint tax_rule_check1",
        "update tax_rule set exemption_reason = 'another' where tax_code = 'ES-CCS'",
    )
    with planted(superuser, *statements) as connection:
        assert set(broken(connection)) == {"I09"}


def test_a_plan_row_may_be_ended_and_its_documents_stand(superuser: Engine) -> None:
    statement = "update payment_plan set valid_to = '2024-02-02' where plan_code = 'monthly'"
    with planted(superuser, statement) as connection:
        assert broken(connection) == {}


@pytest.fixture
def migrated(server_url: str, store_url: str, tmp_path: Path) -> Iterator[Database]:
    """A store of the first revision with two billed dates, one of them delivered, brought up to date."""
    source, name = Database(store_url), f"first_{uuid4().hex[:12]}"
    with first_store(server_url, source, name) as url:
        upgrade(url)
        database = Database(url)
        yield database
        database.close()
    source.close()


def test_documents_of_the_first_format_still_hash_after_the_upgrade(migrated: Database) -> None:
    formats = "select distinct record_format from invoice"
    with migrated.transaction() as connection:
        assert list(connection.execute(text(formats)).scalars()) == [1]
        assert broken(connection) == {}
        assert broken(connection, MARCH) == {}


def test_documents_of_both_formats_live_in_one_store(migrated: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        billing = billing_over(migrated, tmp_path, stack, company="alondra")
        assert billing.invoice(billing.order(APRIL)).facts["invoice_count"] != 0
    with migrated.transaction() as connection:
        formats = "select distinct record_format from invoice order by 1"
        assert list(connection.execute(text(formats)).scalars()) == [1, 3]
        assert broken(connection) == {}


def test_a_changed_document_of_the_first_format_is_still_named(migrated: Database) -> None:
    with migrated.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update invoice set due_date = due_date + 1 where invoice_number = 3"))
        connection.execute(text("set local session_replication_role = origin"))
        connection.execute(text("set local role billing_app"))
        assert broken(connection)["I09"].examples == (
            "INV-00000003: its frozen record does not hash to the stored value",
        )
        transaction.rollback()


def test_the_shipped_plans_are_the_same_after_an_upgrade_as_in_a_new_store(
    migrated: Database, database: Database
) -> None:
    with migrated.transaction() as old, database.transaction() as new:
        assert old.execute(text(_PLANS)).all() == new.execute(text(_PLANS)).all()
