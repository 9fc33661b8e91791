"""I02 works out again what tax rows of every kind came to, and names what differs."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from billing_assets.domain.tax_rule import Basis, RoundingScope, TaxPoint, TaxRule
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database, make_engine
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.databases import url_of

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


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Daily terms in Kuwait billed for two weeks; Friday and Saturday share an invoice with Sunday."""
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
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        for day in DAYS:
            billing.invoice(billing.order(day))
        yield billing


def offenders(database: Database, check_ids: tuple[str, ...] | None = None) -> dict[str, tuple[str, ...]]:
    with database.transaction() as connection:
        found = run_checks(connection, at=datetime.now(UTC), check_ids=check_ids)
    return {each.check.check_id: each.examples for each in found if each.offender_count}


def test_an_audit_of_rows_of_every_kind_finds_nothing(billed: Billing) -> None:
    unanswered = {"I18"}  # the terms were put into the store beside any batch
    assert set(offenders(billed.database)) <= unanswered
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


@pytest.mark.parametrize("code", ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3", "B-4", "C-1"])
@pytest.mark.parametrize("column", ["base_minor", "tax_minor"])
def test_a_changed_tax_of_each_kind_is_named(
    billed: Billing, server_url: str, code: str, column: str
) -> None:
    engine = make_engine(url_of(server_url, billed.database.engine.url.database or ""), "postgres")
    change = f"""
        update invoice_tax set {column} = {column} + 1 where (invoice_id, tax_number) = (
            select invoice_id, tax_number from invoice_tax join tax_rule using (tax_rule_id)
            where tax_code = '{code}' order by 1 desc limit 1)
    """
    _past_triggers(engine, change)
    assert any("tax" in example for example in offenders(billed.database, ("I02",))["I02"])


def _past_triggers(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()
