"""The month as people name it, its record, and what keeps it attached."""

from datetime import date

import pytest

from billing_assets.domain.detached_months import (
    LEAST_BOUND_MONTHS,
    MonthFile,
    MonthRecord,
    MonthTable,
    MonthTotal,
    Obstacle,
    month_away,
    month_from,
    month_name,
    month_not_closed,
    record_from,
    require_bound,
)
from billing_assets.domain.errors import BillingError

JANUARY = date(2021, 1, 1)
RECORD = MonthRecord(
    company_code="alondra",
    month=JANUARY,
    totals=(
        MonthTotal(
            document_kind="invoice",
            currency="EUR",
            document_count=2,
            net_minor=100,
            tax_minor=8,
            total_minor=108,
        ),
    ),
    tables=(
        MonthTable(
            table_name="invoice",
            columns=("invoice_id",),
            row_count=2,
            rows_sha256="ab",
            files=(
                MonthFile(file_name="invoice-0001.parquet", row_count=2, byte_count=700, file_sha256="cd"),
            ),
        ),
    ),
)


def test_a_record_is_read_back_from_its_text_and_counts_itself() -> None:
    assert record_from(RECORD.content) == RECORD
    assert (RECORD.document_count, RECORD.row_count, RECORD.byte_count) == (2, 2, 700)
    assert len(RECORD.content_sha256) == 64


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 2}', RECORD.content.replace("2021-01", "2021-13")]
)
def test_a_text_that_is_no_record_is_told(content: str) -> None:
    with pytest.raises(BillingError) as caught:
        record_from(content)
    assert caught.value.code == "manifest_unreadable"


@pytest.mark.parametrize("text", ["2021", "2021-1", "2021-00", "2021-13", "0000-01", "2021-01-01", "January"])
def test_another_form_of_a_month_is_refused(text: str) -> None:
    with pytest.raises(BillingError) as caught:
        month_from(text)
    assert caught.value.code == "month_malformed"


def test_a_month_is_written_as_it_is_read() -> None:
    assert month_name(month_from("2021-01")) == "2021-01"


def test_a_term_cannot_count_as_closed_while_it_may_still_change() -> None:
    require_bound(LEAST_BOUND_MONTHS)
    with pytest.raises(BillingError) as caught:
        require_bound(LEAST_BOUND_MONTHS - 1)
    assert caught.value.code == "bound_too_short"


def test_whatever_keeps_a_month_is_said_with_what_to_do_about_the_first() -> None:
    obstacles = [Obstacle(obstacle_code=code, obstacle_count=3) for code in ("term_held", "problem_open")]
    error = month_not_closed(JANUARY, obstacles, 36)
    assert error.found == (
        "2021-01 cannot be detached: terms that are held: 3; open problems of its policies: 3"
    )
    assert error.todo == obstacles[0].todo
    assert "36 months" in Obstacle(obstacle_code="month_recent", obstacle_count=1).words(36)


def test_what_lies_in_several_months_names_them() -> None:
    error = month_away("the quote rests on invoices", [JANUARY, date(2021, 2, 1)])
    assert error.found == "the quote rests on invoices in 2021-01, 2021-02, which are detached"
    assert "billing months attach" in error.todo
