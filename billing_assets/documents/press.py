"""The press: invoices printed in order, in this process or in several.

Belongs here: worker processes and which template version prints which invoice.
Does not belong here: the renderers (``pdf``, ``email``), keeping what was printed (``store``).

Workers are spawned, never forked: a compiler does not survive a fork. A small job is printed in this process,
because a worker takes longer to start than forty pages take to print. Each worker has a pipe of its own to
the program, so that whichever of the two ends, even in the middle of a page, the other notices at once.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.enclosed import Task
from billing_assets.documents.enclosure import Enclosure
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template, from_archive, with_fonts
from billing_assets.documents.view_model import build_view
from billing_assets.documents.views import language_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm, shows_link
from billing_assets.steps.delivery_ports import PrintedInvoice, PrintJob

SMALL_JOB = 40
_CHUNK = 10
_LAST_WORDS_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """What is to be printed.

    ``archive`` and ``with_newer_fonts`` are paths of the template's archive and of the same with newer fonts.
    ``is_own``: it is a company's own. ``form`` and ``pdf_limit_bytes`` are as for the press.
    """

    job: PrintJob
    archive: str
    with_newer_fonts: str
    is_own: bool
    form: MailForm
    pdf_limit_bytes: int


class TemplatePress:
    """Prints with the template version that each invoice froze; implements ``steps.delivery_ports.Press``.

    ``read_archive`` returns the stored archive of a template version; archives are unpacked once under
    ``cache_dir``. ``worker_count`` processes share a large job. ``newer_fonts`` returns font files by name:
    those that the frozen template lacks draw what its own cannot, so that a font that was added lets an
    invoice leave that was issued before. Whatever its own fonts can draw is printed with them alone, and so
    is a document that has its first rendering from them. ``is_own`` tells of a template version whether it is
    a company's own: those are printed in an enclosure, one for each process.
    """

    def __init__(
        self,
        read_archive: Callable[[int], bytes],
        cache_dir: Path,
        worker_count: int = 2,
        newer_fonts: Callable[[], Mapping[str, bytes]] = dict,
        is_own: Callable[[int], bool] = lambda _id: False,
    ) -> None:
        """Prepare the press; workers start with the first large job."""
        self._read_archive = read_archive
        self._newer_fonts = newer_fonts
        self._is_own = is_own
        self._cache_dir = cache_dir
        self._worker_count = worker_count
        self._archives: dict[int, tuple[str, str, bool]] = {}
        self._workers: list[_Worker] = []

    def print_all(
        self, jobs: Iterable[PrintJob], *, form: MailForm = MailForm.ATTACHED, pdf_limit_bytes: int = 0
    ) -> Iterator[PrintedInvoice]:
        """Yield each printed invoice, in order; raise ``print_worker_ended`` where a worker is gone.

        An invoice that cannot be printed comes with its ``fault``. A PDF is made where it is attached. The
        mail of one of more than ``pdf_limit_bytes``, if that is not 0, has a link instead; where its template
        has no place for a link, the PDF is attached, whatever ``form`` says.
        """
        stream = iter(jobs)
        head = list(islice(stream, SMALL_JOB))
        sheets = (self._sheet(job, form, pdf_limit_bytes) for job in chain(head, stream))
        if len(head) < SMALL_JOB or self._worker_count < 2:  # noqa: PLR2004 - one worker is this process
            yield from map(_print_one, sheets)
        else:
            yield from self._print_in_workers(sheets)

    def close(self) -> None:
        """End the worker processes, whatever they are doing."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()

    def _print_in_workers(self, sheets: Iterator[_Sheet]) -> Iterator[PrintedInvoice]:
        """Give each worker one chunk at a time and take the chunks back in the order they were given."""
        if not self._workers:
            self._workers = [_Worker() for _ in range(self._worker_count)]
        is_done = False
        try:
            busy: deque[_Worker] = deque()
            for worker in self._workers:
                if chunk := list(islice(sheets, _CHUNK)):
                    worker.give(chunk)
                    busy.append(worker)
            while busy:
                worker = busy.popleft()
                printed = worker.take()
                if chunk := list(islice(sheets, _CHUNK)):
                    worker.give(chunk)
                    busy.append(worker)
                yield from printed
            is_done = True
        finally:
            # A job that stopped early leaves pages in the pipes that nobody asks for any more.
            if not is_done:
                self.close()

    def _sheet(self, job: PrintJob, form: MailForm, pdf_limit_bytes: int) -> _Sheet:
        archive, with_newer_fonts, is_own = self._paths(job.template_version_id)
        return _Sheet(
            job=job,
            archive=archive,
            with_newer_fonts=with_newer_fonts,
            is_own=is_own,
            form=form,
            pdf_limit_bytes=pdf_limit_bytes,
        )

    def _paths(self, template_version_id: int) -> tuple[str, str, bool]:
        """Return the paths of an archive, as it is and with newer fonts, and whether it is of a company."""
        if template_version_id not in self._archives:
            archive = self._read_archive(template_version_id)
            own = self._kept(template_version_id, archive)
            extended = with_fonts(archive, self._newer_fonts())
            with_newer = own if extended == archive else self._kept(template_version_id, extended)
            is_own = self._is_own(template_version_id)
            self._archives[template_version_id] = str(own), str(with_newer), is_own
        return self._archives[template_version_id]

    def _kept(self, template_version_id: int, archive: bytes) -> Path:
        kept = self._cache_dir / f"{template_version_id}-{sha256(archive).hexdigest()}.archive"
        if not kept.exists() or kept.read_bytes() != archive:
            self._cache_dir.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(f".{os.getpid()}-{id(self)}.partial")
            partial.write_bytes(archive)
            partial.replace(kept)
        return kept


class _Worker:
    """A process that prints one chunk at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()

    def give(self, chunk: list[_Sheet]) -> None:
        try:
            self._pipe.send(chunk)
        except OSError as error:
            raise _worker_ended() from error

    def take(self) -> list[PrintedInvoice]:
        try:
            answer: list[PrintedInvoice] | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _worker_ended() from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join(_LAST_WORDS_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _worker_ended() -> BillingError:
    return BillingError(
        "print_worker_ended",
        "a process that prints ended by itself; memory may have run out",
        "run the same command again, with fewer BILLING_PRINT_WORKERS if it comes back",
    )


def _work(pipe: Connection) -> None:
    """Print what comes until the program is gone; Ctrl-C is for the program to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            chunk: list[_Sheet] = pipe.recv()
        except (EOFError, OSError):
            return
        answer: list[PrintedInvoice] | Exception
        try:
            answer = [_print_one(sheet) for sheet in chunk]
        except Exception as error:  # noqa: BLE001 - raised again where the pages are waited for
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return


def _print_one(sheet: _Sheet) -> PrintedInvoice:
    """Print one invoice; whatever goes wrong with it is its own fault and no other's."""
    try:
        return _printed(sheet)
    except BillingError as error:
        return _faulty(sheet.job, error)
    except Exception as error:  # noqa: BLE001 - one bad page never stops the others
        return _faulty(sheet.job, _print_failed(sheet.job, error))


def _faulty(job: PrintJob, fault: BillingError) -> PrintedInvoice:
    return PrintedInvoice(
        document_id=job.document_id,
        language="",
        subject="",
        text="",
        html="",
        pdf=b"",
        pdf_sha256="",
        missing_character_count=0,
        fault=fault,
    )


def _print_failed(job: PrintJob, error: Exception) -> BillingError:
    return BillingError(
        "print_failed",
        f"document {job.document_id} could not be printed ({type(error).__name__})",
        "report it with the document's number: this is a fault of the program",
    )


def _printed(sheet: _Sheet) -> PrintedInvoice:
    """Print one invoice, with the mail that its size and its template allow."""
    printed = _in_form(sheet)
    if 0 < sheet.pdf_limit_bytes < len(printed.pdf):
        linked = _in_form(replace(sheet, form=MailForm.LINKED))
        if shows_link(linked.text, linked.html):
            words = {name: getattr(linked, name) for name in ("form", "subject", "text", "html")}
            return replace(printed, **words)
    if sheet.form is MailForm.LINKED and not shows_link(printed.text, printed.html):
        return _in_form(replace(sheet, form=MailForm.ATTACHED))
    return printed


def _in_form(sheet: _Sheet) -> PrintedInvoice:
    """Print one invoice as it is asked for; in a worker process its printers stay ready for the next."""
    if sheet.is_own:
        return _printed_in_enclosure(sheet)
    job, template = sheet.job, _template(sheet.archive)
    view = build_view(job.invoice, template, form=sheet.form)
    subject, plain, html = _mail_renderer(sheet.archive).of_view(view)
    is_attached = sheet.form is MailForm.ATTACHED
    printed = _printer(sheet.archive).of_view(job.invoice, view) if is_attached else None
    if (
        printed is not None
        and printed.missing_characters
        and sheet.with_newer_fonts != sheet.archive
        and sha256(printed.content).hexdigest() != job.pdf_sha256
    ):
        printed = _printer(sheet.with_newer_fonts).of_view(job.invoice, view)
    missing = printed.missing_characters if printed else _undrawn(sheet, view)
    return PrintedInvoice(
        document_id=job.document_id,
        form=sheet.form,
        language=language_of(job.invoice, template),
        subject=subject,
        text=plain,
        html=html,
        pdf=printed.content if printed else b"",
        pdf_sha256=sha256(printed.content).hexdigest() if printed else "",
        missing_character_count=len(missing),
    )


def _undrawn(sheet: _Sheet, view: dict[str, object]) -> tuple[str, ...]:
    """Return what no font draws of the page that a link opens; of one that nothing opens, nothing."""
    if sheet.form is not MailForm.LINKED:
        return ()
    missing = _printer(sheet.archive).missing_characters(view)
    has_others = sheet.with_newer_fonts != sheet.archive
    return _printer(sheet.with_newer_fonts).missing_characters(view) if missing and has_others else missing


def _printed_in_enclosure(sheet: _Sheet) -> PrintedInvoice:
    """Print one invoice by a template of a company."""
    job = sheet.job
    more = {MailForm.ATTACHED: ("pdf",), MailForm.LINKED: ("coverage",), MailForm.BARE: ()}
    forms = ("mail", *more[sheet.form])
    task = Task(archive=sheet.archive, document=job.invoice, forms=forms, mail_form=sheet.form)
    made = _enclosure().render(task)
    is_frozen = bool(made.pdf) and sha256(made.pdf).hexdigest() == job.pdf_sha256
    if made.missing_characters and sheet.with_newer_fonts != sheet.archive and not is_frozen:
        made = _enclosure().render(replace(task, archive=sheet.with_newer_fonts))
    return PrintedInvoice(
        document_id=job.document_id,
        form=sheet.form,
        language=made.language,
        subject=made.subject,
        text=made.text,
        html=made.mail_html,
        pdf=made.pdf,
        pdf_sha256=sha256(made.pdf).hexdigest() if made.pdf else "",
        missing_character_count=len(made.missing_characters),
    )


@lru_cache(maxsize=1)
def _enclosure() -> Enclosure:
    """The enclosure of this process; it ends with it."""
    return Enclosure()


@lru_cache(maxsize=8)
def _template(archive: str) -> Template:
    path = Path(archive)
    return from_archive(path.read_bytes(), path.parent)


@lru_cache(maxsize=8)
def _printer(archive: str) -> PdfPrinter:
    return PdfPrinter(_template(archive))


@lru_cache(maxsize=8)
def _mail_renderer(archive: str) -> EmailRenderer:
    return EmailRenderer(_template(archive))
