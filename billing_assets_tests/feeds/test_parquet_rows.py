"""Parquet comes in as the text that the mapping reads back, or is refused whole with a reason."""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import polars as pl
import pytest

from billing_assets.domain.book_mapping import BookFormat, BookMapping, FieldSource, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.parquet_rows import parquet_rows


def mapping(form: BookFormat | None = None, **columns: str) -> BookMapping:
    named = {"policy_number": "no", "premium": "premium", **columns}
    fields = {name: FieldSource(columns=(column,)) for name, column in named.items()}
    return BookMapping(fields=fields, format=form or BookFormat())


def read(frame: pl.DataFrame, form: BookFormat | None = None, **columns: str) -> pl.DataFrame:
    file = BytesIO()
    frame.write_parquet(file)
    return parquet_rows(file.getvalue(), mapping(form, **columns), "book.parquet")


def test_typed_columns_become_the_text_that_the_formats_read() -> None:
    file = pl.DataFrame(
        {
            "no": [7, 8],
            "premium": pl.Series([Decimal("902.50"), None], dtype=pl.Decimal(10, 2)),
            "start": [date(2024, 2, 29), date(2024, 3, 1)],
            "end": [datetime.fromisoformat("2025-02-28"), datetime.fromisoformat("2025-03-01T12:30")],
        }
    )
    form = BookFormat(decimal_mark=",", date_formats=("%d/%m/%Y",))
    frame = read(file, form, effective_date="start", expiration_date="end")
    assert frame[cell_name("premium")].to_list() == ["902,50", ""]
    assert frame[cell_name("no")].to_list() == ["7", "8"]
    assert frame[cell_name("start")].to_list() == ["29/02/2024", "01/03/2024"]
    assert frame[cell_name("end")][0] == "28/02/2025"
    assert "12:30" in frame[cell_name("end")][1]
    assert frame["row_number"].to_list() == [1, 2]
    assert '"no":7' in frame["original_row"][0]


@pytest.mark.parametrize(
    ("premium", "code"), [([1.5], "amount_is_float"), ([[1]], "column_not_flat")], ids=["float", "list"]
)
def test_a_premium_is_never_a_float_nor_a_list(premium: list[object], code: str) -> None:
    with pytest.raises(BillingError, match=code):
        read(pl.DataFrame({"no": ["P1"], "premium": premium}))
