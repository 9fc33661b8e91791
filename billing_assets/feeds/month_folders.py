"""Folders of detached months: Parquet files of rows, and a manifest.

Belongs here: writing files durably, reading them as they were written, which files of a folder are ours.
Does not belong here: what the rows are (``store.month_rows``), what the manifest says
(``domain.detached_months``).

The manifest is written last: a folder without one holds an attempt that was stopped.
"""

import io
import os
import re
from hashlib import sha256
from pathlib import Path

import polars as pl

from billing_assets.domain.detached_months import MonthFile, folder_in_use
from billing_assets.domain.errors import BillingError

MANIFEST = "manifest.json"
_OURS = re.compile(r"[a-z_]+-\d{4,}\.parquet|manifest\.json(\.part)?")


class ParquetMonthFolder:
    """A month in a folder; the implementation of ``steps.month_ports.MonthFolder``."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which need not be there yet."""
        self.folder = folder

    def manifest(self) -> str:
        """Return the text of the manifest; empty where there is none."""
        try:
            return (self.folder / MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.folder / MANIFEST, error) from error

    def prepare(self) -> None:
        """Make the folder and empty it of an attempt that was stopped before it had a manifest.

        Raises:
            BillingError: ``folder_in_use`` where it holds anything else.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            names = sorted(path.name for path in self.folder.iterdir())
            strange = [name for name in names if not _OURS.fullmatch(name)]
            if strange or MANIFEST in names:
                what = strange[0][:60] if strange else MANIFEST
                raise folder_in_use(f"{self.folder} holds {what}")
            for name in names:
                (self.folder / name).unlink()
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def write(self, table_name: str, number: int, rows: pl.DataFrame) -> MonthFile:
        """Write the ``number``-th file of a table, and have it on the disk when this returns."""
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="zstd")
        content = buffer.getbuffer()
        name = f"{table_name}-{number:04d}.parquet"
        self._keep(name, content)
        return MonthFile(
            file_name=name,
            row_count=rows.height,
            byte_count=len(content),
            file_sha256=sha256(content).hexdigest(),
        )

    def read(self, file: MonthFile) -> pl.DataFrame:
        """Return the rows of a file as they were written.

        Raises:
            BillingError: ``file_changed`` where it is gone, or does not hash to what was written.
        """
        path = self.folder / file.file_name
        try:
            content = path.read_bytes() if _OURS.fullmatch(file.file_name) else b""
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise _unreadable(path, error) from error
        if sha256(content).hexdigest() != file.file_sha256:
            raise BillingError(
                "file_changed",
                f"{path} is not the file that was written",
                "bring it back from a copy; its SHA-256 stands in the manifest",
            )
        return pl.read_parquet(io.BytesIO(content))

    def keep_manifest(self, content: str) -> None:
        """Write the manifest in one move, and have it on the disk when this returns."""
        part = f"{MANIFEST}.part"
        self._keep(part, memoryview(content.encode()))
        try:
            (self.folder / part).replace(self.folder / MANIFEST)
            self._settle()
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def _keep(self, name: str, content: memoryview) -> None:
        path = self.folder / name
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(path, error) from error

    def _settle(self) -> None:
        """Have the names in the folder, and the folder's own, on the disk."""
        for folder in (self.folder, self.folder.resolve().parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _unreadable(path: Path, error: Exception) -> BillingError:
    why = (error.strerror or "") if isinstance(error, OSError) else "it is not a text in UTF-8"
    return BillingError(
        "file_unreadable", f"{path}: {why}", "make it readable, and run the same command again"
    )


def _unwritable(path: Path, error: OSError) -> BillingError:
    return BillingError(
        "folder_not_writable",
        f"{path}: {error.strerror}",
        "make room, or name another folder; nothing was detached",
    )
