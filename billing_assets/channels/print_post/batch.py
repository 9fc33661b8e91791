"""A folder for a print shop, there as a whole or not at all.

Belongs here: writing, proving and renaming; what a fault of the disk means to a person.
Does not belong here: what stands in the manifest (``manifest``), which documents make a batch.

Everything is written under a hidden name and reaches the disk before the folder gets its own: whoever
collects folders never sees half of one, nor does a loss of power leave one.
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from billing_assets.channels.print_post.manifest import (
    MOST_ADDRESS_LINES,
    ManifestRow,
    PostedDocument,
    manifest_csv,
    manifest_json,
    manifest_row,
    sums_file,
)
from billing_assets.channels.print_post.pages import page_count
from billing_assets.domain.errors import BillingError

SUMS_NAME: Final = "SHA256SUMS"
_BATCH_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
_NOT_THERE: Final = {errno.ENOENT, errno.ENOTDIR}
_TAKEN: Final = {errno.ENOTEMPTY, errno.EEXIST}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReceipt:
    """A folder that is there: where, what is in it, and whether this call wrote it.

    ``sums_sha256`` is the hash (hex) of ``SHA256SUMS``, which has the hash of every other file: it stands for
    the whole folder.
    """

    folder: Path
    is_new: bool
    document_count: int
    page_count: int
    sheet_count: int
    sums_sha256: str


def write_batch(
    folder: Path, batch_name: str, documents: Iterable[PostedDocument], *, is_duplex: bool = True
) -> BatchReceipt:
    """Write ``documents`` to ``folder / batch_name`` and return what is there.

    One PDF for each document, ``manifest.csv``, ``manifest.json`` and ``SHA256SUMS``, in the order of the
    document numbers, whatever order they come in. The same batch again gives the same bytes and leaves what
    is there alone; another batch of a name that is taken is refused. ``documents`` are read one by one, so
    that a batch need not fit into memory.

    Errors: ``print_batch_invalid`` (name, no document, a number twice, an address that does not fit),
    ``pdf_pages_unreadable``, ``print_batch_exists``, ``print_folder_missing``, ``print_folder_not_writable``,
    ``print_folder_full``, ``print_folder_failed``. After each of them nothing of the batch is there.

    >>> write_batch(Path("out"), "../out", [])
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: the name of a print batch cannot be a folder ...
    """
    if not _BATCH_NAME.fullmatch(batch_name):
        raise _invalid("the name of a print batch cannot be a folder", "use letters, digits, '-' and '_'")
    with _told_plainly(folder):
        part = folder / f".{batch_name}.{os.getpid()}-{threading.get_ident()}.part"
        # A program that died under this very number may have left its own behind.
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            rows = _write_documents(part, documents, is_duplex=is_duplex)
            sums = _write_lists(part, batch_name, rows, is_duplex=is_duplex)
            is_new = _publish(part, folder / batch_name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return BatchReceipt(
        folder=folder / batch_name,
        is_new=is_new,
        document_count=len(rows),
        page_count=sum(row.page_count for row in rows),
        sheet_count=sum(row.sheet_count for row in rows),
        sums_sha256=sha256(sums).hexdigest(),
    )


def _write_documents(
    part: Path, documents: Iterable[PostedDocument], *, is_duplex: bool
) -> list[ManifestRow]:
    rows: dict[str, ManifestRow] = {}
    for document in documents:
        number = document.document_number
        if number in rows:
            raise _invalid(f"document {number} is twice in a print batch", "give each document once")
        if not 1 <= len(document.address_lines) <= MOST_ADDRESS_LINES:
            raise _invalid(
                f"the address of document {number} has {len(document.address_lines)} lines",
                f"give the name and the address in 1 to {MOST_ADDRESS_LINES} lines",
            )
        rows[number] = manifest_row(document, _pages(document), is_duplex=is_duplex)
        _write(part / rows[number].file_name, document.pdf)
    if not rows:
        raise _invalid("a print batch has no document", "write a batch when there is something to print")
    return [rows[number] for number in sorted(rows)]


def _pages(document: PostedDocument) -> int:
    try:
        return page_count(document.pdf)
    except BillingError as error:
        raise BillingError(
            error.code, f"{error.found}: document {document.document_number}", error.todo
        ) from None


def _write_lists(part: Path, batch_name: str, rows: list[ManifestRow], *, is_duplex: bool) -> bytes:
    """Write the manifests and the sums; return the sums."""
    lists = {
        "manifest.csv": manifest_csv(rows),
        "manifest.json": manifest_json(batch_name, rows, is_duplex=is_duplex),
    }
    hashes = {row.file_name: row.sha256 for row in rows}
    hashes |= {name: sha256(content).hexdigest() for name, content in lists.items()}
    lists[SUMS_NAME] = sums_file(hashes)
    for name, content in lists.items():
        _write(part / name, content)
    _sync_folder(part)
    return lists[SUMS_NAME]


def _publish(part: Path, target: Path) -> bool:
    """Give the folder its name; False where the very same is there already."""
    if not os.path.lexists(target):
        try:
            # Two programs with one batch: the second finds a folder with files, which no rename replaces.
            part.rename(target)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            _sync_folder(target.parent)
            return True
    if not _is_same(part, target):
        raise BillingError(
            "print_batch_exists",
            f"'{target.name}' is there already and is another batch, or was changed",
            "give the batch another name, or look who changed the folder",
        )
    return False


def _is_same(part: Path, target: Path) -> bool:
    """Whether ``target`` has the same files to the byte; what cannot be read is not the same."""
    names = sorted(entry.name for entry in part.iterdir())
    with suppress(OSError):
        if sorted(entry.name for entry in target.iterdir()) != names:
            return False
        return all(_file_hash(target / name) == _file_hash(part / name) for name in names)
    return False


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    """Turn a fault of the disk into what a person can act on."""
    try:
        yield
    except OSError as error:
        code, found, todo = _words(error)
        raise BillingError(code, f"{found}: {folder}", todo) from error


def _words(error: OSError) -> tuple[str, str, str]:
    if error.errno in _NO_ROOM:
        return "print_folder_full", "there is no room for a print batch", "make room, and write it again"
    if error.errno in _NOT_ALLOWED:
        return (
            "print_folder_not_writable",
            "this user may not write to the folder of print batches",
            "allow it, or name another folder",
        )
    if error.errno in _NOT_THERE:
        return (
            "print_folder_missing",
            "the folder of print batches is not there",
            "make the folder, or connect the drive that it is on",
        )
    return (
        "print_folder_failed",
        f"a print batch could not be written ({errno.errorcode.get(error.errno or 0, 'no code')})",
        "look at the disk, and write it again",
    )


def _invalid(found: str, todo: str) -> BillingError:
    return BillingError("print_batch_invalid", found, todo)
