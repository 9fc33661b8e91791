"""An import is written whole, with its history, and only what changed."""

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.steps.run_ports import silent
from billing_assets.store.connection import Database
from billing_assets.store.policies import SqlIntakeStore
from billing_assets.store.problems import holds_a_term
from billing_assets_tests.books import COMPANY
from billing_assets_tests.store.intake import AT, MAPPING, bill, book, import_text, query, with_company

TABLES = ("intake_batch", "payer", "payer_version", "policy", "policy_term", "policy_term_version", "problem")
CURRENT = (
    "select policy_number, premium_minor, hold_code from policy_term_version join policy using (policy_id) "
    "where superseded_batch_id is null order by 1"
)


@pytest.fixture
def store(database: Database) -> Database:
    return with_company(database)


def sizes(database: Database) -> list[int]:
    return [len(query(database, f"select 1 from {table}")) for table in TABLES]


def test_rows_become_payers_policies_terms_and_versions(store: Database, tmp_path: Path) -> None:
    import_text(
        store, tmp_path, book({}, {"no": "P2"}, {"no": "P3", "payer": "K2"}, {"no": "P4", "plan": "never"})
    )
    assert sizes(store) == [1, 2, 2, 3, 3, 3, 1]
    assert query(store, CURRENT) == [("P1", 12000, None), ("P2", 12000, None), ("P3", 12000, None)]


@pytest.mark.long
def test_a_changed_row_supersedes_its_version_and_the_others_stay(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}, {"no": "P2"}))
    import_text(store, tmp_path, book({"premium": "130"}, {"no": "P2"}))
    versions = "select premium_minor, batch_id, superseded_batch_id from policy_term_version order by 1, 2, 3"
    assert query(store, versions) == [(12000, 1, 2), (12000, 1, None), (13000, 2, None)]


def test_a_payer_who_moved_has_a_new_version_and_the_term_has_not(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    result = import_text(store, tmp_path, book({"street": "Calle Menor 2"}))
    assert (result.facts["changed_count"], result.facts["new_count"]) == (1, 0)
    assert sizes(store) == [2, 1, 2, 1, 1, 1, 0]


def test_without_a_payer_key_a_renewal_may_bring_a_new_address(store: Database, tmp_path: Path) -> None:
    fields = {name: source for name, source in MAPPING.fields.items() if name != "payer_key"}
    renewal = {"from": "2025-01-01", "to": "2026-01-01", "street": "Calle Menor 2"}
    import_text(store, tmp_path, book({}, renewal), mapping=replace(MAPPING, fields=fields))
    assert sizes(store) == [1, 1, 1, 1, 2, 2, 0]
    ((content,),) = query(store, "select content from payer_version")
    assert "Calle Menor 2" in content


def test_an_unchanged_book_in_another_file_writes_its_batch_only(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}, {"no": "P2"}))
    result = import_text(store, tmp_path, book({"no": "P2"}, {}))
    assert result.facts["unchanged_count"] == 2
    assert sizes(store) == [2, 1, 1, 2, 2, 2, 0]


def test_a_second_term_of_a_policy_stands_beside_the_first(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    import_text(store, tmp_path, book({"from": "2025-01-01", "to": "2026-01-01"}))
    assert sizes(store) == [2, 1, 1, 1, 2, 2, 0]


def test_a_term_that_overlaps_a_stored_one_is_a_problem(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    import_text(store, tmp_path, book({"from": "2024-12-31", "to": "2026-01-01"}))
    assert query(store, "select problem_code, original_value from problem") == [
        ("period_overlap", "2024-12-31")
    ]


@pytest.mark.long
def test_a_change_after_billing_is_held_and_undone_by_the_old_content(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    import_text(store, tmp_path, book({"premium": "130"}))
    assert query(store, CURRENT) == [("P1", 13000, "changed_after_billing")]
    problems = "select problem_code, field_name, original_value, is_open from problem"
    assert query(store, problems) == [("changed_after_billing", "premium", "130", True)]
    import_text(store, tmp_path, book({"street": "Calle Menor 2"}))
    assert query(store, CURRENT) == [("P1", 12000, None)]
    assert query(store, problems) == [("changed_after_billing", "premium", "130", False)]


@pytest.mark.long
def test_the_problem_of_a_held_term_is_not_closed_by_hand(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    import_text(store, tmp_path, book({"premium": "130"}))
    with store.transaction() as connection:
        assert holds_a_term(connection, 1, 1)
    import_text(store, tmp_path, book({"street": "Calle Menor 2"}))
    with store.transaction() as connection:
        assert not holds_a_term(connection, 1, 1)


@pytest.mark.long
def test_holds_from_before_they_were_listed_become_problems_by_the_migration(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    import_text(store, tmp_path, book({"premium": "130"}))
    migration = next(Path(__file__).parents[2].glob("billing_assets/store/migrations/versions/0009_*.py"))
    scope: dict[str, str] = {}
    exec(compile(migration.read_text(encoding="utf-8"), str(migration), "exec"), scope)
    listed = "select batch_id, record_key, problem_code, is_open, policy_number, effective_date from problem"
    before = query(store, listed)
    with store.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("delete from billing.problem"))
        connection.execute(text(scope["HELD"]))
        connection.execute(text(scope["HELD"]))
    assert query(store, listed) == before


@pytest.mark.long
def test_an_end_of_cover_that_is_withdrawn_after_it_was_billed_is_held(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book({"cover_to": "2024-02-01"}))
    bill(store, "P1", date(2024, 2, 1))
    import_text(store, tmp_path, book({}))
    assert query(store, CURRENT) == [("P1", 12000, "changed_after_billing")]
    assert query(store, "select problem_code, field_name, is_open from problem") == [
        ("changed_after_billing", "cover_to_date", True)
    ]


def test_cover_that_ends_inside_a_billed_period_is_taken_and_noted(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    result = import_text(store, tmp_path, book({"cover_to": "2024-01-15"}))
    assert (result.facts["changed_count"], result.problem_count) == (1, 0)
    assert query(store, CURRENT) == [("P1", 12000, None)]
    assert query(store, "select problem_code, original_value, is_open from problem") == [
        ("cover_ended_inside_billed_period", "2024-01-15", True)
    ]


def test_a_billed_term_that_is_cancelled_and_written_anew_is_taken_as_both(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    anew = {"from": "2024-04-01", "to": "2025-04-01"}
    result = import_text(store, tmp_path, book({"cover_to": "2024-04-01"}, anew))
    counts = [result.facts[name] for name in ("changed_count", "new_count", "problem_count", "held_count")]
    assert counts == [1, 1, 0, 0]
    terms = "select effective_date, cover_to_date from policy_term_version where superseded_batch_id is null"
    assert query(store, f"{terms} order by 1") == [
        (date(2024, 1, 1), date(2024, 4, 1)),
        (date(2024, 4, 1), None),
    ]


def test_an_error_leaves_nothing_behind(store: Database, tmp_path: Path) -> None:
    """The last row passes every check and breaks a rule of the store, after all the others were copied."""
    with store.transaction() as connection:
        connection.exec_driver_sql(
            "set local role none; alter table billing.problem add check (record_key <> 'P9 2024-01-01')"
        )
    with pytest.raises(BillingError, match="problem_record_key_check") as caught:
        import_text(store, tmp_path, book({}, {"no": "P9", "premium": "x"}))
    assert "Ann" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert sizes(store) == [0] * 7


def test_a_company_that_is_not_recorded_cannot_import(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="company_unknown"):
        import_text(database, tmp_path, book({}))


def test_imports_of_one_company_wait_for_each_other_and_say_so(store: Database, tmp_path: Path) -> None:
    done: list[str] = []
    is_told = threading.Event()

    def tell(stage: str, _done: int, _total: int) -> None:
        if stage == "waiting for an import of this company":
            is_told.set()

    def second() -> None:
        import_text(store, tmp_path, book({}), progress=tell)
        done.append("second")

    thread = threading.Thread(target=second)
    with SqlIntakeStore(store).intake(COMPANY.company_code, silent):
        thread.start()
        assert is_told.wait(30)
        done.append("first")
    thread.join()
    assert done == ["first", "second"]
    assert sizes(store)[0] == 1


def test_the_same_file_at_once_from_two_programs_is_one_batch(store: Database, tmp_path: Path) -> None:
    threads = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        threads.append(threading.Thread(target=import_text, args=(store, folder, book({}))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes(store) == [1, 1, 1, 1, 1, 1, 0]


def test_two_companies_may_use_the_same_numbers(store: Database, tmp_path: Path) -> None:
    query_company = "select count(distinct company_id) from policy"
    import_text(store, tmp_path, book({}))
    with store.transaction() as connection:
        connection.exec_driver_sql("insert into company (company_code) values ('other')")
        connection.exec_driver_sql(
            "insert into company_version (company_id, content, content_sha256, recorded_at) "
            "select 2, replace(content, '\"alondra\"', '\"other\"'), content_sha256, recorded_at "
            "from company_version"
        )
    with SqlIntakeStore(store).intake("other", silent) as work:
        assert work.last_batch("") is None
        known = work.stored_book(pl.Series(["P1"]), pl.Series(["K1"]), "", AT.date())
        assert known.terms.is_empty()
        assert known.payers.is_empty()
        assert known.in_force.is_empty()
    assert query(store, query_company) == [(1,)]
