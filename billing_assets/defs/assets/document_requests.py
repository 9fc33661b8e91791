"""Answered requests: documents that payers ask for, of whatever date.

Belongs here: calling the steps. Does not belong here: what a letter says (``domain``), when requests are
answered (``defs.document_requests``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from billing_assets.defs.conventions import GROUP, OWNERS, TAGS
from billing_assets.defs.metadata import step_metadata
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata

if TYPE_CHECKING:
    from billing_assets.wiring.document_request_desk import DocumentRequestDesk


def _mails(
    desk: "DocumentRequestDesk", progress: LogProgress
) -> tuple[Mapping[str, int | str], Exception | None]:
    """Read the mails that ask; an error waits, so that a folder that is gone keeps no payer waiting."""
    try:
        return (desk.read_mails(progress=progress).facts if desk.has_mailbox else {}), None
    except Exception as fault:  # noqa: BLE001 - it is raised when the others have their answers
        return {}, fault


def build_document_requests() -> dg.AssetsDefinition:
    """Return the asset, which has no dates: it answers all that is asked.

    >>> build_document_requests().key.to_user_string()
    'document_requests'
    """

    # Not of the pool: it reads what is recorded, and a night of billing keeps no payer waiting.
    @dg.asset(
        deps=["documents", "allocations"],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres"},
        tags=TAGS,
        code_version="1",
        metadata=table_metadata("document_requests"),
        description=(
            "Documents that payers ask for: statements, receipts, copies. Materialising reads the mails that "
            "ask, and answers all that is asked, each request once; what cannot be waits for a person."
        ),
    )
    def document_requests(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.build import utc_now
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        with billing.open() as program:
            desk, progress, began_at = DocumentRequestDesk(program), LogProgress(context.log.info), utc_now()
            mails, fault = _mails(desk, progress)
            answered = step_metadata(desk.answer(progress=progress))
            kinds = {f"{kind}_count": count for kind, count in desk.answered_since(began_at).items()}
            left = {f"left_{name}": count for name, count in desk.counts().items()}
        if fault is not None:
            raise fault
        by_mail = {f"mail_{name}": count for name, count in mails.items()}
        return dg.MaterializeResult(metadata={**answered, **kinds, **by_mail, **left})

    return document_requests
