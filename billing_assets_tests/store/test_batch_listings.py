"""The last import as people see it."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.batch_listings import last_import
from billing_assets.store.connection import Database
from billing_assets_tests.books import fill_book


def test_the_last_import_is_shown_with_its_counts_to_its_own_company(database: Database) -> None:
    fill_book(database, 3)
    with database.transaction() as connection:
        found = last_import(connection, 1)
        assert (found.batch_id, found.file_name, found.row_count, found.new_count) == (1, "made.csv", 3, 3)
        with pytest.raises(BillingError, match="nothing_imported"):
            last_import(connection, 2)
