"""One policy with its terms and what was invoiced."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.policy_listings import InvoicedSum, show_policy
from billing_assets_tests.books import fill_book


def test_a_policy_has_the_terms_of_the_book_and_no_sum_before_it_is_billed(database: Database) -> None:
    fill_book(database, 2)
    with database.transaction() as connection:
        found = show_policy(connection, 1, "POL-00000002")
        assert [term.payer_key for term in found.terms] == ["K2"]
        assert (found.sums, found.has_months_away) == ((), False)
        for company_id, number in ((2, "POL-00000002"), (1, "POL-00000003")):
            with pytest.raises(BillingError, match="no policy"):
                show_policy(connection, company_id, number)


def test_a_balance_is_what_was_not_given_back() -> None:
    assert InvoicedSum(currency="EUR", invoiced_minor=500, credited_minor=120).balance_minor == 380
