"""Reading a policy book loses nothing, writes once, and refuses a faulty file whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from billing_assets.domain.book_mapping import BookControls
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import parse_minor
from billing_assets.feeds.mapping import mapping_from, read_mapping
from billing_assets.store.connection import Database
from billing_assets_tests.conftest import PORTFOLIO
from billing_assets_tests.steps.test_bills_per_payer import fleet_plan
from billing_assets_tests.store.intake import (
    COLUMNS,
    CONSTANTS,
    MAPPING,
    book,
    import_text,
    query,
    with_company,
)

Row = dict[str, Any]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(database: Database) -> Database:
    return with_company(database)


def test_the_result_tells_rows_and_money(store: Database, tmp_path: Path) -> None:
    text = book(
        {},
        {},
        {"no": "P2", "payer": "K2", "currency": "JPY", "premium": "1050", "mail": "none"},
        {"no": "P3", "premium": "-1"},
    )
    result = import_text(store, tmp_path, text)
    assert result.step == "read_policy_book"
    assert result.facts == {
        "file_name": "book.csv",
        "batch_id": 1,
        "is_repeat": 0,
        "row_count": 4,
        "new_count": 2,
        "changed_count": 0,
        "unchanged_count": 0,
        "duplicate_count": 1,
        "problem_count": 1,
        "held_count": 0,
        "missing_count": 0,
        "unreadable_amount_count": 0,
        "email_missing_count": 1,
        "email_bad_count": 1,
        "premium_in": "EUR 239.00, JPY 1050",
        "premium_accepted": "EUR 120.00, JPY 1050",
        "premium_duplicate": "EUR 120.00, JPY 0",
        "premium_problem": "EUR -1.00, JPY 0",
    }
    assert set(result.seconds) == {"read", "check", "compare", "write"}


def test_the_same_file_again_writes_nothing_and_says_so(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    again = import_text(store, tmp_path, book({}))
    assert again.facts == {
        "file_name": "book.csv",
        "batch_id": 1,
        "is_repeat": 1,
        "row_count": 0,
        "imported_at": "2024-01-02T03:04:05+00:00",
    }
    assert query(store, "select count(*) from intake_batch") == [(1,)]


def test_the_last_file_once_more_takes_rows_that_are_good_by_a_plan_that_was_added(
    store: Database, tmp_path: Path
) -> None:
    first = import_text(store, tmp_path, book({"plan": "fleet"}))
    assert (first.facts["new_count"], first.problem_count) == (0, 1)
    fleet_plan(store)
    assert import_text(store, tmp_path, book({"plan": "fleet"})).facts["is_repeat"] == 1
    again = import_text(store, tmp_path, book({"plan": "fleet"}), is_again=True)
    assert (again.facts["new_count"], again.problem_count) == (1, 0)
    assert query(store, "select count(*) from problem where is_open") == [(0,)]


@pytest.mark.parametrize(
    ("columns", "constants", "found", "todo"),
    [
        ({"plan_code": {"column": "plan", "map": {"monthly": "monthy"}}}, {}, "plan_code.map.m", "'monthly'"),
        ({}, {"line_of_business": "moter"}, "'moter' in 'constants.line_of_business'", "'motor'"),
        ({}, {"place_code": "es"}, "'es' in 'constants.place_code'", "'ES'"),
        ({"currency": {"column": "currency", "map": {"EUR": "EURO"}}}, {}, "'EURO' in", "'EUR'"),
    ],
)
def test_a_mapping_that_writes_an_unknown_value_is_refused_before_any_row(
    store: Database, tmp_path: Path, columns: Row, constants: Row, found: str, todo: str
) -> None:
    written = {"columns": {**COLUMNS, **columns}, "constants": {**CONSTANTS, **constants}}
    with pytest.raises(BillingError) as caught:
        import_text(store, tmp_path, book({}), mapping=mapping_from(written, "book.yaml"))
    assert caught.value.code == "mapping_invalid"
    assert caught.value.found.startswith("book.yaml: ")
    assert found in caught.value.found
    assert caught.value.todo == f"did you mean {todo}?"
    assert query(store, "select count(*) from intake_batch") == [(0,)]


def test_a_plan_of_the_companys_own_may_stand_in_a_mapping(store: Database, tmp_path: Path) -> None:
    with store.transaction() as connection:
        columns = (
            "frequency_code, lead_days, due_days, due_roll, generate_roll, minimum_payment_days, "
            "valid_from, source"
        )
        connection.execute(text("reset role"))
        connection.execute(
            text(
                f"insert into payment_plan (plan_code, {columns}) "
                f"select 'house_plan', {columns} from payment_plan where plan_code = 'monthly'"
            )
        )
        connection.execute(text("set role billing_app"))
    mapped = {**COLUMNS, "plan_code": {"column": "plan", "map": {"monthly": "house_plan"}}}
    mapping = mapping_from({"columns": mapped, "constants": CONSTANTS})
    assert import_text(store, tmp_path, book({}), mapping=mapping).facts["new_count"] == 1


def test_an_older_file_is_refused_because_it_would_undo_the_newer(store: Database, tmp_path: Path) -> None:
    old, new = book({"premium": "100.00"}), book({"premium": "200.00"})
    import_text(store, tmp_path, old)
    import_text(store, tmp_path, new)
    with pytest.raises(BillingError, match="file_superseded") as caught:
        import_text(store, tmp_path, old)
    assert "batch 1 on 2024-01-02, and batch 2 came after it" in str(caught.value)
    premiums = "select premium_minor from policy_term_version where superseded_batch_id is null"
    assert query(store, premiums) == [(20_000,)]
    assert import_text(store, tmp_path, old, is_again=True).facts["changed_count"] == 1
    assert query(store, premiums) == [(10_000,)]
    assert import_text(store, tmp_path, old).facts["is_repeat"] == 1
    with pytest.raises(BillingError, match="file_superseded"):
        import_text(store, tmp_path, new)


def test_books_of_two_sources_do_not_replace_each_other(store: Database, tmp_path: Path) -> None:
    motor, home = replace(MAPPING, source_code="motor"), replace(MAPPING, source_code="home")
    rows = [{"no": f"P{number}"} for number in range(10)]
    import_text(store, tmp_path, book(*rows), mapping=motor)
    import_text(store, tmp_path, book({"no": "H1"}), mapping=home)
    assert import_text(store, tmp_path, book(*rows), mapping=motor).facts["is_repeat"] == 1


def test_another_cut_over_date_is_another_import(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    result = import_text(store, tmp_path, book({}), cut_over_date=date(2024, 6, 1))
    assert result.facts["changed_count"] == 1
    dates = "select cut_over_date, superseded_batch_id from policy_term_version order by 1"
    assert query(store, dates) == [(date(1950, 1, 1), 2), (date(2024, 6, 1), None)]


def test_the_cut_over_date_of_the_mapping_is_the_default(store: Database, tmp_path: Path) -> None:
    mapping = replace(MAPPING, cut_over_date=date(2024, 3, 1))
    import_text(store, tmp_path, book({}), mapping=mapping)
    assert query(store, "select cut_over_date from intake_batch") == [(date(2024, 3, 1),)]


@pytest.mark.parametrize(
    "controls",
    [
        BookControls(rows=3),
        BookControls(premium={"": "120.01"}),
        BookControls(premium={"EUR": "240", "GBP": "1"}),
    ],
    ids=["rows", "premium", "currency"],
)
def test_a_book_that_is_not_what_was_announced_is_refused(
    store: Database, tmp_path: Path, controls: BookControls
) -> None:
    for mapping, ordered in ((MAPPING, controls), (replace(MAPPING, controls=controls), None)):
        with pytest.raises(BillingError, match="control_total_wrong"):
            import_text(store, tmp_path, book({}, {"no": "P2"}), mapping=mapping, controls=ordered)
    assert query(store, "select 1 from intake_batch") == []


@pytest.mark.parametrize(
    "controls", [BookControls(rows=2, premium={"": "240"}), BookControls(premium={"EUR": "240.00"})]
)
def test_a_book_that_is_what_was_announced_is_imported(
    store: Database, tmp_path: Path, controls: BookControls
) -> None:
    assert import_text(store, tmp_path, book({}, {"no": "P2"}), controls=controls).facts["new_count"] == 2


@pytest.mark.parametrize(
    "premium", [{"": "1.234,56"}, {"": "1", "EUR": "1"}], ids=["no amount", "one and by currency"]
)
def test_an_announcement_that_cannot_be_read_is_refused(
    store: Database, tmp_path: Path, premium: dict[str, str]
) -> None:
    with pytest.raises(BillingError, match="control_total_invalid"):
        import_text(store, tmp_path, book({}), controls=BookControls(premium=premium))


@pytest.mark.parametrize(
    ("row_count", "tolerance", "is_refused"), [(8, 20, False), (7, 20, True), (7, 30, False)]
)
def test_a_book_that_shrank_beyond_the_tolerance_is_refused(
    store: Database, tmp_path: Path, row_count: int, tolerance: int, is_refused: bool
) -> None:
    rows = [{"no": f"P{number}"} for number in range(10)]
    import_text(store, tmp_path, book(*rows))
    smaller, mapping = book(*rows[:row_count]), replace(MAPPING, row_count_tolerance_percent=tolerance)
    if is_refused:
        with pytest.raises(BillingError, match="row_count_dropped"):
            import_text(store, tmp_path, smaller, mapping=mapping)
    else:
        assert import_text(store, tmp_path, smaller, mapping=mapping).facts["unchanged_count"] == row_count


def test_another_mapping_or_cut_over_date_does_not_hide_that_a_book_shrank(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book(*({"no": f"P{number}"} for number in range(10))))
    for mapping in (
        replace(MAPPING, content_sha256="another"),
        replace(MAPPING, cut_over_date=date(2024, 6, 1)),
    ):
        with pytest.raises(BillingError, match="row_count_dropped"):
            import_text(store, tmp_path, book({}), mapping=mapping)


def test_a_term_that_a_full_book_leaves_out_is_noted_until_it_comes_back_or_ends(
    store: Database, tmp_path: Path
) -> None:
    full = replace(MAPPING, is_full=True, row_count_tolerance_percent=100)
    both: tuple[dict[str, str], ...] = ({}, {"no": "P2", "payer": "K2"})
    noted = "select record_key, problem_code, owner, is_open from problem order by problem_id"
    missing = ("P2 2024-01-01", "missing_from_book", "intake")
    import_text(store, tmp_path, book(*both), mapping=full)
    other = replace(full, source_code="other")
    assert import_text(store, tmp_path, book({"no": "P9"}), mapping=other).facts["missing_count"] == 0
    result = import_text(store, tmp_path, book({}), mapping=full)
    assert (result.facts["missing_count"], result.facts["problem_count"]) == (1, 0)
    assert query(store, noted) == [(*missing, True)]
    assert query(store, "select 1 from problem_hold") == []
    import_text(store, tmp_path, book({"premium": "121.00"}), mapping=full)
    assert query(store, noted) == [(*missing, False), (*missing, True)]
    import_text(store, tmp_path, book(*both), mapping=full, is_again=True)
    assert query(store, noted) == [(*missing, False), (*missing, False)]
    import_text(store, tmp_path, book({}), mapping=full, is_again=True)
    later = date(2025, 1, 1)
    import_text(store, tmp_path, book({"premium": "122.00"}), mapping=full, as_of_date=later)
    assert query(store, noted) == [(*missing, False)] * 3


def test_a_book_of_changes_may_leave_out_what_it_likes(store: Database, tmp_path: Path) -> None:
    changes = replace(MAPPING, row_count_tolerance_percent=100)
    import_text(store, tmp_path, book({}, {"no": "P2"}), mapping=changes)
    assert import_text(store, tmp_path, book({}), mapping=changes).facts["missing_count"] == 0
    full = replace(changes, is_full=True)
    assert import_text(store, tmp_path, book({}), mapping=full).facts["missing_count"] == 1


def test_the_corrected_rows_of_the_shipped_example_close_their_problems(
    store: Database, tmp_path: Path
) -> None:
    mapping = read_mapping(ROOT / "examples" / "policies.yaml")
    faulty = (ROOT / "examples" / "policies.csv").read_text(encoding="utf-8")
    is_open = "select problem_code, is_open from problem order by problem_id"
    import_text(store, tmp_path, faulty, mapping=mapping)
    assert query(store, is_open) == [("date_invalid", True), ("amount_not_a_number", True)]
    dated = faulty.replace("2025-02-30", "2025-02-28")
    import_text(store, tmp_path, dated, mapping=mapping)
    assert query(store, is_open)[0] == ("date_invalid", False)
    import_text(store, tmp_path, dated.replace('"1.234,56"', "1234.56"), mapping=mapping)
    assert not any(row[1] for row in query(store, is_open))


def test_a_book_of_changes_is_not_measured_against_a_full_one(store: Database, tmp_path: Path) -> None:
    full = replace(MAPPING, is_full=True)
    rows = [{"no": f"P{number}"} for number in range(10)]
    import_text(store, tmp_path, book(*rows), mapping=full)
    assert import_text(store, tmp_path, book({"no": "P1"})).facts["unchanged_count"] == 1
    with pytest.raises(BillingError, match="row_count_dropped"):
        import_text(store, tmp_path, book(*rows[:5]), mapping=full)


def test_a_mapping_of_another_company_is_refused(store: Database, tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="mapping_company_differs"):
        import_text(store, tmp_path, book({}), mapping=replace(MAPPING, company_code="other"))


def test_a_faulty_file_writes_nothing(store: Database, tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="file_truncated"):
        import_text(store, tmp_path, book({}) + 'P2,"K2')
    assert query(store, "select 1 from intake_batch") == []


CELLS = st.fixed_dictionaries(
    {},
    optional={
        "no": st.sampled_from(["", "P1", "P2", "P3", "P\x07", '"P,4"']),
        "payer": st.sampled_from(["", "K1", "K2"]),
        "name": st.sampled_from(["Ann Lee", "Zoë", "", '"open', "two,cells", "\udcf1"]),
        "currency": st.sampled_from(["EUR", "JPY", "KWD", "PTS"]),
        "from": st.sampled_from(["2024-01-01", "2024-06-01", "2024-02-30", ""]),
        "to": st.sampled_from(["2025-01-01", "2024-06-01", "9999-12-31"]),
        "premium": st.sampled_from(["120.00", "1", "0.5", "-3.10", "", "NaN", "1.234,56", "9" * 16]),
    },
)
GOOD = book(*({"no": f"G{number}", "payer": f"G{number}"} for number in range(1_500)))
HEADER_LENGTH = GOOD.index("\n") + 1


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(CELLS, min_size=1, max_size=12))
def test_rows_and_money_in_are_rows_and_money_out(
    store: Database, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    """Random dirty rows among good ones: each row has one fate, and so has each readable amount."""
    text = book(*rows) + GOOD[HEADER_LENGTH:]
    content = text.encode(errors="surrogateescape")
    result = import_text(store, tmp_path_factory.mktemp("book"), content, is_again=True)
    batch_id = result.facts["batch_id"]
    ((row_count, taken, duplicates, problems, totals),) = query(
        store,
        "select row_count, new_count + changed_count + unchanged_count, duplicate_count, problem_count, "
        f"control_totals from intake_batch where batch_id = {batch_id}",
    )
    assert row_count == taken + duplicates + problems == len(rows) + 1_500
    assert query(store, f"select count(*) from problem where batch_id = {batch_id}") == [(problems,)]
    for sums in totals["premium"].values():
        assert sums["in"] == sums["accepted"] + sums["duplicate"] + sums["problem"]
    readable = sum(_readable(row) for row in rows)
    assert row_count - totals["unreadable_amount_count"] == readable + 1_500
    standing = "policy_term_version where superseded_batch_id is null group by 1"
    current: dict[str, int] = dict(
        query(store, f"select currency, sum(premium_minor)::bigint from {standing}")
    )
    assert all(sums["accepted"] <= current.get(currency, 0) for currency, sums in totals["premium"].items())


def _readable(row: dict[str, str]) -> bool:
    """Whether the row keeps its shape and its amount can be read, one row at a time."""
    if row.get("name") in {'"open', "two,cells"}:
        return False
    try:
        parse_minor(row.get("premium", "120.00"), row.get("currency", "EUR"))
    except (ValueError, BillingError):
        return False
    return True


@pytest.mark.long
@pytest.mark.needs("portfolio")
def test_the_real_motor_portfolio_is_imported_but_for_eight_rows(
    fresh_database: Callable[[], Database], tmp_path: Path
) -> None:
    store = with_company(fresh_database())
    mapping = read_mapping(ROOT / "examples" / "motor_portfolio.yaml")
    content = PORTFOLIO.read_bytes()
    result = import_text(store, tmp_path, content, mapping=mapping, cut_over_date=date(2024, 1, 1))
    facts = result.facts
    assert (facts["row_count"], facts["new_count"], facts["problem_count"]) == (10_666, 10_658, 8)
    assert (facts["premium_in"], facts["premium_accepted"]) == ("EUR 8247183.00", "EUR 8241577.00")
    assert query(store, "select problem_code, count(*) from problem group by 1") == [
        ("cover_starts_after_term", 8)
    ]
    zero_day = "select count(*) from policy_term_version where cover_to_date <= effective_date"
    assert query(store, zero_day)[0][0] > 3_000
    assert query(
        store, "select count(distinct content_sha256), sum(premium_minor) from policy_term_version"
    ) == [(10_658, 824_157_700)]
    ((content_text,),) = query(store, "select content from payer_version order by payer_version_id limit 1")
    assert sorted(json.loads(str(content_text))) == [
        "address_lines",
        "country_code",
        "email",
        "language",
        "name",
        "payer_key",
    ]
    again = import_text(store, tmp_path, content, mapping=mapping, cut_over_date=date(2024, 1, 1))
    assert (again.facts["is_repeat"], again.facts["batch_id"]) == (1, 1)
