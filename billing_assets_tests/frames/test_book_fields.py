"""Cells become fields as the mapping says, and nothing is guessed."""

from datetime import date

import polars as pl
import pytest

from billing_assets.domain.book_mapping import BOOK_FIELDS, BookMapping, FieldSource, cell_name
from billing_assets.frames.book_fields import book_fields, deliverable_addresses, original_value, read_day


def field(name: str, source: FieldSource, **cells: str | None) -> tuple[str, str | None]:
    row = {
        "row_number": 1,
        "original_row": "",
        "row_fault": None,
        **{cell_name(name): cell for name, cell in cells.items()},
    }
    raw = pl.LazyFrame([row])
    frame = book_fields(raw, BookMapping(fields={name: source})).collect()
    assert set(BOOK_FIELDS) < set(frame.columns)
    return frame.select(name, "unmapped_field").row(0)


@pytest.mark.parametrize(
    ("first", "last", "joined"),
    [("Ann", "Lee", "Ann Lee"), ("", "Lee", "Lee"), ("Ann", None, "Ann"), (" ", "", "")],
)
def test_joined_columns_leave_out_empty_cells(first: str | None, last: str | None, joined: str) -> None:
    assert field("payer_name", FieldSource(columns=("a", "b")), a=first, b=last) == (joined, None)


def test_a_constant_fills_empty_cells_only() -> None:
    source = FieldSource(columns=("a",), constant="es")
    assert field("payer_language", source, a="") == ("es", None)
    assert field("payer_language", source, a="de") == ("de", None)
    assert field("payer_language", FieldSource(constant="es")) == ("es", None)


def test_a_value_that_is_not_in_the_map_is_named() -> None:
    source = FieldSource(columns=("a",), values={"0": "yearly"})
    assert field("plan_code", source, a="0") == ("yearly", None)
    assert field("plan_code", source, a="9") == ("", "plan_code")
    assert field("plan_code", source, a="") == ("", None)


def test_control_characters_become_spaces_except_in_keys() -> None:
    assert field("payer_name", FieldSource(columns=("a",)), a="A\r\nB\x00C ") == ("A  B C", None)
    assert field("policy_number", FieldSource(columns=("a",)), a=" A\tB ") == ("A\tB", None)


@pytest.mark.parametrize("name", ["policy_number", "payer_key"])
@pytest.mark.parametrize(
    "key", ["K4", " K4", "K4\u00a0", "\u3000K4\u2009", "\ufeffK4", "K4\u200b", "\u00a0 \u200eK4 \u202f"]
)
def test_keys_that_look_alike_are_one(name: str, key: str) -> None:
    assert field(name, FieldSource(columns=("a",)), a=key) == ("K4", None)


@pytest.mark.parametrize("name", ["policy_number", "payer_name", "payer_email"])
def test_letters_are_composed_with_their_accents(name: str) -> None:
    source = FieldSource(columns=("a",))
    assert field(name, source, a="Cafe\u0301") == field(name, source, a="Caf\u00e9") == ("Caf\u00e9", None)


@pytest.mark.parametrize(
    "text", ["\u200b\u200b", "\u00a0\ufeff \u2060", "\u3164", "\u2800", "\u00ad", "\x07\u200e"]
)
@pytest.mark.parametrize("name", ["payer_name", "policy_number", "payer_address_line_1"])
def test_a_text_of_which_nothing_is_seen_is_empty(name: str, text: str) -> None:
    assert field(name, FieldSource(columns=("a",)), a=text)[0] == ""


def test_a_control_character_within_an_amount_is_no_space_to_group_it_by() -> None:
    assert field("premium", FieldSource(columns=("a",)), a=" 1\x00234 ") == ("1\x00234", None)


def test_html_templates_and_marks_of_direction_are_text() -> None:
    name = "<b>{{7*7}}</b> \u202enimaJ\u202c"
    assert field("payer_name", FieldSource(columns=("a",)), a=name) == (name, None)


def test_the_original_value_is_what_stood_in_the_file() -> None:
    source = FieldSource(columns=("a",), values={"0": "yearly"}, constant="monthly")
    frame = pl.DataFrame({cell_name("a"): ["9", None]}).select(
        original_value("plan_code", BookMapping(fields={"plan_code": source}))
    )
    assert frame["plan_code"].to_list() == ["9", ""]


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("2024-02-29", ["%Y-%m-%d"], date(2024, 2, 29)),
        ("2023-02-29", ["%Y-%m-%d"], None),
        ("2024-1-5", ["%Y-%m-%d"], None),
        (" 2024-01-05", ["%Y-%m-%d"], None),
        ("+2024-01-05", ["%Y-%m-%d"], None),
        ("01/02/26", ["%d/%m/%Y"], None),
        ("31/12/2024", ["%Y-%m-%d", "%d/%m/%Y"], date(2024, 12, 31)),
        ("13/02/2024", ["%d/%m/%Y", "%m/%d/%Y"], date(2024, 2, 13)),
        ("01/02/2024", ["%d/%m/%Y", "%m/%d/%Y"], None),
        ("02/02/2024", ["%d/%m/%Y", "%m/%d/%Y"], date(2024, 2, 2)),
        ("2024-01-05 00:00:00", ["%Y-%m-%d 00:00:00"], date(2024, 1, 5)),
        ("", ["%Y-%m-%d"], None),
    ],
)
def test_a_date_is_read_in_a_declared_format_or_not_at_all(
    text: str, formats: list[str], day: date | None
) -> None:
    assert pl.DataFrame({"text": [text]}).select(read_day(pl.col("text"), formats)).item() == day


def test_only_one_deliverable_address_is_kept() -> None:
    kept = [
        "ann@example.com",
        "o'hara+x@mail.example.org",
        "anna@b\u00fccher.example",
        f"{'a' * 64}@example.com",
    ]
    lost = ["", "ann", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "a@example",
            "a@1.2", f"{'a' * 65}@example.com", "a..b@example.com"]  # fmt: skip
    assert deliverable_addresses(pl.Series(kept + lost)).to_list() == kept + [""] * len(lost)
