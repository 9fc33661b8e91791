"""The PDF of a document, by Typst: PDF/A-3a and PDF/UA-1, the same bytes wherever it is made.

Belongs here: one persistent compiler for each process, and what makes its output repeatable.
Does not belong here: the page (``templates/_shared/document.typ``), what it says (``view_model``).
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

import typst

from billing_assets.documents.coverage import Coverage
from billing_assets.documents.templates import SHARED, Template, load_template
from billing_assets.documents.views import Document, view_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice

# Archiving with tags for readers of screens (PDF/A-3a) and universal accessibility (PDF/UA-1).
_STANDARDS: list["typst.PDFStandard"] = ["a-3a", "ua-1"]

_PICTURE_PPI = 80.0

_PARTS = (".typ", ".svg", ".png", ".jpg", ".jpeg")
"""Endings of the files that a page may read beside its data: what it includes, and pictures."""

_PLACE = re.compile(r"\u250c\u2500 ([^\s:]+):(\d+):(\d+)")

# Typst reads a font when its first letter is drawn.
_ALL_FONTS = b"""#for each in json("fonts.json") {
  text(font: each.family, style: each.style, weight: each.weight, stretch: each.stretch * 100%)[a]
}"""


@dataclass(frozen=True, slots=True)
class PrintedPdf:
    """A PDF and what could not be printed in it.

    ``missing_characters`` holds, sorted, the characters that no font of the template can draw; each
    is a white square on the page. It is empty for almost every document.
    """

    content: bytes
    missing_characters: tuple[str, ...]


class PdfPrinter:
    """Prints documents with one template; keep one for each process, it is fast from the second page on.

    The compiler starts threads, which a forked child does not have: make the printer in the child.
    """

    def __init__(self, template: Template | Path) -> None:
        self.template = template if isinstance(template, Template) else load_template(template)
        fonts = self.template.fonts()
        if not fonts:
            raise BillingError(
                "fonts_missing",
                "the template has no font file, so that its pages would be empty",
                "put .otf or .ttf files into templates/_shared/fonts/",
            )
        self._coverage = Coverage(fonts)
        self._files = {
            **_parts_of(self.template),
            "main.typ": self.template.files[self.template.page("typ")],
            "logo.svg": self.template.text("logo.svg").encode(),
        }
        folders = sorted({str((self.template.folder / name).parent) for name in fonts})
        faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
        self._faces = faces
        self._compiler = typst.Compiler(root=self.template.folder, font_paths=faces, ignore_system_fonts=True)
        self._process_id = os.getpid()

    def read_fonts(self) -> None:
        """Read every font now: a page that is printed where no file can be opened would have no text."""
        faces = [
            {"family": face.family, "style": face.style, "weight": face.weight, "stretch": face.stretch}
            for face in self._faces.fonts()
        ]
        try:
            files = {"main.typ": _ALL_FONTS, "fonts.json": json.dumps(faces).encode()}
            self._compiler.compile(files, format="pdf")  # type: ignore[type-var]
        except typst.TypstError as error:
            raise BillingError(
                "fonts_unusable",
                "the fonts of the template cannot be read",
                "put .otf or .ttf files that other programs can open into templates/_shared/fonts/",
            ) from error

    def pdf(self, document: Document) -> bytes:
        """Return the PDF of ``document``; see :meth:`printed`."""
        return self.printed(document).content

    def printed(self, document: Document) -> PrintedPdf:
        """Return the PDF of ``document`` with what could not be printed.

        The bytes depend on the document, the template and the engine version alone: the date of the
        document is the issue date, and no clock, time zone or path goes in. Raises
        :class:`BillingError` after a fork, and where the template does not compile.
        """
        return self.of_view(document, view_of(document, self.template))

    def of_view(self, document: Document, view: Mapping[str, object]) -> PrintedPdf:
        """Return the PDF of ``document`` from its ``view``, where that is made already."""
        if os.getpid() != self._process_id:
            raise BillingError(
                "printer_used_after_fork",
                "a PdfPrinter was made in one process and used in another",
                "make one PdfPrinter in each worker process, or start workers with 'spawn'",
            )
        missing: set[str] = set()
        content = self._compiled(document, self._coverage.printable(view, missing), form="pdf")
        if not isinstance(content, bytes):
            raise BillingError(
                "template_does_not_compile",
                "Typst returned no PDF",
                "check the typst version in the lock file",
            )
        return PrintedPdf(content=content, missing_characters=tuple(sorted(missing)))

    def missing_characters(self, view: Mapping[str, object]) -> tuple[str, ...]:
        """Return which characters of a view no font of the template can draw; nothing is printed."""
        missing: set[str] = set()
        self._coverage.printable(view, missing)
        return tuple(sorted(missing))

    def picture(self, document: Document, view: Mapping[str, object]) -> bytes:
        """Return the first page of ``document`` as a PNG, for somebody who looks at a template."""
        content = self._compiled(document, self._coverage.printable(view, set()), form="png")
        first = content[0] if isinstance(content, list) else content
        return first or b""

    def _compiled(
        self, document: Document, view: object, *, form: Literal["pdf", "png"]
    ) -> bytes | list[bytes] | None:
        printable = json.dumps(view, ensure_ascii=False)
        # Files in memory: as inputs of the program Typst would forget what it learnt from the last page.
        files = {**self._files, "view.json": printable.encode()}
        issued_at = datetime.combine(document.issue_date, time(), tzinfo=UTC)
        standards = _STANDARDS if form == "pdf" else []
        try:
            # The stub of Typst knows no dictionary of files; its documentation does.
            content = self._compiler.compile(  # type: ignore[type-var]
                files, format=form, pdf_standards=standards, timestamp=issued_at, ppi=_PICTURE_PPI
            )
        except typst.TypstError as error:
            # The diagnostic can quote the page, and with it a name: only its position is safe to pass on.
            raise BillingError(
                "template_does_not_compile",
                f"{self._place(error)} of template {self.template.sha256[:12]} failed on "
                f"{_number_of(document)}{_said(error, document)}",
                "render the sample.json of its folder with the template to see the diagnostic",
            ) from (error if _is_sample(document) else None)
        return content

    def _place(self, error: typst.TypstError) -> str:
        """Return where a fault is, as ``_shared/document.typ:12:3``, or the page where that is not known."""
        page = self.template.page("typ")
        found = _PLACE.search(error.diagnostic)
        if found is None:
            return page
        inside = found[1].split(f"{self.template.folder.as_posix().strip('/')}/")[-1]
        name = page if inside == "main.typ" else self.template.path_of(inside)
        return f"{name}:{found[2]}:{found[3]}"


def _parts_of(template: Template) -> dict[str, bytes]:
    """Return what a page may include, by the names that it has for it: of its kind, or else shared."""
    parts: dict[str, bytes] = {}
    for folder in (SHARED, template.kind):
        parts |= {
            name.removeprefix(f"{folder}/"): content
            for name, content in template.files.items()
            if name.startswith(f"{folder}/") and name.lower().endswith(_PARTS)
        }
    return parts


def _number_of(document: Document) -> str:
    return document.invoice_number if isinstance(document, Invoice) else document.document_number


def _said(error: typst.TypstError, document: Document) -> str:
    """Return what Typst says of a sample; of a customer's document it could quote a name."""
    return f": {error.message[:200]}" if _is_sample(document) else ""


def _is_sample(document: Document) -> bool:
    return document.payer.email.endswith(("@example.com", "@example.org", "@example.net"))
