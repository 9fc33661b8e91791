"""Each bad row of a policy book has one problem with its reason; the good rows go on."""

import json
from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.book_mapping import BOOK_FIELDS, BookMapping, FieldSource, cell_name
from billing_assets.domain.problems import PROBLEM_CODES
from billing_assets.frames.policy_book import TERM_COLUMNS, checked_rows

GOOD = {
    "policy_number": "P1",
    "payer_name": "Ann Lee",
    "payer_address_line_1": "1 High Street",
    "payer_address_line_2": "",
    "payer_address_line_3": "Leeds",
    "payer_email": "ann@example.com",
    "line_of_business": "motor",
    "place_code": "GB",
    "currency": "GBP",
    "plan_code": "monthly",
    "effective_date": "2024-01-31",
    "expiration_date": "2025-01-31",
    "cover_to_date": "",
    "contract_start_date": "2020-01-01",
    "premium": "120.50",
}
MAPPING = BookMapping(fields={name: FieldSource(columns=(name,)) for name in GOOD})


def check(*rows: dict[str, str], mapping: BookMapping = MAPPING) -> pl.DataFrame:
    full = [{**GOOD, **row} for row in rows]
    names = [*GOOD, *({*mapping.source_columns()} - {*GOOD})]
    raw = pl.DataFrame(
        {
            "row_number": range(1, len(full) + 1),
            "original_row": [json.dumps(row) for row in full],
            "row_fault": pl.Series([None] * len(full), dtype=pl.String),
            **{cell_name(name): [row.get(name, "") for row in full] for name in names},
        }
    )
    return checked_rows(raw, mapping, {"monthly", "yearly"}, None)


def with_columns(**sources: FieldSource) -> BookMapping:
    return BookMapping(fields={**MAPPING.fields, **sources})


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"policy_number": ""}, "key_empty", "policy_number"),
        ({"policy_number": "9" * 101}, "key_too_long", "policy_number"),
        ({"policy_number": "P\x001"}, "key_has_control_characters", "policy_number"),
        ({"policy_number": "P\u200b1"}, "key_has_control_characters", "policy_number"),
        ({"policy_number": "\u200b\u00a0"}, "key_empty", "policy_number"),
        ({"payer_name": "\u200b\u200b"}, "payer_name_empty", "payer_name"),
        ({"payer_name": " \x07 "}, "payer_name_empty", "payer_name"),
        ({"payer_address_line_1": "x" * 501}, "text_too_long", "payer_address_line_1"),
        ({"premium": ""}, "amount_empty", "premium"),
        ({"premium": "1.234,56"}, "amount_not_a_number", "premium"),
        ({"premium": "1.005"}, "amount_too_fine", "premium"),
        ({"premium": "-1"}, "amount_negative", "premium"),
        ({"premium": "9" * 17}, "amount_out_of_range", "premium"),
        ({"currency": "PTS"}, "currency_unknown", "currency"),
        ({"currency": "gbp"}, "currency_unknown", "currency"),
        ({"currency": "JPY"}, "amount_too_fine", "premium"),
        ({"effective_date": ""}, "date_empty", "effective_date"),
        ({"expiration_date": "2025-02-30"}, "date_invalid", "expiration_date"),
        ({"cover_to_date": "2023-02-29"}, "date_invalid", "cover_to_date"),
        ({"expiration_date": "9999-12-31"}, "date_out_of_range", "expiration_date"),
        ({"contract_start_date": "1949-12-31"}, "date_out_of_range", "contract_start_date"),
        ({"expiration_date": "2024-01-31"}, "end_before_start", "expiration_date"),
        ({"contract_start_date": "2024-02-01"}, "cover_starts_after_term", "contract_start_date"),
        ({"plan_code": "daily"}, "plan_unknown", "plan_code"),
        ({"place_code": "XX"}, "place_unknown", "place_code"),
        ({"line_of_business": "ships"}, "line_unknown", "line_of_business"),
    ],
)
def test_a_bad_row_has_its_code_and_field_and_the_others_are_taken(
    change: dict[str, str], code: str, field: str
) -> None:
    rows = check({"policy_number": "P0"}, change, {"policy_number": "P2"})
    assert rows["status"].to_list() == ["accepted", "problem", "accepted"]
    assert rows.select("problem_code", "field_name").row(1) == (code, field)
    assert code in PROBLEM_CODES


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("payer_key", "", "payer_key_empty"),
        ("payer_language", "??", "language_unknown"),
        ("payer_country_code", "Spain", "place_unknown"),
        ("product_code", "x" * 501, "text_too_long"),
        ("anchor_date", "31.12.2024", "date_invalid"),
    ],
)
def test_an_optional_field_is_checked_where_it_is_mapped(name: str, value: str, code: str) -> None:
    rows = check({name: value}, mapping=with_columns(**{name: FieldSource(columns=(name,))}))
    assert rows.select("problem_code", "field_name").row(0) == (code, name)


def test_a_value_outside_the_map_is_named_before_the_code_it_would_have_become() -> None:
    source = FieldSource(columns=("plan_code",), values={"M": "monthly"})
    rows = check({"plan_code": "Q9"}, mapping=with_columns(plan_code=source))
    assert rows.select("problem_code", "field_name").row(0) == ("value_unmapped", "plan_code")


@pytest.mark.parametrize(
    "change",
    [
        {"cover_to_date": "2024-01-31"},
        {"cover_to_date": "2023-06-01"},
        {"cover_to_date": "2025-01-31"},
        {"premium": "0"},
        {"payer_email": "a@example.com, b@example.com"},
        {"payer_name": "<b>{{7*7}}</b>"},
        {"contract_start_date": "2024-01-31"},
    ],
)
def test_an_odd_row_is_taken(change: dict[str, str]) -> None:
    assert check(change)["status"].to_list() == ["accepted"]


def test_what_is_empty_takes_its_default() -> None:
    row = check({})
    payer = json.loads(row["payer_content"][0])
    assert payer == {
        "address_lines": ["1 High Street", "Leeds"],
        "country_code": "GB",
        "email": "ann@example.com",
        "language": "en",
        "name": "Ann Lee",
        "payer_key": "P1",
    }
    assert row.select("payer_key", "product_code", "premium_minor").row(0) == ("P1", "motor", 12050)
    assert row["anchor_date"].to_list() == row["effective_date"].to_list()
    assert str(row["cut_over_date"][0]) == "1950-01-01"


def test_payer_content_is_canonical_json_and_its_hash() -> None:
    row = check({"payer_name": 'Zoë "Z" \\ </script> \u202e'})
    content = row["payer_content"][0]
    assert content == json.dumps(
        json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    assert row["payer_sha256"][0] == sha256(content.encode()).hexdigest()


def test_a_term_is_hashed_over_all_its_columns_and_nothing_else() -> None:
    row = check({})
    values = ["" if value is None else str(value) for value in row.select(TERM_COLUMNS).row(0)]
    assert row["content_sha256"][0] == sha256("\x1f".join(values).encode()).hexdigest()
    assert check({"payer_email": ""})["content_sha256"][0] == row["content_sha256"][0]


def test_a_name_of_10_000_characters_is_taken_and_cut_to_500() -> None:
    row = check({"payer_name": "N" * 10_000})
    assert json.loads(row["payer_content"][0])["name"] == "N" * 500


def test_an_email_that_cannot_be_delivered_to_is_left_empty() -> None:
    row = check({"payer_email": "a@example.com\r\nBcc: b@example.com"})
    assert json.loads(row["payer_content"][0])["email"] == ""
    assert row.select("has_email", "is_email_bad").row(0) == (False, True)


def test_a_payer_with_a_good_and_a_bad_email_keeps_the_good_one_and_both_rows_are_taken() -> None:
    keyed = with_columns(payer_key=FieldSource(columns=("payer_key",)))
    bad = {"payer_key": "K", "policy_number": "P2", "payer_email": "ann@example"}
    for both in (({"payer_key": "K"}, bad), (bad, {"payer_key": "K"})):
        found = check(*both, mapping=keyed)
        assert found["status"].to_list() == ["accepted", "accepted"]
        assert found["is_email_bad"].sort().to_list() == [False, True]
        assert found["has_email"].to_list() == [True, True]
        assert {json.loads(content)["email"] for content in found["payer_content"]} == {"ann@example.com"}
        (content,) = found["payer_content"].unique()
        assert found["payer_sha256"].unique().to_list() == [sha256(content.encode()).hexdigest()]


def test_a_payer_with_two_good_emails_or_none_beside_a_bad_one_is_a_conflict_as_before() -> None:
    keyed = with_columns(payer_key=FieldSource(columns=("payer_key",)))
    rows = [
        {"payer_key": "K", "policy_number": f"P{number}", "payer_email": email}
        for number, email in enumerate(("ann@example.com", "ann@example.org", "ann@example"))
    ]
    assert check(*rows, mapping=keyed)["problem_code"].to_list() == ["payer_conflict"] * 3
    silent = check(rows[0], {**rows[1], "payer_email": ""}, rows[2], mapping=keyed)
    assert silent["problem_code"].to_list() == ["payer_conflict"] * 3


def test_no_email_at_all_is_not_a_bad_one() -> None:
    assert check({"payer_email": ""}).select("has_email", "is_email_bad").row(0) == (False, False)


def test_the_same_row_again_is_a_duplicate() -> None:
    assert check({}, {}, {"policy_number": "P2"}, {})["status"].to_list() == [
        "accepted",
        "duplicate",
        "accepted",
        "duplicate",
    ]


def test_copies_that_differ_only_in_what_nobody_sees_are_duplicates() -> None:
    mapping = with_columns(payer_key=FieldSource(columns=("payer_key",)))
    alike = {"policy_number": "P1\u00a0", "payer_key": "\ufeffCafe\u0301", "payer_name": "Jose\u0301 "}
    rows = check({"payer_key": "Caf\u00e9", "payer_name": "Jos\u00e9"}, alike, mapping=mapping)
    assert rows["status"].to_list() == ["accepted", "duplicate"]


def test_of_copies_that_differ_none_is_taken() -> None:
    rows = check({}, {}, {"premium": "1"}, {"policy_number": "P2"})
    assert rows["status"].to_list() == ["problem", "problem", "problem", "accepted"]
    assert rows["problem_code"].to_list() == ["key_conflict"] * 3 + [None]


def test_a_copy_that_cannot_be_read_contradicts_the_good_one() -> None:
    rows = check({}, {"premium": "x"})
    assert rows["problem_code"].to_list() == ["key_conflict", "amount_not_a_number"]


def test_a_payer_with_two_contents_takes_all_its_rows_out() -> None:
    mapping = with_columns(payer_key=FieldSource(columns=("payer_key",)))
    rows = check(
        {"payer_key": "K", "policy_number": "P1"},
        {"payer_key": "K", "policy_number": "P2", "payer_name": "Other"},
        {"payer_key": "K", "policy_number": "P3"},
        {"payer_key": "L", "policy_number": "P4"},
        mapping=mapping,
    )
    assert rows["problem_code"].to_list() == ["payer_conflict"] * 3 + [None]
    assert rows["field_name"].to_list() == ["payer_key"] * 3 + [None]
    assert "payer_conflict" in PROBLEM_CODES


def test_copies_of_one_term_that_differ_contradict_each_other_before_their_payer_does() -> None:
    mapping = with_columns(payer_key=FieldSource(columns=("payer_key",)))
    rows = check(
        {"payer_key": "K"}, {"payer_key": "K", "payer_name": "Other", "premium": "1"}, mapping=mapping
    )
    assert rows["problem_code"].to_list() == ["key_conflict"] * 2


def test_without_a_payer_key_a_payer_may_move_between_two_terms() -> None:
    later = {"effective_date": "2025-01-31", "expiration_date": "2026-01-31", "payer_name": "Ann Lee-Ross"}
    rows = check({}, later)
    assert rows["status"].to_list() == ["accepted", "accepted"]
    assert rows["is_payer_keyed"].to_list() == [False, False]


def test_without_a_payer_key_two_copies_of_a_term_must_name_one_payer() -> None:
    rows = check({}, {"payer_name": "Other"})
    assert rows.select("problem_code", "field_name").rows() == [("key_conflict", "policy_number")] * 2


def test_a_row_that_could_not_be_cut_keeps_that_fault() -> None:
    raw: dict[str, Any] = {cell_name(name): pl.Series([None, GOOD[name]], dtype=pl.String) for name in GOOD}
    frame = pl.DataFrame(
        {"row_number": [1, 2], "original_row": ["P1", "x"], "row_fault": ["row_shape", None], **raw}
    )
    rows = checked_rows(frame, MAPPING, {"monthly"}, None)
    assert rows["problem_code"].to_list() == ["row_shape", None]
    assert rows["premium_minor"].to_list() == [None, 12050]


def test_every_field_of_the_book_is_known_to_the_checks() -> None:
    assert set(GOOD) < set(BOOK_FIELDS)
