"""A folder holds one month, durably, and is read only as it was written."""

from pathlib import Path

import polars as pl
import pytest

from billing_assets.domain.detached_months import MonthFile
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.month_folders import ParquetMonthFolder

ROWS = pl.DataFrame({"invoice_id": [1, 2], "snapshot_sha256": [b"a", None]})


def refused(act: object, *arguments: object) -> str:
    with pytest.raises(BillingError) as caught:
        act(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    folder = ParquetMonthFolder(tmp_path / "a" / "2021-01")
    folder.prepare()
    file = folder.write("invoice", 3, ROWS)
    assert (file.file_name, file.row_count) == ("invoice-0003.parquet", 2)
    assert file.byte_count == (folder.folder / file.file_name).stat().st_size
    assert folder.read(file).equals(ROWS)


@pytest.mark.parametrize("spoil", ["remove", "change"])
def test_a_file_that_is_gone_or_changed_is_refused(spoil: str, tmp_path: Path) -> None:
    folder = ParquetMonthFolder(tmp_path)
    file = folder.write("invoice", 1, ROWS)
    path = tmp_path / file.file_name
    path.unlink() if spoil == "remove" else path.write_bytes(path.read_bytes() + b"0")
    assert refused(folder.read, file) == "file_changed"


def test_a_name_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other.parquet").write_bytes(b"x")
    (tmp_path / "month").mkdir()
    file = MonthFile(file_name="../other.parquet", row_count=1, byte_count=1, file_sha256="2d")
    assert refused(ParquetMonthFolder(tmp_path / "month").read, file) == "file_changed"


def test_the_manifest_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = ParquetMonthFolder(tmp_path)
    assert folder.manifest() == ""
    folder.keep_manifest('{"format":1}')
    assert folder.manifest() == '{"format":1}'
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_files_of_an_attempt_without_a_manifest_are_cleared_away(tmp_path: Path) -> None:
    folder = ParquetMonthFolder(tmp_path)
    folder.write("invoice", 1, ROWS)
    (tmp_path / "manifest.json.part").write_text("{")
    folder.prepare()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["manifest.json", "notes.txt"])
def test_a_folder_that_holds_anything_else_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    assert refused(ParquetMonthFolder(tmp_path).prepare) == "folder_in_use"
    assert (tmp_path / name).read_text() == "x"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert refused(ParquetMonthFolder(tmp_path / "file" / "month").prepare) == "folder_not_writable"
