"""The folders for a print shop.

Belongs here: which setting is the folder, and from letters to files. Does not belong here: the order of work
(``steps.post_letters``), what is in a folder (``channels.print_post``).
"""

from collections.abc import Iterator
from pathlib import Path

from billing_assets.channels.print_post import MOST_ADDRESS_LINES, PostedDocument, page_count, write_batch
from billing_assets.domain.errors import BillingError
from billing_assets.steps.post_letters import Letter, PostedBatch, post_letters
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.delivery_listings import list_letter_dates
from billing_assets.wiring.build import Billing, today_of, utc_now


class FolderWriter:
    """Writes folders into one folder: a ``steps.post_letters.LetterWriter``."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``."""
        self._folder = folder

    def write(self, batch_name: str, letters: Iterator[Letter]) -> PostedBatch:
        """Write a folder whole or raise."""
        receipt = write_batch(self._folder, batch_name, map(_posted, letters))
        return PostedBatch(
            name=receipt.folder.name,
            document_count=receipt.document_count,
            sheet_count=receipt.sheet_count,
        )

    def is_there(self, batch_name: str) -> bool:
        """Tell whether the folder has its name; it has it only whole."""
        return (self._folder / batch_name).is_dir()

    def fault_of(self, letter: Letter) -> str:
        """Return the code of why a letter can be in no folder, empty where it can."""
        try:
            page_count(letter.pdf)
        except BillingError as error:
            return error.code
        return ""


class LetterDesk:
    """What goes by post, over the store of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the press and the settings of ``billing``."""
        self.billing = billing

    def post(self, folder: Path | None = None, *, progress: Progress = silent) -> StepResult:
        """Write what waits to go by post into folders within ``folder``, or the one of the settings.

        Raises ``print_folder_unset``; ``audit_failed`` where an invariant is broken of a date that a letter
        is of; what :func:`post_letters` raises.
        """
        target = folder or self.billing.settings.print_folder
        if target is None:
            raise BillingError(
                "print_folder_unset",
                "no folder for the print shop is named",
                "name it with --to, or set BILLING_PRINT_FOLDER",
            )
        self._require_clean(progress)
        return post_letters(
            self.billing.company_code(),
            store=self.billing.documents,
            press=self.billing.press,
            writer=FolderWriter(target),
            clock=utc_now,
            progress=progress,
        )

    def _require_clean(self, progress: Progress) -> None:
        """Raise ``audit_failed`` unless all that blocks passes of the dates of which letters wait."""
        issuer = self.billing.runs.issuer(self.billing.company_code())
        with self.billing.database.transaction() as connection:
            days = list_letter_dates(connection, issuer.company_id, today_of(issuer.company))
        for day in days:
            self.billing.require_clean(day, progress)


def _posted(letter: Letter) -> PostedDocument:
    invoice = letter.invoice
    lines = (invoice.payer.name, *invoice.payer.address_lines)[:MOST_ADDRESS_LINES]
    return PostedDocument(
        document_number=invoice.invoice_number,
        pdf=letter.pdf,
        address_lines=lines,
        country_code=invoice.payer.country_code,
        language=invoice.payer.language,
    )
