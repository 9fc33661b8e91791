"""Bundles: the files of a template as somebody hands them over, in a folder, a tar or a zip.

Belongs here: which files are taken, and the bounds that a bundle keeps. Does not belong here: archives that
the program wrote itself (``templates``), what the files do (``enclosure``).

A bundle comes from outside. Sizes are counted while it is read and not as it says them, and nothing of it is
written to a disk before all of it is known to be plain files.
"""

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from billing_assets.documents.templates import SHARED, Template
from billing_assets.domain.errors import BillingError

MOST_FILES = 300
MOST_BYTES = 24 * 1024 * 1024
_MOST_BYTES_OF = {".toml": 256 * 1024, ".typ": 1024 * 1024, ".j2": 1024 * 1024, ".json": 1024 * 1024}
_MOST_BYTES_OF_ONE = 8 * 1024 * 1024
_PIECE = 1 << 16

ENDINGS = (".typ", ".j2", ".toml", ".json", ".svg", ".png", ".jpg", ".jpeg", ".otf", ".ttf", ".txt", ".md")
"""Endings of the files that a template may have; programs are none of them."""

_LONGEST_NAME = 100


def read_bundle(path: Path, kind: str) -> Template:
    """Return the template of ``kind`` in a folder, a ``.tar``, ``.tar.gz`` or ``.zip``.

    Beside ``<kind>/`` and ``_shared/`` anything else is left out, hidden files too.

    Raises:
        BillingError: ``bundle_unreadable``; ``bundle_file_refused`` for a link, a path that leads outside, a
            device, another ending or a file that is too large; ``bundle_too_large``; ``template_missing``
            where it has no files of the kind.
    """
    try:
        files = _counted(_entries(path), kind)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise BillingError(
            "bundle_unreadable",
            f"{path.name} cannot be read ({type(error).__name__})",
            "name a folder, a .tar, a .tar.gz or a .zip with the files of the template",
        ) from error
    if not any(name.startswith(f"{kind}/") for name in files):
        raise BillingError(
            "template_missing",
            f"{path.name} has no files in a folder '{kind}'",
            f"it needs {kind}/ and {SHARED}/, as 'billing templates copy FOLDER' makes them",
        )
    folder = path.resolve() if path.is_dir() else Path()
    return Template(kind=kind, folder=folder, files=files)


_Entry = tuple[str, IO[bytes] | None]
"""The name of an entry and its bytes; None for what is no plain file."""


def _entries(path: Path) -> Iterator[_Entry]:
    if path.is_dir():
        return _of_folder(path)
    if path.suffix.lower() == ".zip":
        return _of_zip(path)
    return _of_tar(path)


def _of_folder(folder: Path) -> Iterator[_Entry]:
    for part in sorted(folder.rglob("*")):
        name = part.relative_to(folder).as_posix()
        if part.is_symlink() or not (part.is_dir() or part.is_file()):
            yield name, None
        elif part.is_file():
            with part.open("rb") as source:
                yield name, source


def _of_tar(path: Path) -> Iterator[_Entry]:
    # As a stream: a member is read as it comes, and what a packed one unpacks to is counted on the way.
    with tarfile.open(path, mode="r|*") as archive:
        for entry in archive:
            if not entry.isdir():
                yield entry.name, archive.extractfile(entry) if entry.isreg() else None


def _of_zip(path: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                yield entry.filename, None
            else:
                with archive.open(entry) as source:
                    yield entry.filename, source


def _counted(entries: Iterator[_Entry], kind: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    size = count = 0
    for name, source in entries:
        count += 1
        if count > 10 * MOST_FILES:
            raise _too_large()
        path = _sound(name)
        if path.parts[0] not in {kind, SHARED} or any(part.startswith((".", "__")) for part in path.parts):
            size += _passed_over(source)
            if size > MOST_BYTES:
                raise _too_large()
            continue
        content = _content(path, source)
        size += len(content)
        files[path.as_posix()] = content
        if size > MOST_BYTES or len(files) > MOST_FILES:
            raise _too_large()
    return files


def _sound(name: str) -> PurePosixPath:
    """Return the path of an entry, or raise where it leads elsewhere or cannot be written down."""
    path = PurePosixPath(name)
    is_odd = "\\" in name or ":" in name or not name.isprintable() or len(name) > _LONGEST_NAME
    if path.is_absolute() or ".." in path.parts or is_odd or not path.parts:
        raise _refused(name, "its path leads outside, or has letters that a path may not have")
    return path


def _content(path: PurePosixPath, source: IO[bytes] | None) -> bytes:
    name, ending = path.as_posix(), path.suffix.lower()
    if source is None:
        raise _refused(name, "it is a link or a device, and no plain file")
    if ending not in ENDINGS:
        raise _refused(name, f"a template has no files that end in '{ending}'")
    most = _MOST_BYTES_OF.get(ending, _MOST_BYTES_OF_ONE)
    content = source.read(most + 1)
    if len(content) > most:
        raise _refused(name, f"it is larger than {most >> 10} KiB")
    if ending in {".typ", ".j2", ".toml", ".json", ".svg"}:
        try:
            content.decode()
        except UnicodeDecodeError:
            raise _refused(name, "it is no text in UTF-8") from None
    return content


def _passed_over(source: IO[bytes] | None) -> int:
    """Return how many bytes an entry has that is left out: one that is packed is unpacked to get past it."""
    if source is None or isinstance(getattr(source, "raw", None), io.FileIO):
        return 0
    size = 0
    while size <= MOST_BYTES and (piece := source.read(_PIECE)):
        size += len(piece)
    return size


def _refused(name: str, why: str) -> BillingError:
    shown = name[:60] if name.isprintable() else ascii(name[:60])
    return BillingError(
        "bundle_file_refused",
        f"the file '{shown}' is not taken: {why}",
        "take it out, or make it a plain file",
    )


def _too_large() -> BillingError:
    return BillingError(
        "bundle_too_large",
        f"the template has more than {MOST_BYTES >> 20} MiB or {MOST_FILES} files",
        "leave out fonts and pictures that its pages do not use",
    )
