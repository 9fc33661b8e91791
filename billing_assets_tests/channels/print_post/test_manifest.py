"""The manifest says what is in the folder, safely in a spreadsheet and exactly in JSON."""

import csv
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.print_post.manifest import (
    csv_cell,
    file_name,
    manifest_csv,
    manifest_json,
    manifest_row,
    sums_file,
)
from billing_assets_tests.channels.print_post.samples import posted


def test_a_manifest_lists_each_document_with_its_address_and_counts() -> None:
    rows = [manifest_row(posted(3), 3, is_duplex=True), manifest_row(posted(2), 2, is_duplex=True)]
    found = list(csv.DictReader(StringIO(manifest_csv(rows).decode(), newline="")))
    assert [(row["document_number"], row["pages"], row["sheets"]) for row in found] == [
        ("INV-00000003", "3", "2"),
        ("INV-00000002", "2", "1"),
    ]
    assert (found[0]["address_line_1"], found[0]["address_line_4"]) == ("Anna Bell", "")
    assert (found[0]["country"], found[0]["language"]) == ("ES", "es")
    whole = json.loads(manifest_json("B1", rows, is_duplex=True))
    assert (whole["document_count"], whole["page_count"], whole["sheet_count"]) == (2, 5, 3)
    assert whole["documents"][0]["sha256"] == found[0]["sha256"]
    assert whole["documents"][0]["address_lines"] == ["Anna Bell", "3 High Street", "28001 Madrid"]


def test_printed_on_one_side_each_page_is_a_sheet() -> None:
    assert manifest_row(posted(), 3, is_duplex=False).sheet_count == 3


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    row = manifest_row(posted(address_lines=(text, "x", f"={text}")), 1, is_duplex=True)
    (cells,) = list(csv.reader(StringIO(manifest_csv([row]).decode(), newline="")))[1:]
    assert not any(cell.strip().startswith(("=", "+", "-", "@")) for cell in cells)
    assert len(cells) == 15


def test_an_address_line_stays_one_line_and_shows_what_it_has() -> None:
    lines = manifest_row(
        posted(address_lines=("Anna\r\n\x00 Bell\u202e", "a")), 1, is_duplex=True
    ).address_lines
    assert lines == ("Anna Bell", "a")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "  =1", "\u00a0=1", "\uff1d1", "\t=1"])
def test_the_signs_of_a_formula_get_an_apostrophe(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@given(st.lists(st.text(max_size=12), unique=True, max_size=20))
def test_each_number_has_a_file_name_of_its_own_that_is_safe_everywhere(numbers: list[str]) -> None:
    names = [file_name(number) for number in numbers]
    assert len({name.lower() for name in names}) == len(names)
    assert all(name.isascii() and name.endswith(".pdf") and "/" not in name for name in names)


@pytest.mark.parametrize("number", ["../x", "CON", "inv-1", "A.B", "", "A" * 300, "Ä/1", "-1"])
def test_numbers_that_are_no_names_are_cleaned(number: str) -> None:
    name = file_name(number)
    assert name != f"{number}.pdf"
    assert len(name) < 80
    assert not name.startswith(".")


def test_sums_are_sorted_by_name() -> None:
    assert sums_file({"z": "1", "a": "2"}) == b"2  a\n1  z\n"
