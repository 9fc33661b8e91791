"""Print: every issued invoice of a date becomes a document, and proofs show that it can be printed.

Belongs here: making the documents of a date, printing one proof per language and template.
Does not belong here: sending (``deliver_documents``), how a document looks (``templates``).

PDFs are made at delivery or at the first view, always from the frozen record and template; their first bytes
are what every later rendering is compared with.
"""

import time
from datetime import date

from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DocumentStore, Press
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent


def print_documents(
    company_code: str,
    billing_date: date | None,
    *,
    store: DocumentStore,
    press: Press,
    progress: Progress = silent,
) -> StepResult:
    """Make the documents of the runs of ``billing_date`` (all dates where None) and print their proofs.

    Where no proof at all can be printed, its fault raises here, before anything is queued or sent.
    ``unprintable_count`` is the number of proofs with characters that no font of their template has,
    ``print_fault_count`` that of proofs that cannot be printed; these documents fail alone.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    made = store.make_documents(issuer.company_id, billing_date)
    proofs = store.proof_jobs(issuer.company_id, billing_date)
    unprintable_count = 0
    faults: list[BillingError] = []
    for done, sheet in enumerate(press.print_all(proofs), start=1):
        unprintable_count += sheet.missing_character_count > 0
        if sheet.fault:
            faults.append(sheet.fault)
        progress("printing proofs", done, len(proofs))
    if faults and len(faults) == len(proofs):
        raise faults[0]
    return StepResult(
        step="print_documents",
        facts={
            "document_count": made,
            "proof_count": len(proofs),
            "unprintable_count": unprintable_count,
            "print_fault_count": len(faults),
        },
        seconds={"print": time.perf_counter() - started},
    )
