"""A mapping file is read whole or refused, naming the file, the key and the remedy."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_assets.domain.book_mapping import REQUIRED_FIELDS, ChargeSource, FieldSource
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.mapping import expected_premium, mapping_from, read_mapping

COLUMNS = {name: name.upper() for name in REQUIRED_FIELDS}
EXAMPLES = Path(__file__).parents[2] / "examples"


def refusal(record: object) -> BillingError:
    with pytest.raises(BillingError) as caught:
        mapping_from(record, "book.yaml")
    return caught.value


@pytest.mark.parametrize("name", ["motor_portfolio.yaml", "demo_book.yaml"])
def test_the_shipped_mappings_are_valid(name: str) -> None:
    assert set(REQUIRED_FIELDS) <= set(read_mapping(EXAMPLES / name).fields)


def test_every_key_arrives_in_the_mapping() -> None:
    mapping = mapping_from(
        {
            "company": "demo",
            "source": "motor",
            "book": "full",
            "cut_over_date": date(2024, 1, 1),
            "format": {
                "delimiter": ";",
                "encoding": "latin-1",
                "quote": None,
                "decimal_mark": ",",
                "date_formats": "%d/%m/%Y",
            },
            "columns": {**COLUMNS, "payer_name": {"columns": ["A", "B"], "join": ", "}},
            "constants": {"payer_language": "es"},
            "row_count_tolerance": "35 %",
            "control_totals": {"rows": 3, "premium": {"EUR": "12.50"}},
        }
    )
    assert (mapping.company_code, mapping.cut_over_date) == ("demo", date(2024, 1, 1))
    assert (mapping.source_code, mapping.is_full) == ("motor", True)
    assert (mapping.format.delimiter, mapping.format.quote, mapping.format.encoding) == (";", "", "iso8859-1")
    assert mapping.fields["payer_name"] == FieldSource(columns=("A", "B"), join=", ")
    assert mapping.fields["payer_language"] == FieldSource(constant="es")
    assert (mapping.row_count_tolerance_percent, mapping.controls.rows) == (35, 3)
    assert mapping.controls.premium == {"EUR": "12.50"}


@pytest.mark.parametrize(
    ("record", "found", "todo"),
    [
        ({"book": "whole", "columns": COLUMNS}, "'whole' in 'book'", "write 'full'"),
        ({"colums": {}}, "'colums' is not a known key", "did you mean 'columns'?"),
        ({"columns": {"premum": "P"}}, "'columns.premum'", "did you mean 'premium'?"),
        ({"columns": {}}, "'policy_number' has no column and no constant", "columns.policy_number"),
        (
            {"columns": {**COLUMNS, "premium": {"map": {"a": "b"}}}},
            "'columns.premium' needs either",
            "name one",
        ),
        (
            {"columns": {**COLUMNS, "currency": {"column": "C", "map": {}}}},
            "'columns.currency.map'",
            "write value",
        ),
        ({"columns": COLUMNS, "constants": {"payer_country_code": False}}, "YAML as bool", "quotes"),
        (
            {"columns": COLUMNS, "format": {"date_formats": "%d/%m/%y"}},
            "not a date format",
            "two-digit years",
        ),
        ({"columns": COLUMNS, "format": {"date_formats": []}}, "is empty", "%Y-%m-%d"),
        ({"columns": COLUMNS, "format": {"delimiter": ";;"}}, "one ASCII character", "quotes"),
        ({"columns": COLUMNS, "format": {"encoding": "utf-9"}}, "'utf-9'", "cp1252"),
        ({"columns": COLUMNS, "format": {"encoding": "base64"}}, "no encoding of text", "cp1252"),
        ({"columns": COLUMNS, "format": {"encoding": "unicode_escape"}}, "no encoding of text", "cp1252"),
        ({"columns": COLUMNS, "format": {"decimal_mark": ";"}}, "contradictory", "decimal_mark"),
        ({"columns": COLUMNS, "format": {"thousands": "."}}, "contradictory", "thousands"),
        ({"columns": COLUMNS, "format": {"thousands": "_"}}, "not a grouping mark", "quotes"),
        ({"columns": COLUMNS, "cut_over_date": "01/02/2024"}, "'cut_over_date' is not a date", "2024-01-31"),
        ({"columns": COLUMNS, "row_count_tolerance": "many"}, "not a percentage", "20 %"),
        ({"columns": COLUMNS, "control_totals": {"rows": "3"}}, "not a whole number", "number of rows"),
        (["columns"], "not a list of keys", "mapping.md"),
    ],
)
def test_a_bad_mapping_is_refused_with_its_key_and_remedy(record: object, found: str, todo: str) -> None:
    error = refusal(record)
    assert error.code == "mapping_invalid"
    assert error.found.startswith("book.yaml: ")
    assert found in error.found
    assert todo in error.todo


@pytest.mark.parametrize(
    "text",
    [
        b"columns: {premium: A, premium: B}\n",
        b"columns: [unclosed\n",
        b"columns: \xff\n",
        b"columns: !!python/object:os.system {}\n",
        b"cut_over_date: 2025-02-30\n",
    ],
    ids=["key twice", "no YAML", "no UTF-8", "code", "no date"],
)
def test_a_file_that_is_no_plain_yaml_is_unreadable(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes(text)
    with pytest.raises(BillingError, match=r"book\.yaml") as caught:
        read_mapping(path)
    assert caught.value.code == "mapping_unreadable"


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="mapping_unreadable"):
        read_mapping(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"control_totals": {"rows": 3}}, True),
        ({"row_count_tolerance": 50}, True),
        ({"constants": {"payer_language": "es"}}, False),
        ({"format": {"decimal_mark": ","}}, False),
        ({"format": {"thousands": "\u00a0"}}, False),
    ],
)
def test_the_hash_of_a_mapping_follows_what_it_does_to_a_row(change: dict[str, Any], is_same: bool) -> None:
    plain, changed = mapping_from({"columns": COLUMNS}), mapping_from({"columns": COLUMNS, **change})
    assert (plain.content_sha256 == changed.content_sha256) is is_same


def test_an_announced_premium_is_one_sum_or_one_for_each_currency() -> None:
    assert expected_premium("12.5") == {"": "12.5"}
    assert expected_premium("EUR=1,GBP=2.00") == {"EUR": "1", "GBP": "2.00"}
    with pytest.raises(BillingError, match="control_total_invalid"):
        expected_premium("=3")


FIRE = {"column": "F", "name": " Fire ", "line_of_business": "fire"}


def test_charge_lines_arrive_in_their_order() -> None:
    glass = {"column": "G", "name": "Glass"}
    mapping = mapping_from({"columns": COLUMNS, "charges": {"fire": FIRE, "glass": glass}})
    assert mapping.charges == (
        ChargeSource(charge_code="fire", charge_name="Fire", column="F", line_of_business="fire"),
        ChargeSource(charge_code="glass", charge_name="Glass", column="G"),
    )
    assert mapping.source_columns()[-2:] == ("F", "G")


def test_a_mapping_without_charge_lines_keeps_its_identity_and_one_with_them_has_another() -> None:
    plain = mapping_from({"columns": COLUMNS})
    split = mapping_from({"columns": COLUMNS, "charges": {"fire": FIRE}})
    assert plain.content_sha256 != split.content_sha256
    renamed = mapping_from({"columns": COLUMNS, "charges": {"fire": {**FIRE, "name": "Blaze"}}})
    assert renamed.content_sha256 != split.content_sha256


@pytest.mark.parametrize(
    ("charges", "found"),
    [
        (None, "'charges' names no charge line"),
        ({}, "'charges' names no charge line"),
        (
            {"fire": FIRE, "glass": {**FIRE, "column": "G", "name": "FIRE"}},
            "two charge lines have the name 'fire'",
        ),
        ({"fire": {**FIRE, "column": "PREMIUM"}}, "'charges.fire.column' and 'columns.premium' are both"),
        (["F"], "'charges' is not a list of keys with values"),
        ({"Fire!": FIRE}, "'charges.Fire!' is no code"),
        ({"fire": {"column": "F"}}, "'charges.fire.name' is empty"),
        ({"fire": {**FIRE, "name": "a\nb"}}, "'charges.fire.name' has characters that cannot be printed"),
        ({"fire": {**FIRE, "name": "x" * 51}}, "'charges.fire.name' has 51 characters: 'xxx"),
        ({"fire": {"name": "Fire"}}, "'charges.fire.column' names no column"),
        ({"fire": {**FIRE, "rate": "1"}}, "'charges.fire.rate' is not a known key"),
        ({"fire": FIRE, "glass": FIRE}, "two charge lines have the column 'F'"),
        ({f"c{n}": {**FIRE, "column": f"C{n}"} for n in range(21)}, "'charges' names 21 charge lines"),
    ],
)
def test_charge_lines_that_cannot_be_meant_are_refused(charges: object, found: str) -> None:
    assert found in refusal({"columns": COLUMNS, "charges": charges}).found


PAYER = {"share": "PART", "payer_key": "BANK", "payer_name": {"columns": ["B1", "B2"]}}
KEYED = {**COLUMNS, "payer_key": "K"}


def test_further_payers_arrive_in_their_order_with_their_columns_and_constants() -> None:
    second = {**PAYER, "share": "PART2", "constants": {"payer_language": "es"}}
    mapping = mapping_from({"columns": KEYED, "payers": [PAYER, second]})
    assert [payer.number for payer in mapping.payers] == [1, 2]
    assert list(mapping.payers[0].fields) == ["share", "payer_key", "payer_name"]
    assert mapping.payers[1].fields["payer_language"].constant == "es"
    assert mapping.source_columns()[-5:] == ("PART", "BANK", "B1", "B2", "PART2")


def test_a_mapping_without_further_payers_keeps_its_identity_and_one_with_them_has_another() -> None:
    plain, empty = mapping_from({"columns": KEYED}), mapping_from({"columns": KEYED, "payers": []})
    shared = mapping_from({"columns": KEYED, "payers": [PAYER]})
    assert plain.content_sha256 == empty.content_sha256 != shared.content_sha256
    other = mapping_from({"columns": KEYED, "payers": [{**PAYER, "share": "OTHER"}]})
    assert other.content_sha256 != shared.content_sha256


@pytest.mark.parametrize(
    ("payers", "found"),
    [
        ({"bank": PAYER}, "'payers' is not a list"),
        (["PART"], "'payers.1' is not a list of keys with values"),
        ([{**PAYER, "rate": "1"}], "'payers.1.rate' is not a known key"),
        ([PAYER, {"payer_key": "K", "payer_name": "N"}], "'payers.2' has no 'share'"),
        ([{"share": "S", "payer_name": "N"}], "'payers.1' has no 'payer_key'"),
        ([{"share": "S", "payer_key": "K"}], "'payers.1' has no 'payer_name'"),
        ([{**PAYER, "share": ""}], "'payers.1.share' names no column"),
        ([{**PAYER, "constants": {"share": "40"}}], "'payers.1.constants.share' is not a known key"),
        ([PAYER] * 10, "'payers' names 10 further payers"),
    ],
)
def test_further_payers_that_cannot_be_meant_are_refused(payers: object, found: str) -> None:
    assert found in refusal({"columns": KEYED, "payers": payers}).found


def test_the_payer_of_the_row_needs_a_key_beside_others() -> None:
    assert "has no key" in refusal({"columns": COLUMNS, "payers": [PAYER]}).found
