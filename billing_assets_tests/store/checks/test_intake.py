"""What an import says that it wrote is counted again: a term or a payer that got lost is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from billing_assets.store.connection import Database, make_engine
from billing_assets_tests.store.checks.conftest import broken, planted
from billing_assets_tests.store.intake import book, import_text, with_company

OLD: tuple[dict[str, str], ...] = ({}, {"no": "P2", "payer": "K2"}, {"no": "P3", "payer": "K3"})
# One row changed in its term, one in its payer only, one not at all, one new.
NEW = (
    {"premium": "130.00"},
    {"no": "P2", "payer": "K2", "street": "Calle Menor 2"},
    {"no": "P3", "payer": "K3"},
    {"no": "P4", "payer": "K4", "premium": "90.00"},
)
OF_POLICY = "policy_term_version v using policy p where p.policy_id = v.policy_id and p.policy_number = "


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[Engine]:
    with_company(database)
    import_text(database, tmp_path, book(*OLD))
    import_text(database, tmp_path, book(*NEW))
    engine = make_engine(database.engine.url.render_as_string(hide_password=False), "postgres")
    yield engine
    engine.dispose()


def test_two_imports_that_lost_nothing_are_sound(store: Engine) -> None:
    with planted(store) as connection:
        assert broken(connection) == {}


@pytest.mark.parametrize(
    ("statements", "name"),
    [
        (
            (
                f"delete from {OF_POLICY} 'P1' and v.batch_id = 2",
                "update policy_term_version set superseded_batch_id = null where superseded_batch_id = 2",
            ),
            "batch 2: it says that it wrote 2 terms in EUR over 22000, and 1 over 9000 are there",
        ),
        (
            ("update policy_term_version set premium_minor = 12999 where premium_minor = 13000",),
            "batch 2: it says that it wrote 2 terms in EUR over 22000, and 2 over 21999 are there",
        ),
        (
            ("update policy_term_version set hold_code = 'row_is_problem' where premium_minor = 13000",),
            "batch 2: term 1 is held as row_is_problem, and no problem says so",
        ),
        (
            ("delete from payer_version where batch_id = 2 and content like '%Menor%'",),
            "batch 2: it says that it wrote 2 payers, and 1 are there",
        ),
        (
            (
                (
                    "update intake_batch set control_totals = jsonb_set(control_totals, "
                    "'{written,EUR,standing_premium}', '23999') where batch_id = 2"
                ),
            ),
            "batch 2: money accepted in EUR is not that of the terms written and of those that stay",
        ),
        (
            ("update intake_batch set control_totals = control_totals - 'written' where batch_id = 2",),
            "batch 2: it says that it wrote 0 terms in EUR over 0, and 2 over 22000 are there",
        ),
    ],
    ids=["term", "premium", "hold", "payer", "standing", "silent"],
)
def test_what_an_import_lost_is_named(store: Engine, statements: tuple[str, ...], name: str) -> None:
    with planted(store, *statements) as connection:
        (found,) = broken(connection, check_ids=["I18"]).values()
    assert name in found.examples


def test_a_hold_that_points_to_another_company_is_named(
    store: Engine, database: Database, tmp_path: Path
) -> None:
    import_text(database, tmp_path, book(*NEW, {"no": "P5"}, {"premium": "x"}))
    hold = (
        "insert into problem_hold select problem_id, policy_term_id, 2, policy_id, null from problem, "
        "policy_term where policy_term_id = 1"
    )
    with planted(store, "delete from problem_hold", hold) as connection:
        (found,) = broken(connection, check_ids=["I20"]).values()
    assert found.examples[0].startswith("hold of problem 1: it refers to a row")


def test_batches_from_before_their_totals_were_kept_are_counted_by_the_migration(store: Engine) -> None:
    migration = next(Path(__file__).parents[3].glob("billing_assets/store/migrations/versions/0004_*.py"))
    scope: dict[str, str] = {}
    exec(compile(migration.read_text(encoding="utf-8"), str(migration), "exec"), scope)
    totals = text("select control_totals from intake_batch order by batch_id")
    strip = (
        "update intake_batch set control_totals = control_totals - "
        "array['written', 'written_payer_count', 'payer_change_count', 'missing_count']"
    )
    with store.connect() as connection, connection.begin() as transaction:
        before = list(connection.execute(totals).scalars())
        for statement in (strip, scope["WRITTEN"]):
            connection.execute(text(statement))
        after = list(connection.execute(totals).scalars())
        transaction.rollback()
    assert after == before
