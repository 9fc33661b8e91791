"""Files of changes in the middle of terms: a CSV with one change a row, under the names of its fields.

Belongs here: the form of the file. Does not belong here: what a field may hold (``domain.policy_changes``),
how CSV text is cut into records (``records``).

A fault of the file refuses it whole; a fault of one record stands beside the other rows.
"""

from pathlib import Path

from billing_assets.domain.book_mapping import BookFormat
from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_changes import CHANGE_FIELDS
from billing_assets.feeds.encodings import decoded
from billing_assets.feeds.policy_files import open_policy_file
from billing_assets.feeds.records import cut_records, fields_of
from billing_assets.steps.change_ports import ChangeRow
from billing_assets.steps.intake_ports import PolicyFile

_FORM = BookFormat()
_REQUIRED = CHANGE_FIELDS[:5]
_ENCODING = "encoding_invalid"


class ChangeFiles:
    """The reader of files of changes that the step asks for."""

    def open(self, path: Path) -> PolicyFile:
        """Return the bytes of the file and their hash."""
        return open_policy_file(path)

    def read(self, file: PolicyFile) -> tuple[ChangeRow, ...]:
        """Return the rows of the file; see :func:`read_change_file`."""
        return read_change_file(file)


def read_change_file(file: PolicyFile) -> tuple[ChangeRow, ...]:
    """Return the rows of a CSV file in UTF-8, in its order; ``premium`` and ``method`` may be left out.

    Raises:
        BillingError: ``file_empty``, ``file_truncated``, ``header_unreadable``, ``file_has_no_rows``,
            ``changes_header_wrong``.
    """
    text, escaped = decoded(file.content, _FORM.encoding, file.name)
    records = cut_records(text, _FORM, file.name)
    _check_header(file.name, records.header)
    originals = records.rows["original_row"]
    shown = originals
    if escaped is not None:
        readable = cut_records(escaped, _FORM, file.name).rows["original_row"]
        shown = readable if len(readable) == len(originals) else originals
    rows = []
    for number, (row, fault, shown_row) in enumerate(
        zip(originals, records.rows["row_fault"], shown, strict=True), start=1
    ):
        found = fault or (_ENCODING if "\ufffd" in row else "")
        cells = dict.fromkeys(CHANGE_FIELDS, "")
        if not found:
            pairs = zip(records.header, fields_of(row, _FORM), strict=True)
            cells |= {name: cell.strip() for name, cell in pairs}
        rows.append(ChangeRow(row_number=number, original_row=shown_row, row_fault=found, cells=cells))
    if not rows:
        raise BillingError("file_has_no_rows", f"{file.name} has a header and no rows", "export it again")
    return tuple(rows)


def _check_header(name: str, header: list[str]) -> None:
    unknown = [column for column in header if column not in CHANGE_FIELDS]
    missing = [column for column in _REQUIRED if column not in header]
    twice = sorted({column for column in header if header.count(column) > 1})
    parts = (("has unknown columns", unknown), ("lacks the columns", missing), ("names twice", twice))
    found = [f"{words} {', '.join(column[:40] for column in columns)}" for words, columns in parts if columns]
    if found:
        raise BillingError(
            "changes_header_wrong",
            f"{name} {' and '.join(found)}",
            f"the columns of a file of changes are {', '.join(CHANGE_FIELDS)}",
        )
