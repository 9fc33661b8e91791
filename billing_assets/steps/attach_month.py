"""Attaching a month again: the rows of its files back into the store, proved to be those that went.

Belongs here: the order of work. Does not belong here: the proof (the store holds it at the end of the
transaction), files (``feeds.month_folders``).
"""

from billing_assets.domain.detached_months import MonthRecord, month_name, record_from
from billing_assets.domain.errors import BillingError
from billing_assets.steps.month_ports import KeptMonth, MonthFolder, MonthStore
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent

_STEP = "attach_month"


def attach_month(
    company_code: str, *, store: MonthStore, folder: MonthFolder, progress: Progress = silent
) -> StepResult:
    """Attach the month of the folder and return what came back; where it is attached already, nothing.

    Raises:
        BillingError: ``manifest_missing``, ``manifest_unreadable``, ``month_unknown`` where this company has
            detached no such month, ``file_changed``, ``month_differs``.
    """
    content = folder.manifest()
    if not content:
        raise BillingError(
            "manifest_missing",
            "the folder has no manifest.json",
            "name the folder that 'billing months detach' wrote to",
        )
    record = record_from(content)
    kept = _kept(company_code, record, store)
    if kept.is_away:
        with store.attaching(company_code, kept.detached_month_id, progress) as work:
            files = [(table.table_name, file) for table in record.tables for file in table.files]
            for done, (table_name, file) in enumerate(files):
                progress("attaching", done, len(files))
                work.load(table_name, folder.read(file))
            progress("proving", 0, 0)
            work.prove()
    return StepResult(
        step=_STEP,
        facts={
            "month": month_name(record.month),
            "is_repeat": int(not kept.is_away),
            "document_count": record.document_count,
            "row_count": record.row_count,
            "content_sha256": record.content_sha256,
        },
    )


def _kept(company_code: str, record: MonthRecord, store: MonthStore) -> KeptMonth:
    """Return what the store knows of the very month of the record."""
    known = store.kept_months(company_code, record.month) if record.company_code == company_code else ()
    mine = [kept for kept in known if kept.content_sha256 == record.content_sha256]
    if not mine:
        raise BillingError(
            "month_unknown",
            f"company '{company_code}' has detached no month {month_name(record.month)} whose manifest "
            f"hashes to {record.content_sha256[:12]}",
            "name the folder of this company's month; 'billing months list' shows the hashes",
        )
    return mine[0]
