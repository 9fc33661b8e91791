"""Which constraint refused a statement, by the server's own word."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.store.connection import Database
from billing_assets.store.refusals import constraint_of, is_billed_once
from billing_assets_tests.books import fill_book


def test_the_constraint_has_its_name(database: Database) -> None:
    fill_book(database, 1)
    with pytest.raises(IntegrityError) as refused, database.transaction() as connection:
        connection.execute(text("insert into payer (company_id, payer_key) values (1, 'K1')"))
    assert constraint_of(refused.value) == "payer_company_id_payer_key_key"
    assert not is_billed_once(refused.value)
