"""Lists of problems: newest first, of one company, without the row itself."""

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store import problem_listings
from billing_assets.store.connection import Database
from billing_assets.store.problem_listings import ProblemFilter
from billing_assets_tests.books import fill_book

_INSERT = """
insert into problem (company_id, batch_id, row_number, record_key, problem_code, field_name, original_value,
    original_row, owner, is_open, recorded_at)
select 1, 1, n, 'key' || n, case when n < 3 then 'date_empty' else 'amount_empty' end, 'premium', 'secret',
    'secret row', case when n = 1 then 'claims' else 'intake' end, n <> 4, now() from generate_series(1, 4) n
"""


@pytest.fixture
def four(database: Database) -> Database:
    """Problems 1 to 4; the fourth is closed, the first is with claims."""
    fill_book(database, 1)
    with database.transaction() as connection:
        connection.execute(text(_INSERT))
    return database


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (ProblemFilter(), [3, 2, 1]),
        (ProblemFilter(with_closed=True), [4, 3, 2, 1]),
        (ProblemFilter(problem_code="date_empty"), [2, 1]),
        (ProblemFilter(owner="claims"), [1]),
        (ProblemFilter(batch_id=2), []),
        (ProblemFilter(before_id=3, limit=1), [2]),
    ],
)
def test_filters_narrow_the_list(four: Database, wanted: ProblemFilter, ids: list[int]) -> None:
    with four.transaction() as connection:
        rows = problem_listings.list_problems(connection, 1, wanted)
    assert [row.problem_id for row in rows] == ids
    assert "secret" not in str(rows)


def test_open_ones_are_counted_by_code(four: Database) -> None:
    with four.transaction() as connection:
        assert problem_listings.count_problems(connection, 1) == {"date_empty": 2, "amount_empty": 1}
        assert problem_listings.count_problems(connection, 2) == {}


def test_one_is_shown_with_its_row_to_its_own_company(four: Database) -> None:
    with four.transaction() as connection:
        assert problem_listings.show_problem(connection, 1, 4).original_row == "secret row"
        with pytest.raises(BillingError, match="problem_unknown"):
            problem_listings.show_problem(connection, 2, 4)
