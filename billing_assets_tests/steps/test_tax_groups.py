"""One tax that lines of business of one document have by rows of their own, from the book to the credit.

Belongs here: what needs a store, documents of before taxes had groups among it.
Does not belong here: the amounts of a group (``frames.test_taxes``), each floor by itself.
"""

from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.steps.run_ports import RuleRows
from billing_assets.store.connection import Database, make_engine
from billing_assets.store.rule_sets import read_rules
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.steps.test_charge_line_books import DECEMBER, assert_proven, import_one, mapped
from billing_assets_tests.steps.test_charge_lines import offenders
from billing_assets_tests.store.intake import query, with_company

JANUARY, FEBRUARY = date(2025, 1, 2), date(2025, 2, 3)
# Each month bills 1.06 and 1.06: 8 % of one is 8.48 cents, of both 16.96.
AMOUNTS = {"premium": "25.44", "liability": "12.72", "damage": "12.72"}
TAXES = """
select dense_rank() over (order by invoice_id)::int, base_minor, tax_minor from invoice_tax
order by invoice_id, tax_number
"""


def row(line: str, **values: Any) -> TaxRule:
    shared: dict[str, Any] = {"rate_ppm": 80_000, "valid_from": date(2020, 1, 1), **values}
    return TaxRule(tax_code="T", place_code="KW", line_of_business=line, source=f"Act of {line}", **shared)


def add_rows(billing: Billing, *rows: TaxRule) -> None:
    names = list(asdict(rows[0]))
    statement = (
        f"insert into tax_rule ({', '.join(names)}) values ({', '.join(f':{each}' for each in names)})"
    )
    with billing.database.transaction() as connection:
        connection.execute(text(statement), [asdict(each) for each in rows])


def end_row(billing: Billing, source: str, day: date) -> None:
    engine = make_engine(billing.database.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as owner:
        ended = owner.execute(
            text("update tax_rule set valid_to = :day where source = :source"), {"day": day, "source": source}
        )
        assert ended.rowcount == 1
    engine.dispose()


def credit(billing: Billing, number: str, *, line_number: int | None = None, net: int | None = None) -> None:
    wanted = WantedCredit(invoice_number=number, line_number=line_number, net_minor=net)
    billing.credit(billing.credit_order((wanted,), reason="sold", approved_by="ana", billing_date=DECEMBER))


def given_back(billing: Billing, invoice_number: int = 1) -> list[tuple[int, ...]]:
    """Return for each tax row of an invoice what was charged and what was given back: base and tax."""
    return query(
        billing.database,
        "select o.base_minor, o.tax_minor, sum(t.base_minor)::int, sum(t.tax_minor)::int "
        "from invoice_tax o join invoice c on c.credited_invoice_id = o.invoice_id "
        "join invoice_tax t on t.invoice_id = c.invoice_id and t.tax_rule_id = o.tax_rule_id "
        "join invoice i on i.invoice_id = o.invoice_id "
        f"where i.invoice_number = {invoice_number} group by o.tax_number, 1, 2 order by o.tax_number",
    )


def prepare(database: Database, home: Path) -> None:
    """A term of a motor and a home part; each has a row of its own of one tax, home the later one."""
    with ExitStack() as stack:
        billing = billing_over(with_company(database), home, stack)
        add_rows(billing, row("motor"), row("home"))
        import_one(billing, home, mapped("KW", "motor", "home"), **AMOUNTS)


@pytest.mark.long
def test_a_tax_of_two_lines_of_business_is_rounded_once_and_one_line_of_the_document(
    billing: Billing,
) -> None:
    billing.invoice(billing.order(JANUARY))
    assert query(billing.database, TAXES) == [(1, 212, 17)]
    first = Desk(billing).invoice("INV-00000001").invoice
    assert [(line.net_minor, line.tax_minor) for line in first.lines] == [(106, 8), (106, 9)]
    assert [(tax.base_minor, tax.tax_minor) for tax in first.taxes] == [(212, 17)]
    assert_proven(billing)


@pytest.mark.long
@pytest.mark.parametrize("parts", [((2, None), (1, None)), ((1, 50), (2, 7), (None, None)), ((None, None),)])
def test_credits_give_back_the_tax_of_the_group_in_parts_and_as_a_whole(
    billing: Billing, parts: tuple[tuple[int | None, int | None], ...]
) -> None:
    billing.invoice(billing.order(JANUARY))
    for line_number, net in parts:
        credit(billing, "INV-00000001", line_number=line_number, net=net)
    assert given_back(billing) == [(212, 17, 212, 17)]
    assert_proven(billing, *(f"CRN-{number:08}" for number in range(1, len(parts) + 1)))


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("motor", "home", "Act of motor", "Act of home", "once for the whole document")),
        ("es", ("Act of motor", "Act of home", "una sola vez para todo el documento")),
    ],
)
def test_the_explanation_names_each_row_of_the_group_with_its_line_of_business(
    billing: Billing, language: str, words: tuple[str, ...]
) -> None:
    billing.invoice(billing.order(JANUARY))
    view = Desk(billing).explain("INV-00000001", language=language)
    told = [each for section in view.sections for each in section.results]
    taxes = [each for each in told if each.result.code == "T" and each.sources]
    (whole,) = (each for each in taxes if len(each.sources) == 2)
    said = " ".join((*whole.reasons, whole.figures, whole.rounding, *whole.sources))
    assert [word for word in words if word.lower() not in said.lower()] == []


def as_before_groups(connection: Connection) -> RuleRows:
    return replace(read_rules(connection), has_tax_groups=False)


@pytest.mark.long
def test_a_document_of_before_taxes_had_groups_keeps_the_rows_it_was_issued_with(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("billing_assets.store.runs.read_rules", as_before_groups)
        billing.invoice(billing.order(JANUARY))
    billing.invoice(billing.order(FEBRUARY))
    assert query(billing.database, TAXES) == [(1, 106, 8), (1, 106, 8), (2, 212, 17)]
    assert_proven(billing)
    for number in ("INV-00000001", "INV-00000002"):
        credit(billing, number, line_number=2, net=50)
        credit(billing, number)
    assert given_back(billing) == [(106, 8, 106, 8)] * 2
    assert given_back(billing, 2) == [(212, 17, 212, 17)]
    assert_proven(billing, *(f"CRN-{number:08}" for number in range(1, 5)))


@pytest.mark.long
def test_rows_that_come_or_end_afterwards_change_nothing_of_what_was_issued(billing: Billing) -> None:
    """A row of the group for any line, and the end of home's row, both before the tax point."""
    billing.invoice(billing.order(JANUARY))
    add_rows(billing, row("*"), row("travel"))
    end_row(billing, "Act of home", date(2024, 6, 1))
    assert_proven(billing)
    credit(billing, "INV-00000001", line_number=2)
    credit(billing, "INV-00000001")
    assert given_back(billing) == [(212, 17, 212, 17)]
    assert_proven(billing, "CRN-00000001", "CRN-00000002")


@pytest.mark.long
def test_a_row_that_was_ended_between_the_tax_points_of_one_invoice_is_still_given_back(
    database: Database, tmp_path: Path
) -> None:
    """A daily plan bills Friday, Saturday and Sunday of Kuwait together; the row is ended with Saturday."""
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        add_rows(billing, row("motor"))
        values: dict[str, Any] = {"line": "motor", "place": "KW", "currency": "KWD", "plan": "daily"}
        add_term(database, "KW-1", effective=date(2024, 5, 28), premium_minor=3_659_999, **values)
        for number in range(8):
            billing.invoice(billing.order(date(2024, 5, 27) + timedelta(days=number)))
        ((number, first),) = query(
            database,
            "select document_number(prefix, invoice_number), min(period_from_date) from invoice_line "
            "join invoice using (invoice_id) join number_series using (number_series_id) "
            "group by 1 having count(*) = 3",
        )
        end_row(billing, "Act of motor", first + timedelta(days=1))
        credit(billing, number, line_number=3)
        credit(billing, number)
        assert Desk(billing).explain("CRN-00000001").explanation.differences == ()
        assert Desk(billing).explain(number).explanation.differences == ()
        assert set(offenders(database)) <= {"I18"}  # the term was put into the store beside any batch
