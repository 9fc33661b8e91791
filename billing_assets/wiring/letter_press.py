"""The press of letters: a letter becomes a record, a frozen template and a PDF; an invoice its own PDF.

Belongs here: which template a letter freezes, and printing it again. Does not belong here: what it says
(``steps.answer_requests``), the page (``documents``).

Letters go by the templates of the program: a company's own are of invoices and credit notes.
"""

from collections.abc import Callable
from hashlib import sha256

from billing_assets.channels.print_post import page_count
from billing_assets.documents.letter_json import letter_from_json, letter_to_json
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import from_archive
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import Letter, LetterKind, kind_of
from billing_assets.steps.request_ports import PrintedCopy, PrintedLetter
from billing_assets.wiring.template_shelf import TemplateShelf


class ShelfPress:
    """Prints by the templates of a shelf; the implementation of ``steps.request_ports.LetterPress``."""

    def __init__(self, shelf: TemplateShelf, kept_pdf: Callable[[str], bytes | None]) -> None:
        """Use the templates of ``shelf``, and ``kept_pdf`` for the kept bytes of an invoice by its number."""
        self._shelf, self._kept_pdf = shelf, kept_pdf
        self._printers: dict[LetterKind, PdfPrinter] = {}

    def letter(self, letter: Letter) -> PrintedLetter:
        """Print a letter; raises ``unprintable`` (an ``UnansweredError``) where a font lacks a character."""
        kind = kind_of(letter)
        if kind not in self._printers:
            self._printers[kind] = PdfPrinter(self._shelf.shipped(kind))
        printed = self._printers[kind].printed(letter)
        if printed.missing_characters:
            raise UnansweredError("unprintable")
        return PrintedLetter(
            letter=letter,
            record=letter_to_json(letter),
            template_version_id=self._shelf.frozen_letter(kind).template_version_id,
            pdf=printed.content,
        )

    def copy(self, document_number: str) -> PrintedCopy:
        """Return an invoice as it goes out, the same bytes each time; raises ``unprintable``.

        A page that is shown and not kept answers nothing: once a font has its characters, it is another one.
        """
        pdf = self._kept_pdf(document_number)
        if pdf is None:
            raise UnansweredError("unprintable")
        return PrintedCopy(pdf=pdf, page_count=page_count(pdf))

    def again(self, record: str, template_version_id: int, pdf_sha256: str) -> bytes:
        """Print a kept letter from its record by its frozen template; raises ``rendering_changed``."""
        template = from_archive(self._shelf.archive(template_version_id), self._shelf.cache_dir)
        letter = letter_from_json(record)
        pdf = PdfPrinter(template).pdf(letter)
        if sha256(pdf).hexdigest() != pdf_sha256:
            raise BillingError(
                "rendering_changed",
                f"letter {letter.document_number} would print differently from what was handed over",
                "use the program version that printed it first; what is kept of it is what was handed over",
            )
        return pdf
