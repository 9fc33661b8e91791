"""The templates of every kind of document, and their samples printed: what is sent, before anything is sent.

Belongs here: which folder of templates is meant, and one printed sample.
Does not belong here: the pages (``templates``), their rendering (``documents``), writing files (``cli``).
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.enclosure import Rendered
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.labels import catalogues_of, choose
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.documents.views import (
    DOCUMENT_KINDS,
    Document,
    language_of,
    languages_of,
    sample_document,
    view_of,
)
from billing_assets.domain.errors import BillingError

FORMS = (".pdf", ".html", ".txt")
"""The endings of a preview: the page to print, the page to look at, the e-mail as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """One kind of document: its title in English, the languages it has words in, the version of its files."""

    kind: str
    title: str
    languages: Sequence[str]
    template_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A printed sample; ``missing_characters`` could not be drawn by the fonts (a PDF alone has any)."""

    kind: str
    language: str
    title: str
    content: bytes
    missing_characters: Sequence[str] = ()


def template_rows(templates_dir: Path | None) -> list[TemplateRow]:
    """Return the kinds of document that a folder has templates of, by default the shipped one.

    >>> [row.kind for row in template_rows(None)][:2]
    ['invoice', 'credit_note']
    """
    folder = templates_dir or default_templates_dir()
    templates = [load_template(folder, kind) for kind in DOCUMENT_KINDS if (folder / kind).is_dir()]
    return [
        TemplateRow(
            kind=template.kind,
            title=choose(catalogues_of(template), "en").text["title"],
            languages=languages_of(template),
            template_sha256=template.sha256,
        )
        for template in templates
    ]


def preview(templates_dir: Path | None, kind: str, language: str, ending: str) -> Preview:
    """Return the sample of ``kind`` printed in a language, in the form of a file with this ending.

    Raises ``document_kind_unknown``, ``language_unknown`` and ``preview_form_unknown``.
    """
    if kind not in DOCUMENT_KINDS:
        raise BillingError(
            "document_kind_unknown",
            f"there is no kind of document '{kind[:40]}'",
            f"choose from {', '.join(DOCUMENT_KINDS)}",
        )
    _require_form(ending)
    template = load_template(templates_dir or default_templates_dir(), kind)
    document = sample_document(template, language)
    content, missing = _content(template, document, ending)
    return Preview(
        kind=kind,
        language=language_of(document, template),
        title=str(view_of(document, template)["title"]),
        content=content,
        missing_characters=missing,
    )


def enclosed_preview(render: Callable[[tuple[str, ...]], Rendered], name: str, ending: str) -> Preview:
    """Return what ``render`` makes in the form of a file with this ending, under a name.

    Raises ``preview_form_unknown`` and what ``render`` does.
    """
    _require_form(ending)
    made = render(({".pdf": "pdf", ".html": "html", ".txt": "mail"}[ending],))
    content = {
        ".pdf": made.pdf,
        ".html": made.html.encode(),
        ".txt": f"{made.subject}\n\n{made.text}".encode(),
    }[ending]
    return Preview(
        kind=name,
        language=made.language,
        title=made.title,
        content=content,
        missing_characters=made.missing_characters,
    )


def _require_form(ending: str) -> None:
    if ending not in FORMS:
        raise BillingError(
            "preview_form_unknown",
            f"a preview cannot be written as '{ending[:12]}'",
            f"let the name of the file end in {', '.join(FORMS)}",
        )


def copy_templates(folder: Path) -> int:
    """Copy the shipped templates to ``folder``, which must not be there; return how many files they are."""
    if folder.exists():
        raise BillingError(
            "folder_exists",
            f"{folder} is there already",
            "name a folder that is not, so that nothing is lost",
        )
    try:
        shutil.copytree(default_templates_dir(), folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    except OSError as error:
        raise BillingError(
            "file_not_written", f"{folder}: {error.strerror}", "name a folder where you may write"
        ) from error
    return sum(path.is_file() for path in folder.rglob("*"))


def _content(template: Template, document: Document, ending: str) -> tuple[bytes, Sequence[str]]:
    if ending == ".pdf":
        printed = PdfPrinter(template).printed(document)
        return printed.content, printed.missing_characters
    if ending == ".html":
        return HtmlRenderer(template).html(document).encode(), ()
    subject, text, _html = EmailRenderer(template).render(document)
    return f"{subject}\n\n{text}".encode(), ()
