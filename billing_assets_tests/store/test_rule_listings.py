"""Tax rows read back from the store are the rows that were shipped."""

from datetime import date

from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.store.connection import Database
from billing_assets.store.rule_listings import list_tax_rules


def test_every_shipped_row_comes_back_as_it_is(database: Database) -> None:
    with database.transaction() as connection:
        assert set(list_tax_rules(connection)) == set(shipped_tax_rules())


def test_rows_are_chosen_by_place_and_day(database: Database) -> None:
    with database.transaction() as connection:
        found = list_tax_rules(connection, "NL", date(2012, 12, 31))
    assert {row.rate_ppm for row in found} == {97_000, 0}
    assert {row.place_code for row in found} == {"NL"}
