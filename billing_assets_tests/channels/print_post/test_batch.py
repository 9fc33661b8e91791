"""A folder for a print shop is there as a whole or not at all, and never takes the place of another."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.print_post import PostedDocument, write_batch
from billing_assets.channels.print_post.batch import SUMS_NAME
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.print_post.samples import posted, tiny_pdf


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _refused(code: str, folder: Path, name: str = "B1", documents: Any = None) -> None:
    with pytest.raises(BillingError) as caught:
        write_batch(folder, name, [posted(1)] if documents is None else documents)
    assert caught.value.code == code


def test_a_batch_has_its_files_and_sums_that_prove_them(tmp_path: Path) -> None:
    receipt = write_batch(tmp_path, "2026-03-02_post", [posted(2), posted(1)])
    assert (receipt.is_new, receipt.document_count, receipt.page_count, receipt.sheet_count) == (
        True,
        2,
        3,
        2,
    )
    assert sorted(_content(receipt.folder)) == [
        *("INV-00000001.pdf", "INV-00000002.pdf", SUMS_NAME, "manifest.csv", "manifest.json"),
    ]
    assert _content(receipt.folder)["INV-00000002.pdf"] == tiny_pdf(2)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS_NAME], cwd=receipt.folder, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["2026-03-02_post"]


def test_the_same_batch_again_is_the_same_bytes_in_whatever_order_it_comes(tmp_path: Path) -> None:
    first = write_batch(tmp_path, "B1", [posted(1), posted(2)])
    before = _content(first.folder)
    again = write_batch(tmp_path, "B1", iter([posted(2), posted(1)]))
    assert (again.is_new, again.sums_sha256) == (False, first.sums_sha256)
    (tmp_path / "other").mkdir()
    elsewhere = write_batch(tmp_path / "other", "B1", [posted(2), posted(1)])
    assert elsewhere.is_new
    assert _content(elsewhere.folder) == _content(first.folder) == before


def test_another_batch_never_takes_the_name_of_one(tmp_path: Path) -> None:
    folder = write_batch(tmp_path, "B1", [posted(1)]).folder
    before = _content(folder)
    _refused("print_batch_exists", tmp_path, documents=[posted(2)])
    assert _content(folder) == before
    (tmp_path / "B3").symlink_to(tmp_path / "real")
    write_batch(tmp_path, "real", [posted(1)])
    _refused("print_batch_exists", tmp_path, "B3")
    (folder / "manifest.csv").write_bytes(b"changed")
    _refused("print_batch_exists", tmp_path)
    assert (folder / "manifest.csv").read_bytes() == b"changed"
    (tmp_path / "B2").write_bytes(b"a file")
    _refused("print_batch_exists", tmp_path, "B2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["B1", "B2", "B3", "real"]


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def late() -> Any:
        yield posted(1)
        write_batch(tmp_path / "x", "B1", [posted(2)])
        (tmp_path / "x" / "B1").rename(tmp_path / "B1")

    (tmp_path / "x").mkdir()
    _refused("print_batch_exists", tmp_path, documents=late())


def test_of_two_programs_with_one_batch_the_second_finds_it_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _content(write_batch(tmp_path, "B1", [posted(1)]).folder)
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)
    assert not write_batch(tmp_path, "B1", [posted(1)]).is_new
    _refused("print_batch_exists", tmp_path, documents=[posted(2)])
    assert _content(tmp_path / "B1") == before


@pytest.mark.parametrize("name", ["", ".", "..", "../B", "a/b", ".hidden", "a b", "B\n", "x" * 100])
def test_a_batch_is_named_by_a_plain_name(tmp_path: Path, name: str) -> None:
    _refused("print_batch_invalid", tmp_path, name)


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([], "print_batch_invalid"),
        ([posted(1), posted(1)], "print_batch_invalid"),
        ([posted(1), posted(2, address_lines=())], "print_batch_invalid"),
        ([posted(1), posted(2, address_lines=("x",) * 8)], "print_batch_invalid"),
        ([posted(1), posted(2, pdf=b"%PDF-1.7")], "pdf_pages_unreadable"),
    ],
)
def test_what_cannot_be_posted_leaves_nothing(
    tmp_path: Path, documents: list[PostedDocument], code: str
) -> None:
    _refused(code, tmp_path, documents=documents)
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_that_cannot_be_counted_is_named_by_its_document(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="document INV-00000002"):
        write_batch(tmp_path, "B1", [posted(2, pdf=b"")])


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    _refused("print_folder_missing", tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    _refused("print_folder_missing", tmp_path / "file")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "print_folder_full"),
        (errno.EDQUOT, "print_folder_full"),
        (errno.EROFS, "print_folder_not_writable"),
        (errno.EACCES, "print_folder_not_writable"),
        (errno.EIO, "print_folder_failed"),
    ],
)
@pytest.mark.parametrize("at_call", [1, 2, 4])
def test_a_fault_of_the_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, at_call: int
) -> None:
    calls = 0
    sync = os.fsync

    def failing(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == at_call:
            raise OSError(number, os.strerror(number))
        sync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    _refused(code, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert write_batch(tmp_path, "B1", [posted(1)]).is_new


def test_a_fault_of_the_last_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_part: Path, _target: Path) -> None:
        raise OSError(errno.EIO, "input or output")

    monkeypatch.setattr(Path, "rename", failing)
    _refused("print_folder_failed", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("root")
def test_a_folder_that_this_user_may_not_write_to_is_said_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        os.seteuid(65534)
        _refused("print_folder_not_writable", tmp_path)
    finally:
        os.seteuid(0)


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield posted(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_batch(tmp_path, "B1", interrupted())
    assert list(tmp_path.iterdir()) == []
