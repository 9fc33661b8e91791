"""The press: invoices printed in order, in this process or in several.

Belongs here: worker processes and which template version prints which invoice.
Does not belong here: the renderers (``pdf``, ``email``), keeping what was printed (``store``).

Workers are spawned, never forked: a compiler does not survive a fork. A small job is printed in this process,
because a worker takes longer to start than forty pages take to print.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template, from_archive
from billing_assets.steps.delivery_ports import PrintedInvoice, PrintJob

SMALL_JOB = 40
_CHUNK = 10


class TemplatePress:
    """Prints with the template version that each invoice froze; implements ``steps.delivery_ports.Press``.

    ``read_archive`` returns the stored archive of a template version; archives are unpacked once under
    ``cache_dir``. ``worker_count`` processes share a large job.
    """

    def __init__(self, read_archive: Callable[[int], bytes], cache_dir: Path, worker_count: int = 2) -> None:
        """Prepare the press; workers start with the first large job."""
        self._read_archive = read_archive
        self._cache_dir = cache_dir
        self._worker_count = worker_count
        self._folders: dict[int, Path] = {}
        self._pool: ProcessPoolExecutor | None = None

    def print_all(self, jobs: Iterable[PrintJob], *, with_pdf: bool) -> Iterator[PrintedInvoice]:
        """Yield each printed invoice, in order."""
        stream = iter(jobs)
        head = list(islice(stream, SMALL_JOB))
        if len(head) < SMALL_JOB or self._worker_count < 2:  # noqa: PLR2004 - one worker is this process
            for job in chain(head, stream):
                yield _print_one((job, str(self._folder(job.template_version_id)), with_pdf))
            return
        sheets = ((job, str(self._folder(job.template_version_id)), with_pdf) for job in chain(head, stream))
        yield from self._workers().map(_print_one, sheets, chunksize=_CHUNK)

    def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=self._worker_count, mp_context=context)
        return self._pool

    def _folder(self, template_version_id: int) -> Path:
        if template_version_id not in self._folders:
            archive = self._read_archive(template_version_id)
            kept = self._cache_dir / f"{template_version_id}-{sha256(archive).hexdigest()}.archive"
            if not kept.exists():
                self._cache_dir.mkdir(parents=True, exist_ok=True)
                partial = kept.with_suffix(f".{id(self)}.partial")
                partial.write_bytes(archive)
                partial.rename(kept)
            self._folders[template_version_id] = kept
        return self._folders[template_version_id]


def _print_one(sheet: tuple[PrintJob, str, bool]) -> PrintedInvoice:
    """Print one invoice; runs in a worker process, whose printers stay ready for the next."""
    job, archive, with_pdf = sheet
    subject, plain, html = _mail_renderer(archive).render(job.invoice)
    content = _printer(archive).pdf(job.invoice) if with_pdf else b""
    return PrintedInvoice(
        document_id=job.document_id,
        subject=subject,
        text=plain,
        html=html,
        pdf=content,
        pdf_sha256=sha256(content).hexdigest() if with_pdf else "",
    )


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
