"""A header is refused where it lacks a mapped column or names one twice."""

import pytest

from billing_assets.domain.book_mapping import BookMapping, FieldSource
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.headers import check_header

MAPPING = BookMapping(fields={"policy_number": FieldSource(columns=("NO",))})


@pytest.mark.parametrize("header", [["NO"], ["x", "NO", "", ""]])
def test_a_header_with_the_mapped_column_once_will_do(header: list[str]) -> None:
    check_header("book.csv", header, MAPPING)


@pytest.mark.parametrize(
    ("header", "code", "todo"),
    [
        (["x", "NO."], "mapping_column_missing", "did you mean 'NO.'?"),
        (["NO;x"], "mapping_column_missing", "delimiter"),
        (["x", "y"], "mapping_column_missing", "header row"),
        (["NO", "x", "x"], "header_doubled", "name of its own"),
    ],
)
def test_a_header_that_cannot_be_mapped_is_refused_with_a_hint(
    header: list[str], code: str, todo: str
) -> None:
    with pytest.raises(BillingError) as caught:
        check_header("book.csv", header, MAPPING)
    assert caught.value.code == code
    assert todo in caught.value.todo
