"""A check of some runs asks for their rows by a join, however many there are."""

from billing_assets.store.checks import QUERIES
from billing_assets.store.checks.asked_rows import is_asked


def test_all_rows_of_the_table_are_asked_for_or_those_of_the_runs() -> None:
    condition = is_asked("v.policy_id", "policy", "select policy_id from due")
    assert condition == (
        "v.policy_id in (select policy_id from policy where :is_everything "
        "union all select policy_id from due)"
    )


def test_no_check_searches_a_selection_beside_an_or_but_for_the_few_batches_of_a_date() -> None:
    """Such a search takes hours for a night of a million charges."""
    searching = {
        name
        for name, query in QUERIES.items()
        if any(":is_everything or" in line and " in (select" in line for line in query.splitlines())
    }
    assert searching <= {"I18"}
