"""I02 works out again what tax rows of every kind came to, and names what differs."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.tax_rule import Basis, RoundingScope, TaxPoint, TaxRule
from billing_assets.store.connection import make_engine
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.store.checks.conftest import broken, planted

DAYS = [date(2024, 5, 27) + timedelta(days=number) for number in range(15)]
BEFORE, CHANGE = date(2020, 1, 1), date(2024, 6, 2)


def row(tax_code: str, line: str, **values: Any) -> TaxRule:
    shared: dict[str, Any] = {"valid_from": BEFORE, "source": "a test", **values}
    return TaxRule(tax_code=tax_code, place_code="KW", line_of_business=line, **shared)


def fixed(tax_code: str, line: str, basis: Basis, amount_minor: int) -> TaxRule:
    return row(tax_code, line, basis=basis, amount_minor=amount_minor, currency="KWD")


ROWS = (
    # The price contains a rate that changes within the term, a tax on it, and an amount comes on top.
    row("A-1", "motor", rate_ppm=83_333, is_inclusive=True, valid_to=CHANGE),
    row("A-1", "motor", rate_ppm=91_117, is_inclusive=True, valid_from=CHANGE),
    row("A-2", "motor", rate_ppm=57_000, is_inclusive=True, basis=Basis.NET_AND_TAXES, basis_tax_codes="A-1"),
    fixed("A-3", "motor", Basis.TERM, 1_250),
    # On top: rounding by line and by term, to multiples, a tax on two taxes, an amount per document.
    row("B-1", "home", rate_ppm=77_777, rounding_scope=RoundingScope.LINE),
    row("B-2", "home", rate_ppm=31_000, rounding_scope=RoundingScope.POLICY, rounding_minor=5),
    row("B-3", "home", rate_ppm=125_000, basis=Basis.NET_AND_TAXES, basis_tax_codes="B-1 B-2"),
    fixed("B-4", "home", Basis.DOCUMENT, 333),
    # By the term: the rate of its first day stays, though another begins within it.
    row("C-1", "travel", rate_ppm=50_000, tax_point=TaxPoint.TERM, valid_to=CHANGE),
    row("C-1", "travel", rate_ppm=90_000, tax_point=TaxPoint.TERM, valid_from=CHANGE),
)


@pytest.fixture(scope="module")
def billed(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Billing]:
    """A store of its own with what :func:`_bill` bills; tests leave it as it is."""
    name = f"{template_database}_taxes"
    with copied_database(server_url, template_database, name) as database, ExitStack() as stack:
        billing = billing_over(database, tmp_path_factory.mktemp("home"), stack)
        _bill(billing)
        yield billing


def _bill(billing: Billing) -> None:
    """Bill daily terms in Kuwait for two weeks; Friday and Saturday share an invoice with Sunday."""
    database = billing.database
    fill_book(database, 1)
    names = list(asdict(ROWS[0]))
    statement = (
        f"insert into tax_rule ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)})"
    )
    with database.transaction() as connection:
        connection.execute(text(statement), [asdict(each) for each in ROWS])
    for number, line in enumerate(("motor", "home", "travel", "motor")):
        values: dict[str, Any] = {"line": line, "place": "KW", "currency": "KWD", "plan": "daily"}
        premium = 3_659_999 + 777 * number
        add_term(database, f"KW-{number}", effective=date(2024, 5, 28), premium_minor=premium, **values)
    for day in DAYS:
        billing.invoice(billing.order(day))


def test_an_audit_of_rows_of_every_kind_finds_nothing(billed: Billing) -> None:
    unanswered = {"I18"}  # the terms were put into the store beside any batch
    with billed.database.transaction() as connection:
        assert set(broken(connection)) <= unanswered
    query = """
        select count(distinct t.tax_rule_id), max(l.line_number), count(distinct r.tax_rule_id) filter (
            where r.tax_code = 'C-1'), count(*) filter (where r.tax_code = 'A-3')
        from invoice_tax t join tax_rule r using (tax_rule_id) join invoice_line l using (invoice_id)
        where r.source = 'a test'
    """
    with billed.database.transaction() as connection:
        rules, most_lines, by_term, per_term = connection.execute(text(query)).one()
    assert (rules, most_lines, by_term, per_term) == (len(ROWS) - 1, 3, 1, 2)


def test_price_and_charge_agree_where_the_price_contains_tax(billed: Billing) -> None:
    query = """
        select count(*), count(*) filter (where l.contained_tax_minor > 0), bool_and(
            d.net_minor = l.net_minor + l.contained_tax_minor)
        from invoice_line l join due_charge d using (policy_term_id, installment_number)
        join policy_term_version v on v.policy_term_version_id = l.policy_term_version_id
        where v.line_of_business = 'motor' and v.place_code = 'KW'
    """
    with billed.database.transaction() as connection:
        count, contained, agree = connection.execute(text(query)).one()
    assert count == contained > 20
    assert agree


@pytest.mark.parametrize("code", ["A-2", "B-1", "B-4"])
def test_a_row_that_was_ended_after_it_was_billed_by_is_no_fault(
    billed: Billing, server_url: str, code: str
) -> None:
    superuser = make_engine(url_of(server_url, billed.database.engine.url.database or ""), "postgres")
    end = f"update tax_rule set valid_to = date '2024-05-20' where tax_code = '{code}'"
    with planted(superuser, end) as connection:
        assert broken(connection, check_ids=["I02"]) == {}
    superuser.dispose()


@pytest.mark.long
@pytest.mark.parametrize("code", ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3", "B-4", "C-1"])
@pytest.mark.parametrize("column", ["base_minor", "tax_minor"])
def test_a_changed_tax_of_each_kind_is_named(
    billed: Billing, server_url: str, code: str, column: str
) -> None:
    superuser = make_engine(url_of(server_url, billed.database.engine.url.database or ""), "postgres")
    change = f"""
        update invoice_tax set {column} = {column} + 1 where (invoice_id, tax_number) = (
            select invoice_id, tax_number from invoice_tax join tax_rule using (tax_rule_id)
            where tax_code = '{code}' order by 1 desc limit 1)
    """
    with planted(superuser, change) as connection:
        found = broken(connection, check_ids=["I02"])["I02"]
    superuser.dispose()
    assert any("tax" in example for example in found.examples)
