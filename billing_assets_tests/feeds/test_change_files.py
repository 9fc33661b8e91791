"""A file of changes is read row by row; a bad row keeps its bytes, a bad file is refused whole."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_changes import CHANGE_FIELDS
from billing_assets.feeds.change_files import ChangeFiles, read_change_file
from billing_assets.steps.change_ports import ChangeRow
from billing_assets.steps.intake_ports import PolicyFile

HEADER = ",".join(CHANGE_FIELDS)
ROW = "P-1,2024-02-01,1,endorsement,2024-07-01,700.00,"


def read(content: str | bytes) -> tuple[ChangeRow, ...]:
    raw = content.encode() if isinstance(content, str) else content
    return read_change_file(PolicyFile(name="changes.csv", content=raw, content_sha256=""))


def test_the_cells_of_a_row_stand_under_their_names(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    path.write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    files = ChangeFiles()
    (row,) = files.read(files.open(path))
    assert (row.row_number, row.original_row, row.row_fault) == (1, ROW, "")
    assert row.cells["change_kind"] == "endorsement"
    assert row.cells["method"] == ""


def test_columns_come_in_any_order_and_the_last_two_may_be_left_out() -> None:
    (row,) = read("change_date,change_kind,change_number,effective_date,policy_number\nd,k,n,e,p\n")
    assert list(row.cells.values()) == ["p", "e", "n", "k", "d", "", ""]


def test_a_row_of_another_width_or_with_bad_bytes_is_a_fault_and_keeps_its_bytes() -> None:
    content = f"{HEADER}\n{ROW}\nP-2,2024-02-01\n".encode() + b"P-\xff,2024-02-01,1,endorsement,x,1.00,\n"
    good, short, bad = read(content)
    assert (good.row_fault, short.row_fault, bad.row_fault) == ("", "row_shape", "encoding_invalid")
    assert short.original_row == "P-2,2024-02-01"
    assert bad.original_row.startswith("P-\\xff,")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (f"{HEADER}\n", "file_has_no_rows"),
        (f"{HEADER},colour\n{ROW},red\n", "changes_header_wrong"),
        ("policy_number,change_number\nP-1,1\n", "changes_header_wrong"),
        (f"{HEADER},method\n{ROW},\n", "changes_header_wrong"),
        (f'{HEADER}\nP-1,"2024', "file_truncated"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_whole(content: str, code: str) -> None:
    with pytest.raises(BillingError) as refused:
        read(content)
    assert refused.value.code == code
