"""A failure that a person has to mend says what, where and what to do."""

import pickle

from billing_assets.domain.errors import BillingError

ERROR = BillingError(
    "column_missing", "column 'premium' is not in book.csv", "name the column in the mapping"
)


def test_the_text_holds_what_was_found_its_code_and_what_to_do() -> None:
    assert str(ERROR) == (
        "column 'premium' is not in book.csv (column_missing): name the column in the mapping"
    )


def test_it_crosses_from_a_worker_process_whole() -> None:
    """An exception that cannot be rebuilt breaks the whole pool of processes."""
    twin = pickle.loads(pickle.dumps(ERROR))
    assert type(twin) is BillingError
    assert (twin.code, twin.found, twin.todo, str(twin)) == (ERROR.code, ERROR.found, ERROR.todo, str(ERROR))
