"""A term is quoted with the premium that invoices carry of it."""

from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.quoted_terms import read_quoted_term
from billing_assets_tests.books import add_term, fill_book


def test_the_term_is_the_one_in_which_the_day_lies(database: Database) -> None:
    fill_book(database, 1)
    add_term(database, "A-1", effective=date(2024, 2, 1), premium_minor=77)
    with database.transaction() as connection:
        for day in (date(2024, 2, 1), date(2025, 2, 1)):
            term = read_quoted_term(connection, 1, "A-1", day)
            assert (term.premium_minor, term.billed_net_minor, term.billed_line_count) == (77, 0, 0)
        with pytest.raises(BillingError, match="2024-02-01 to 2025-02-01"):
            read_quoted_term(connection, 1, "A-1", date(2025, 2, 2))
