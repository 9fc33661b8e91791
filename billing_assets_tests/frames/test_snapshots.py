"""The frozen record of a document is one text, and its hash finds every change."""

from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from billing_assets.frames.snapshots import (
    CASH_RECORD_FORMATS,
    CHARGE_LINE_RECORD_FORMATS,
    FORMATS,
    RECORD_FORMAT,
    record_bodies,
    record_hashes,
    snapshot_hashes,
    with_record_hashes,
)

HEAD, LINE, TAX = FORMATS[RECORD_FORMAT].head, FORMATS[RECORD_FORMAT].line, FORMATS[RECORD_FORMAT].tax


def frame(names: tuple[str, ...], *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [{**{name: f"{name} value" for name in names}, "draft_index": 0, **row} for row in rows]
    )


HEADS, LINES, TAXES = frame(HEAD, {}), frame(LINE, {}), frame(TAX, {})


def test_the_text_is_head_lines_and_taxes_each_on_a_line_of_its_own() -> None:
    head = "|".join(f"{name} value" for name in HEAD)
    line = "|".join(["line", *(f"{name} value" for name in LINE)])
    tax = "|".join(["tax", *(f"{name} value" for name in TAX)])
    expected = sha256(f"{head}\n{line}\n{line}\n{tax}".encode()).hexdigest()
    assert snapshot_hashes(HEADS, frame(LINE, {}, {}), TAXES).to_list() == [expected]


@pytest.mark.parametrize("name", HEAD)
def test_a_change_of_the_head_is_found(name: str) -> None:
    changed = frame(HEAD, {name: "other"})
    assert snapshot_hashes(changed, LINES, TAXES).item() != snapshot_hashes(HEADS, LINES, TAXES).item()


@pytest.mark.parametrize("name", LINE)
def test_a_change_of_a_line_is_found(name: str) -> None:
    changed = frame(LINE, {name: "other"})
    assert snapshot_hashes(HEADS, changed, TAXES).item() != snapshot_hashes(HEADS, LINES, TAXES).item()


@pytest.mark.parametrize("name", TAX)
def test_a_change_of_a_tax_is_found(name: str) -> None:
    changed = frame(TAX, {name: "other"})
    assert snapshot_hashes(HEADS, LINES, changed).item() != snapshot_hashes(HEADS, LINES, TAXES).item()


def test_the_third_format_adds_what_the_price_contained_and_how_a_tax_was_worked_out() -> None:
    second, third = FORMATS[2], FORMATS[3]
    assert third.head == second.head
    assert third.line == (*second.line, "contained_tax_minor")
    assert third.tax[: len(second.tax)] == second.tax
    assert set(third.tax[len(second.tax) :]) == {
        "basis",
        "basis_tax_codes",
        "amount_minor",
        "rounding_scope",
        "rounding_minor",
        "is_inclusive",
    }


def test_the_first_format_knows_neither_the_plan_row_nor_the_reason_of_an_exemption() -> None:
    first = FORMATS[1]
    head = "|".join(f"{name} value" for name in first.head)
    line = "|".join(["line", *(f"{name} value" for name in first.line)])
    tax = "|".join(["tax", *(f"{name} value" for name in first.tax)])
    expected = sha256(f"{head}\n{line}\n{tax}".encode()).hexdigest()
    assert snapshot_hashes(HEADS, LINES, TAXES, 1).to_list() == [expected]
    second = FORMATS[2]
    added = (
        set(second.head) - set(first.head),
        set(second.line) - set(first.line),
        set(second.tax) - set(first.tax),
    )
    assert added == ({"record_format"}, {"plan_sha256"}, {"exemption_reason"})


def test_a_record_with_a_missing_value_is_never_hashed() -> None:
    with pytest.raises(TypeError):
        snapshot_hashes(HEADS, frame(LINE, {"plan_sha256": None}), TAXES)


def test_lines_go_to_their_own_document_in_whatever_order_the_heads_come() -> None:
    heads = frame(HEAD, {"draft_index": 1, "total_minor": 7}, {"draft_index": 0, "total_minor": 8})
    lines = frame(LINE, {"net_minor": 8}, {"draft_index": 1, "net_minor": 7})
    hashes = snapshot_hashes(heads, lines, TAXES.clear()).to_list()
    alone = snapshot_hashes(heads.head(1), lines.tail(1), TAXES.clear()).to_list()
    assert hashes[0] == alone[0]
    assert hashes[0] != hashes[1]


def test_a_body_has_its_lines_in_order_and_then_its_taxes_in_order() -> None:
    lines = frame(LINE, {"draft_index": 1}, {"draft_index": 0, "line_number": 1}, {"line_number": 2})
    taxes = frame(TAX, {"tax_number": 1}, {"draft_index": 2}, {"tax_number": 2})
    bodies = record_bodies(lines, taxes)
    assert bodies["draft_index"].to_list() == [0, 1, 2]
    starts = [part.split("|")[:2] for part in bodies["record_body"][0].removeprefix("\n").split("\n")]
    assert starts == [["line", "1"], ["line", "2"], ["tax", "1"], ["tax", "2"]]


def test_a_head_without_a_body_is_never_hashed() -> None:
    with pytest.raises(TypeError):
        record_hashes(HEADS, record_bodies(LINES.clear(), TAXES.clear()))


def test_more_documents_than_are_hashed_at_a_time_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = frame(HEAD, *({"draft_index": index, "total_minor": index} for index in range(7)))
    lines = frame(LINE, *({"draft_index": index} for index in range(7)))
    at_once = snapshot_hashes(heads, lines, TAXES)
    monkeypatch.setattr("billing_assets.frames.snapshots._SLICE_ROWS", 3)
    assert snapshot_hashes(heads, lines, TAXES).to_list() == at_once.to_list()


@pytest.mark.parametrize("plain", sorted(CASH_RECORD_FORMATS))
def test_a_rounded_document_adds_its_unit_and_its_rounding_to_the_head_alone(plain: int) -> None:
    before, after = FORMATS[plain], FORMATS[CASH_RECORD_FORMATS[plain]]
    assert after.head == (*before.head, "cash_unit_minor", "cash_rounding_minor")
    assert (after.line, after.tax) == (before.line, before.tax)


def test_each_document_of_a_frame_hashes_in_its_own_format() -> None:
    head = {"record_format": 3, "draft_index": 0, "cash_unit_minor": 5, "cash_rounding_minor": 2}
    heads = frame(HEAD, head, {**head, "draft_index": 1, "record_format": 5}, {**head, "draft_index": 2})
    bodies = pl.DataFrame({"draft_index": [0, 1, 2], "record_body": ["\nline|l"] * 3})
    found = with_record_hashes(heads, bodies)
    alone = [
        record_hashes(heads.filter(pl.col("draft_index") == place), bodies, record_format).item()
        for place, record_format in enumerate((3, 5, 3))
    ]
    assert found["draft_index"].to_list() == [0, 1, 2]
    assert found["snapshot_sha256"].to_list() == alone
    assert alone[0] == alone[2] != alone[1]


@pytest.mark.parametrize("plain", sorted(CHARGE_LINE_RECORD_FORMATS))
def test_a_record_that_bills_charges_says_of_each_line_which_one(plain: int) -> None:
    before, after = FORMATS[plain], FORMATS[CHARGE_LINE_RECORD_FORMATS[plain]]
    assert (after.head, after.tax) == (before.head, before.tax)
    assert after.line == (*before.line, "charge_number")
