"""The folders for a print shop.

Belongs here: which setting is the folder, and from letters to files. Does not belong here: the order of work
(``steps.post_letters``), what is in a folder (``channels.print_post``).
"""

from collections.abc import Iterator
from pathlib import Path

from billing_assets.channels.print_post import MOST_ADDRESS_LINES, PostedDocument, write_batch
from billing_assets.domain.errors import BillingError
from billing_assets.steps.post_letters import Letter, PostedBatch, post_letters
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.wiring.build import Billing, utc_now


class FolderWriter:
    """Writes folders into one folder: a ``steps.post_letters.LetterWriter``."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``."""
        self._folder = folder

    def write(self, batch_name: str, letters: Iterator[Letter]) -> PostedBatch:
        """Write a folder whole or raise, with nothing of it there."""
        receipt = write_batch(self._folder, batch_name, map(_posted, letters))
        return PostedBatch(
            name=receipt.folder.name,
            document_count=receipt.document_count,
            sheet_count=receipt.sheet_count,
            sums_sha256=receipt.sums_sha256,
        )


class LetterDesk:
    """What goes by post, over the store of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the press and the settings of ``billing``."""
        self.billing = billing

    def post(self, folder: Path | None = None, *, progress: Progress = silent) -> StepResult:
        """Write what waits to go by post into folders within ``folder``, or the one of the settings.

        Raises ``print_folder_unset``, and what :func:`post_letters` raises.
        """
        target = folder or self.billing.settings.print_folder
        if target is None:
            raise BillingError(
                "print_folder_unset",
                "no folder for the print shop is named",
                "name it with --to, or set BILLING_PRINT_FOLDER",
            )
        return post_letters(
            self.billing.company_code(),
            store=self.billing.documents,
            press=self.billing.press,
            writer=FolderWriter(target),
            clock=utc_now,
            progress=progress,
        )


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
