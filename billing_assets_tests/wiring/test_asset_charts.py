"""Charts of assets are drawn over the real store, and none is drawn of nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest

from billing_assets.domain.runs import CurrencyTotal, Outcome
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.asset_charts import AssetCharts
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, COMPANY, add_term, billing_over, fill_book

DAY = date(2024, 1, 31)
PNG = b"\x89PNG"


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 4)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_of_nothing_nothing_is_drawn(billing: Billing) -> None:
    charts = AssetCharts(billing)
    nothing = CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=0, net_minor=0)
    assert charts.due([]) is charts.due([nothing]) is None
    assert charts.volume(DAY) is charts.messages(DAY) is None
    assert charts.documents({"document_count": 0}) is None


def test_before_the_first_import_there_is_no_chart_of_it(database: Database, tmp_path: Path) -> None:
    with database.transaction() as connection:
        save_company(connection, COMPANY, AT)
    with ExitStack() as stack:
        assert AssetCharts(billing_over(database, tmp_path, stack)).last_import() is None


def test_a_date_stands_beside_the_same_weekday_before(billing: Billing, database: Database) -> None:
    week_after = DAY + timedelta(days=7)
    add_term(database, "WEEK-1", effective=week_after + timedelta(days=1))
    for day in (DAY, week_after):
        billing.invoice(billing.order(day))
    charts = AssetCharts(billing)
    rows = charts.volume_rows(week_after)
    assert (rows[0].billing_date, rows[0].is_this) == (DAY, False)
    chart = charts.volume(week_after)
    assert chart is not None
    assert chart.png.startswith(PNG)
    assert chart.words == "invoices beside comparable dates"


def test_documents_messages_and_the_last_import_are_drawn(billing: Billing) -> None:
    billing.invoice(billing.order(DAY))
    charts = AssetCharts(billing)
    made = charts.documents(billing.print(DAY).facts)
    last_import = charts.last_import()
    assert made is not None
    assert made.png.startswith(PNG)
    assert last_import is not None
    assert last_import.words == "rows of the last import"
