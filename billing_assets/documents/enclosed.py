"""The inside of the enclosure: a process that renders templates of a company and can do nothing else.

Belongs here: the limits that the process puts on itself, and rendering one document in the forms asked for.
Does not belong here: starting and ending it, and what its answers mean (``enclosure``).

While a template is at work no file and no socket can be opened: the process may have no more of them than it
has. Fonts and the data of languages are read before. Its time ends it from outside Python, so that no loop in
a compiler or a library outlives it.
"""

import codecs
import json
import os
import pickle
import pprint
import resource
import signal
import struct
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import jinja2.constants
import jinja2.debug

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.labels import FALLBACK_LANGUAGE, catalogues_of
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import (
    Template,
    default_templates_dir,
    from_archive,
    load_template,
)
from billing_assets.documents.views import Document, language_of, sample_document, view_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.mail_forms import MailForm

READ_BEFORE: tuple[ModuleType, ...] = (jinja2.constants, jinja2.debug, pprint, textwrap)
"""What Jinja2 imports when a template needs it, where no file can be opened any more."""

HEAD = struct.Struct(">II")
"""Lengths in bytes of what follows: JSON, and a PDF."""

_LOAD_SECONDS = 3.0
_LINES_A_SECOND = 100
_BYTES_A_LINE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a document may take: CPU seconds (of a short one), bytes of memory and output, seconds in all."""

    cpu_seconds: float = 1.0
    memory_bytes: int = 1536 * 1024 * 1024
    output_bytes: int = 8 * 1024 * 1024
    wall_seconds: float = 10.0

    def for_lines(self, count: int) -> "Limits":
        """Return what a document with so many lines may take.

        >>> Limits().for_lines(300).cpu_seconds
        4.0
        """
        more_seconds = count / _LINES_A_SECOND
        return replace(
            self,
            cpu_seconds=self.cpu_seconds + more_seconds,
            wall_seconds=self.wall_seconds + more_seconds,
            output_bytes=self.output_bytes + count * _BYTES_A_LINE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be rendered.

    ``archive`` is the path of a template's archive; where there is no ``document`` its sample is, in
    ``language``. ``forms`` are of ``pdf``, ``mail``, ``html``, ``picture`` (its first page), ``coverage``
    (which characters no font draws) and ``labels`` (which words its languages lack; nothing is rendered for
    either). ``mail_form``: what the mail has of its document.
    """

    archive: str
    document: Document | None
    forms: tuple[str, ...]
    language: str = ""
    mail_form: MailForm = MailForm.ATTACHED

    @property
    def line_count(self) -> int:
        """How many lines the document has; 0 for a sample and for a letter."""
        return len(self.document.lines) if isinstance(self.document, Invoice) else 0


def answer(task: Task, limits: Limits) -> tuple[dict[str, object], bytes]:
    """Return what a task gives: texts by name and the PDF, or the error that ended it as ``error``."""
    try:
        return _rendered(task, limits.for_lines(task.line_count))
    except BillingError as error:
        return {"error": [error.code, error.found, error.todo]}, b""
    except MemoryError:
        return {"error": ["template_too_large", "", ""]}, b""
    except Exception as error:  # noqa: BLE001 - a document that fails is told, whatever fails in it
        found = f"the template failed ({type(error).__name__})"
        return {"error": ["template_does_not_render", found, "compare it with the shipped template"]}, b""


def main() -> None:
    """Answer tasks from standard input until it ends."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Nothing that a library prints may stand among the answers.
    os.dup2(2, 1)
    limits: Limits = pickle.load(source)  # noqa: S301 - of the program that started this process
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Reads what Jinja2 looks up by name at its first use.
    codecs.lookup("unicode-escape")
    _write(target, {"is_ready": True}, b"")
    while True:
        try:
            task: Task = pickle.load(source)  # noqa: S301 - as above
        except EOFError:
            return
        _write(target, *answer(task, limits))


def _write(target: BinaryIO, said: dict[str, object], pdf: bytes) -> None:
    text = json.dumps(said).encode()
    target.write(HEAD.pack(len(text), len(pdf)))
    target.write(text)
    target.write(pdf)
    target.flush()


def _rendered(task: Task, limits: Limits) -> tuple[dict[str, object], bytes]:
    with _timed(_LOAD_SECONDS):
        loaded = _loaded(task.archive)
        template = loaded.template
        if "labels" in task.forms:
            return {"missing_labels": missing_labels(template)}, b""
        document = task.document or sample_document(template, task.language)
        view = view_of(document, template, form=task.mail_form)
        said: dict[str, object] = {
            "language": language_of(document, template),
            "number": view["document_number"],
        }
        said["title"] = view["title"]
    pdf = b""
    with _timed(limits.cpu_seconds), _shut_in():
        if "mail" in task.forms:
            said["subject"], said["text"], said["mail_html"] = loaded.mail.of_view(view)
        if "coverage" in task.forms:
            said["missing"] = list(loaded.printer.missing_characters(view))
        if "html" in task.forms:
            said["html"] = loaded.html.of_view(view)
        if "picture" in task.forms:
            pdf = loaded.printer.picture(document, view)
        if "pdf" in task.forms:
            printed = loaded.printer.of_view(document, view)
            pdf, said["missing"] = printed.content, list(printed.missing_characters)
    if len(pdf) + sum(len(text) for text in said.values() if isinstance(text, str)) > limits.output_bytes:
        raise MemoryError
    return said, pdf


def missing_labels(template: Template) -> dict[str, list[str]]:
    """Return which labels each language of a template lacks that the shipped English has, or its own."""
    own = catalogues_of(template)
    shipped = catalogues_of(load_template(default_templates_dir(), template.kind))[FALLBACK_LANGUAGE]
    wanted = {*shipped.text, *own[FALLBACK_LANGUAGE].text}
    return {language: sorted(wanted - set(own[language].text)) for language in sorted(own)}


@dataclass(frozen=True, slots=True)
class _Loaded:
    template: Template
    printer: PdfPrinter
    mail: EmailRenderer
    html: HtmlRenderer


@lru_cache(maxsize=4)
def _loaded(archive: str) -> _Loaded:
    path = Path(archive)
    template = from_archive(path.read_bytes(), path.parent)
    printer = PdfPrinter(template)
    printer.read_fonts()
    return _Loaded(template, printer, EmailRenderer(template), HtmlRenderer(template))


@contextmanager
def _timed(cpu_seconds: float) -> Iterator[None]:
    """End this process, by the default action of a signal, where the block takes more CPU seconds."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def _shut_in() -> Iterator[None]:
    """Let no file and no socket be opened in the block."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
