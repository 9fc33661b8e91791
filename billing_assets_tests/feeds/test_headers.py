"""A header is refused where it lacks a mapped column or names one twice."""

from dataclasses import replace
from io import BytesIO

import polars as pl
import pytest

from billing_assets.domain.book_mapping import (
    REQUIRED_FIELDS,
    SHARE,
    BookMapping,
    ChargeSource,
    FieldSource,
    PayerSource,
    cell_name,
)
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.headers import check_header
from billing_assets.feeds.mapping import mapping_from
from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.steps.intake_ports import PolicyFile

MAPPING = BookMapping(fields={"policy_number": FieldSource(columns=("NO",))})


@pytest.mark.parametrize("header", [["NO"], ["x", "NO", "", ""]])
def test_a_header_with_the_mapped_column_once_will_do(header: list[str]) -> None:
    check_header("book.csv", header, MAPPING)


@pytest.mark.parametrize("name", ["P\u00f3liza", "Po\u0301liza"])
@pytest.mark.parametrize("mapped", ["P\u00f3liza", "Po\u0301liza"])
def test_a_column_is_found_however_its_accents_are_written(name: str, mapped: str) -> None:
    columns = dict.fromkeys(REQUIRED_FIELDS, "no") | {"policy_number": mapped}
    mapping = mapping_from({"columns": columns})
    (column,) = mapping.fields["policy_number"].columns
    file = BytesIO()
    pl.DataFrame({name: ["P1"], "no": ["1"]}).write_parquet(file)
    for content in (f"{name},no\nP1,1\n".encode(), file.getvalue()):
        book = PolicyFile(name="book", content=content, content_sha256="")
        assert PolicyFiles().read(book, mapping).frame[cell_name(column)].to_list() == ["P1"]


def test_a_file_without_the_columns_of_the_charges_says_which_and_what_to_do() -> None:
    parts = tuple(
        ChargeSource(charge_code=code, charge_name=code, column=column)
        for code, column in (("own_damage", "damage"), ("legal", "legal"))
    )
    with pytest.raises(BillingError) as caught:
        check_header("book.csv", ["x", "NO", "premium"], replace(MAPPING, charges=parts))
    assert caught.value.found == (
        "book.csv has no column 'damage' (charges.own_damage.column), 'legal' (charges.legal.column)"
    )
    assert "with a mapping without 'charges'" in caught.value.todo


def test_a_file_without_a_column_of_a_further_payer_says_which_key_names_it() -> None:
    share = {SHARE: FieldSource(columns=("p2pc",)), "payer_key": FieldSource(columns=("bank",))}
    mapping = replace(MAPPING, payers=(PayerSource(number=1, fields=share),))
    with pytest.raises(BillingError) as caught:
        check_header("book.csv", ["x", "NO", "p2pct", "bank"], mapping)
    assert caught.value.found == "book.csv has no column 'p2pc' (payers.1.share)"
    assert caught.value.todo == "did you mean 'p2pct'?"


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
