"""The press prints the same bytes in this process and in others, by the template of each invoice."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from billing_assets.documents.press import SMALL_JOB, TemplatePress
from billing_assets.documents.templates import Template
from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm
from billing_assets.steps.delivery_ports import PrintJob
from billing_assets_tests.documents.samples import (
    RARE,
    added_fonts,
    cut_template,
    english,
    page_texts,
    spanish,
    template,
    with_payer,
)

OLD, NEW = 1, 2


def changed(original: Template) -> Template:
    """Return a later version of the template, whose pages say something else."""
    files = dict(original.files)
    name = next(name for name in files if name.endswith("document.typ"))
    files[name] += b"\n#pagebreak()\nA page of the new version\n"
    return replace(original, files=files)


def archive_of(template_version_id: int) -> bytes:
    return {OLD: template(), NEW: changed(template())}[template_version_id].archive()


def jobs(count: int, version: int = OLD) -> list[PrintJob]:
    return [
        PrintJob(
            document_id=number,
            template_version_id=version,
            invoice=replace(english() if number % 2 else spanish(), invoice_number=f"INV-{number:08d}"),
            pdf_sha256="",
        )
        for number in range(count)
    ]


@pytest.fixture
def press(tmp_path: Path) -> Iterator[TemplatePress]:
    made = TemplatePress(archive_of, tmp_path, worker_count=2)
    yield made
    made.close()


@pytest.mark.long
def test_workers_print_the_same_bytes_as_this_process_in_the_same_order(
    press: TemplatePress, tmp_path: Path
) -> None:
    alone = TemplatePress(archive_of, tmp_path / "alone", worker_count=1)
    large = jobs(SMALL_JOB + 3)
    by_workers = list(press.print_all(large))
    assert [sheet.document_id for sheet in by_workers] == list(range(len(large)))
    assert by_workers == list(alone.print_all(large))
    for sheet in by_workers:
        assert sheet.pdf_sha256 == sha256(sheet.pdf).hexdigest()


def test_an_invoice_prints_by_its_own_template_after_the_template_changed(press: TemplatePress) -> None:
    before, after, again = press.print_all([*jobs(1), *jobs(1, NEW), *jobs(1)])
    assert before == again
    assert "A page of the new version" not in "".join(page_texts(before.pdf))
    assert "A page of the new version" in "".join(page_texts(after.pdf))


def test_without_pdf_there_is_only_the_mail(press: TemplatePress) -> None:
    (sheet,) = press.print_all(jobs(1), form=MailForm.BARE)
    assert (sheet.pdf, sheet.pdf_sha256, sheet.missing_character_count) == (b"", "", 0)
    assert sheet.subject
    assert sheet.text
    assert sheet.html


def without_words_of_links(content: bytes) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(b"mail_link"))


def test_a_template_that_shows_no_link_has_its_pdf_attached(tmp_path: Path) -> None:
    files = {name: without_words_of_links(content) for name, content in template().files.items()}
    frozen = replace(template(), files=files).archive()
    press = TemplatePress(lambda _id: frozen, tmp_path, worker_count=1)
    attached = list(press.print_all(jobs(1)))
    assert list(press.print_all(jobs(1), form=MailForm.LINKED)) == attached
    assert list(press.print_all(jobs(1), pdf_limit_bytes=1)) == attached
    assert attached[0].form is MailForm.ATTACHED


def test_what_no_font_draws_behind_a_link_is_counted_though_nothing_is_printed(press: TemplatePress) -> None:
    (job,) = jobs(1)
    odd = replace(job, invoice=with_payer(job.invoice, name="Ana \ud7b0\ud7b1\ud7b0"))
    linked, bare = (next(press.print_all([odd], form=form)) for form in (MailForm.LINKED, MailForm.BARE))
    assert (linked.missing_character_count, linked.pdf, linked.fault_code) == (2, b"", "unprintable")
    assert (bare.missing_character_count, bare.fault_code) == (0, "")


def test_the_pdf_of_a_mail_that_has_a_link_for_its_size_is_there_all_the_same(press: TemplatePress) -> None:
    (attached,), (large,) = press.print_all(jobs(1)), press.print_all(jobs(1), pdf_limit_bytes=1)
    (linked,) = press.print_all(jobs(1), form=MailForm.LINKED)
    assert (large.pdf, large.pdf_sha256) == (attached.pdf, attached.pdf_sha256)
    assert large.mail_sha256 == linked.mail_sha256 != attached.mail_sha256
    assert (large.form, linked.form, linked.pdf) == (MailForm.LINKED, MailForm.LINKED, b"")


def test_characters_that_no_font_has_are_counted(press: TemplatePress) -> None:
    (job,) = jobs(1)
    odd = replace(job, invoice=with_payer(job.invoice, name="Ana \ud7b0\ud7b1\ud7b0"))
    (sheet,) = press.print_all([odd])
    assert sheet.missing_character_count == 2


def with_rare(job: PrintJob) -> PrintJob:
    return replace(job, invoice=with_payer(job.invoice, name=f"Ana {RARE}mega"))


def test_a_font_that_was_added_draws_what_the_frozen_template_cannot(tmp_path: Path) -> None:
    archive = cut_template().archive()
    alone = TemplatePress(lambda _version: archive, tmp_path / "alone", 1)
    helped = TemplatePress(lambda _version: archive, tmp_path / "helped", 1, added_fonts)
    plain, rare = jobs(1)[0], with_rare(jobs(1)[0])
    (before,) = alone.print_all([rare])
    unchanged, mended = helped.print_all([plain, rare])
    assert (before.missing_character_count, mended.missing_character_count) == (1, 0)
    assert f"Ana {RARE}mega" in page_texts(mended.pdf)[0]
    assert [unchanged] == list(alone.print_all([plain]))
    assert list(helped.print_all([replace(rare, pdf_sha256=mended.pdf_sha256)])) == [mended]


def test_a_document_that_has_its_first_rendering_is_printed_as_it_was(tmp_path: Path) -> None:
    archive = cut_template().archive()
    alone = TemplatePress(lambda _version: archive, tmp_path / "alone", 1)
    helped = TemplatePress(lambda _version: archive, tmp_path / "helped", 1, added_fonts)
    (first,) = alone.print_all([with_rare(jobs(1)[0])])
    kept = replace(with_rare(jobs(1)[0]), pdf_sha256=first.pdf_sha256)
    assert list(helped.print_all([kept])) == [first]


def test_a_damaged_file_of_the_cache_is_replaced(press: TemplatePress, tmp_path: Path) -> None:
    list(press.print_all(jobs(1), form=MailForm.BARE))
    (kept,) = tmp_path.glob("*.archive")
    kept.write_bytes(b"damaged")
    other = TemplatePress(archive_of, tmp_path, worker_count=1)
    assert len(list(other.print_all(jobs(1)))) == 1
    assert kept.read_bytes() == archive_of(OLD)
    assert list(tmp_path.glob("*.partial")) == []


def test_the_error_of_a_template_in_a_worker_comes_with_each_page(tmp_path: Path) -> None:
    def broken(_version: int) -> bytes:
        files = dict(template().files)
        files[next(name for name in files if name.endswith("document.typ"))] = b"#panic()"
        return replace(template(), files=files).archive()

    press = TemplatePress(broken, tmp_path, worker_count=2)
    faults = [sheet.fault for sheet in press.print_all(jobs(SMALL_JOB))]
    press.close()
    assert [fault.code for fault in faults if fault] == ["template_does_not_compile"] * SMALL_JOB
    assert workers_of(psutil.Process()) == []


@pytest.mark.long
def test_a_job_that_is_left_early_does_not_disturb_the_next(press: TemplatePress) -> None:
    pages = press.print_all(jobs(SMALL_JOB * 2), form=MailForm.BARE)
    assert next(pages).document_id == 0
    pages.close()  # type: ignore[attr-defined]
    again = list(press.print_all(jobs(SMALL_JOB), form=MailForm.BARE))
    assert [sheet.document_id for sheet in again] == list(range(SMALL_JOB))


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in process.children():
        with contextlib.suppress(psutil.Error):
            found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
    return found


def test_a_worker_that_ends_is_told_and_the_next_job_prints(press: TemplatePress) -> None:
    def print_and_kill() -> None:
        for _sheet in press.print_all(jobs(SMALL_JOB * 3)):
            for worker in workers_of(psutil.Process()):
                worker.kill()

    with pytest.raises(BillingError) as caught:
        print_and_kill()
    assert caught.value.code == "print_worker_ended"
    assert len(list(press.print_all(jobs(SMALL_JOB), form=MailForm.BARE))) == SMALL_JOB


_PRINT_FOR_EVER = """
import sys
from pathlib import Path
from billing_assets.domain.mail_forms import MailForm
from billing_assets_tests.documents.test_press import TemplatePress, archive_of, jobs

if __name__ == "__main__":
    press = TemplatePress(archive_of, Path(sys.argv[1]), 2)
    for sheet in press.print_all(jobs(50), form=MailForm.BARE):
        pass
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.long
def test_workers_end_with_a_program_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "printing.py"
    script.write_text(_PRINT_FOR_EVER)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script), str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        workers = workers_of(psutil.Process(program.pid))
        assert workers
        program.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its program"
        time.sleep(0.05)


@pytest.mark.long
def test_a_template_of_a_company_prints_the_same_in_its_enclosure(tmp_path: Path) -> None:
    """In this process and in workers; what a template does wrong is the fault of its document alone."""
    own = TemplatePress(archive_of, tmp_path / "own", worker_count=2, is_own=lambda _id: True)
    plain = TemplatePress(archive_of, tmp_path / "plain", worker_count=1)
    try:
        for count in (2, SMALL_JOB):
            expected = list(plain.print_all(jobs(count)))
            assert list(own.print_all(jobs(count))) == expected
        [mail] = own.print_all(jobs(1), form=MailForm.BARE)
        assert (mail.pdf, mail.fault) == (b"", None)
    finally:
        own.close()
        plain.close()
