"""A code that nothing in the book has is named, with what the book has."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection

from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import Selection
from billing_assets.store.connection import Database
from billing_assets.store.selections import require_known
from billing_assets_tests.selected import import_rows, rows
from billing_assets_tests.store.intake import with_company


@pytest.fixture
def connection(database: Database, tmp_path: Path) -> Iterator[Connection]:
    import_rows(with_company(database), tmp_path, rows())
    with ExitStack() as stack:
        yield stack.enter_context(database.transaction())


def test_what_the_book_has_is_known(connection: Connection) -> None:
    require_known(connection, 1, Selection(plan_codes=("monthly",)))


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(product_codes=("spaceship",)), "the product 'spaceship'"),
        (Selection(place_codes=("JP",)), "the place 'JP'"),
        (Selection(plan_codes=("hourly",)), "the plan 'hourly'"),
        (Selection(payer_groups=("nobody",)), "the payer group 'nobody'"),
    ],
)
def test_what_it_has_not_is_named(connection: Connection, selection: Selection, words: str) -> None:
    with pytest.raises(BillingError, match="selection_unknown") as caught:
        require_known(connection, 1, selection)
    assert words in caught.value.found
    assert ("its products are" in caught.value.todo) == bool(selection.product_codes)
