"""Detaching goes on wherever it was stopped, and says what it finds."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.month_folders import ParquetMonthFolder
from billing_assets.steps.detach_month import detach_month
from billing_assets.steps.month_ports import DetachOrder
from billing_assets.store.connection import Database
from billing_assets.store.detached_months import SqlMonthStore
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.replacements import regenerate, replacement_order
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.changes import broken
from billing_assets_tests.closed_months import LAST, MONTH, column, months_of

ORDER = DetachOrder(company_code=COMPANY.company_code, month=MONTH)


def detach(
    database: Database, folder: ParquetMonthFolder | Path, order: DetachOrder = ORDER
) -> dict[str, object]:
    where = ParquetMonthFolder(folder) if isinstance(folder, Path) else folder
    return dict(detach_month(order, store=SqlMonthStore(database, lambda: AT), folder=where).facts)


class Stopping(ParquetMonthFolder):
    """A folder that stops at the n-th file that is written, or behind the manifest."""

    def __init__(self, folder: Path, after: int) -> None:
        super().__init__(folder)
        self.after = after

    def write(self, table_name, number, rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt
        return super().write(table_name, number, rows)

    def keep_manifest(self, content: str) -> None:
        super().keep_manifest(content)
        if self.after < 100:
            raise KeyboardInterrupt


def stop(database: Database, folder: Path, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        detach(database, Stopping(folder, after))


@pytest.mark.long
@pytest.mark.parametrize("after", [1, 4, 99])
def test_the_same_command_goes_on_where_it_was_stopped(
    after: int, closed_store: Database, tmp_path: Path
) -> None:
    stop(closed_store, tmp_path / "month", after)
    assert column(closed_store, "select count(*) from detached_month") == [0]
    written = (tmp_path / "month" / "manifest.json").exists()
    facts = detach(closed_store, tmp_path / "month")
    assert (written, facts["is_repeat"], facts["document_count"]) == (after == 99, 0, 11)
    again = detach(closed_store, tmp_path / "month")
    assert (again["is_repeat"], again["content_sha256"]) == (1, facts["content_sha256"])


def test_a_month_that_is_away_is_not_detached_to_another_folder(
    closed_store: Database, tmp_path: Path
) -> None:
    detach(closed_store, tmp_path / "month")
    for folder in (tmp_path / "other", tmp_path):
        with pytest.raises(BillingError) as caught:
            detach(closed_store, folder)
        assert caught.value.code == "month_detached_elsewhere"


def test_a_folder_of_another_month_is_left_alone(closed_store: Database, tmp_path: Path) -> None:
    detach(closed_store, tmp_path / "month")
    march = DetachOrder(company_code=COMPANY.company_code, month=date(2020, 3, 1))
    with pytest.raises(BillingError) as caught:
        detach(closed_store, tmp_path / "month", march)
    assert caught.value.code == "folder_in_use"


def test_a_repeat_finds_a_file_that_is_gone(closed_store: Database, tmp_path: Path) -> None:
    detach(closed_store, tmp_path / "month")
    (tmp_path / "month" / "invoice_line-0001.parquet").unlink()
    with pytest.raises(BillingError) as caught:
        detach(closed_store, tmp_path / "month")
    assert caught.value.code == "file_changed"


def test_a_bound_that_is_too_short_is_refused_before_anything_is_written(
    closed_store: Database, tmp_path: Path
) -> None:
    order = DetachOrder(company_code=COMPANY.company_code, month=MONTH, bound_months=12)
    with pytest.raises(BillingError) as caught:
        detach(closed_store, tmp_path / "month", order)
    assert caught.value.code == "bound_too_short"
    assert months_of(closed_store).list()[0].detached_at is None


def test_the_month_of_an_invoice_that_was_replaced_goes_and_comes_back(
    closed_billing: Billing, tmp_path: Path
) -> None:
    number = """
        select document_number(s.prefix, i.invoice_number) from invoice i join number_series s
            using (number_series_id) join invoice_line l using (invoice_id)
        join policy_term t on t.policy_term_id = l.policy_term_id join policy using (policy_id)
        where policy_number = 'P5' order by i.invoice_id limit 1
    """
    (old,) = column(closed_billing.database, number)
    order = replacement_order(
        closed_billing, str(old), reason="asked", approved_by="ana", billing_date=LAST, is_forced=True
    )
    new = regenerate(closed_billing, order).invoice_number
    months, desk = months_of(closed_billing.database), Desk(closed_billing)
    months.detach(MONTH, tmp_path / "month")
    assert broken(closed_billing) == {}
    replaced = desk.invoice(new).invoice.replaces
    assert replaced is not None
    assert replaced.invoice_number == old
    with pytest.raises(BillingError, match="month_away"):
        regenerate(closed_billing, order)
    months.attach(tmp_path / "month")
    assert broken(closed_billing) == {}
    assert desk.invoice(str(old)).replaced_by == new
