"""Detaching a month: its rows into files, read back and proved, and out of the store.

Belongs here: the order of work. Does not belong here: which month may go (``store.detached_months``), files
(``feeds.month_folders``).

The store lets the rows go in the last moment and in one transaction. Stopped before, nothing has happened but
files, which the next attempt writes anew; stopped after, the next attempt finds the month away and the folder
whole.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from billing_assets.domain.checks import CheckResult
from billing_assets.domain.detached_months import (
    MonthFile,
    MonthRecord,
    folder_in_use,
    month_name,
    record_from,
    require_bound,
)
from billing_assets.domain.errors import BillingError
from billing_assets.steps.month_ports import DetachOrder, DetachWork, KeptMonth, MonthFolder, MonthStore
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent

_STEP = "detach_month"
Files: TypeAlias = Mapping[str, Sequence[MonthFile]]
"""The files of each table."""


def detach_month(
    order: DetachOrder, *, store: MonthStore, folder: MonthFolder, progress: Progress = silent
) -> StepResult:
    """Detach the month and return what went; where it is away already, prove that the folder holds it.

    Raises:
        BillingError: ``month_not_closed``, ``bound_too_short``, ``audit_failed`` where a check of its runs
            finds something, ``month_detached_elsewhere``, ``folder_in_use``, ``month_moved``.
    """
    require_bound(order.bound_months)
    away = [kept for kept in store.kept_months(order.company_code, order.month) if kept.is_away]
    if away:
        record = _whole(order, away[0], folder, progress)
        return _result(record, is_repeat=True)
    watch = Stopwatch()
    with store.detaching(order, progress) as work:
        with watch("check"):
            _require_clean(work.checks(progress))
        written = _written_before(order, folder)
        with watch("write"):
            files = written or _written(work, folder, progress)
        with watch("read back"):
            record = _read_back(order, work, folder, files, progress)
        folder.keep_manifest(record.content)
        progress("detaching", 0, 0)
        with watch("detach"):
            work.detach(record)
    return _result(record, is_repeat=False, seconds=watch.seconds)


def _written_before(order: DetachOrder, folder: MonthFolder) -> Files:
    """Return the files that an attempt wrote whole, which was stopped before the rows went; none for none."""
    content = folder.manifest()
    if not content:
        return {}
    record = record_from(content)
    if (record.company_code, record.month) != (order.company_code, order.month):
        raise folder_in_use(f"the folder holds {month_name(record.month)} of '{record.company_code}'")
    return {table.table_name: table.files for table in record.tables}


def _written(work: DetachWork, folder: MonthFolder, progress: Progress) -> Files:
    folder.prepare()
    files: dict[str, list[MonthFile]] = {}
    for name in work.tables():
        files[name] = []
        for number, rows in enumerate(work.parts(name), start=1):
            progress(f"writing {name}", number, 0)
            files[name].append(folder.write(name, number, rows))
    return files


def _read_back(
    order: DetachOrder, work: DetachWork, folder: MonthFolder, files: Files, progress: Progress
) -> MonthRecord:
    """Return the record of what the files hold, read again from the disk and put into tables again."""
    tables = []
    for done, (name, of_table) in enumerate(files.items()):
        progress("reading back", done, len(files))
        tables.append(work.read_back(name, of_table, map(folder.read, of_table)))
    return MonthRecord(
        company_code=order.company_code, month=order.month, totals=work.totals(), tables=tuple(tables)
    )


def _whole(order: DetachOrder, away: KeptMonth, folder: MonthFolder, progress: Progress) -> MonthRecord:
    """Return the record of a month that is away, whose files are all in the folder."""
    content = folder.manifest()
    record = record_from(content) if content else None
    if record is None or record.content_sha256 != away.content_sha256:
        raise BillingError(
            "month_detached_elsewhere",
            f"{month_name(order.month)} is detached already, and not to this folder: its manifest hashes to "
            f"{away.content_sha256[:12]}",
            "name the folder that holds it; 'billing months list' shows what is away",
        )
    read_files(record, folder, progress)
    return record


def read_files(record: MonthRecord, folder: MonthFolder, progress: Progress) -> None:
    """Read every file once; raise where one is gone or is not the one that was written."""
    files = [file for table in record.tables for file in table.files]
    for done, file in enumerate(files):
        progress("reading", done, len(files))
        folder.read(file)


def _require_clean(results: Sequence[CheckResult]) -> None:
    broken = [result for result in results if result.offender_count]
    if broken:
        found = "; ".join(f"{each.check.check_id} {', '.join(each.examples)}" for each in broken)
        raise BillingError(
            "audit_failed",
            f"the runs of the month do not pass the checks: {found}",
            "'billing audit' names everything; a month is detached as it was proved",
        )


def _result(record: MonthRecord, *, is_repeat: bool, seconds: dict[str, float] | None = None) -> StepResult:
    return StepResult(
        step=_STEP,
        facts={
            "month": month_name(record.month),
            "is_repeat": int(is_repeat),
            "document_count": record.document_count,
            "row_count": record.row_count,
            "file_count": sum(len(table.files) for table in record.tables),
            "byte_count": record.byte_count,
            "content_sha256": record.content_sha256,
        },
        seconds=seconds or {},
    )
