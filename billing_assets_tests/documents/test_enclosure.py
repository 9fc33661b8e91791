"""Templates of a company are rendered where they can do no harm: each attack ends soon, and is told."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from billing_assets.documents.enclosed import Limits, Task
from billing_assets.documents.enclosure import Enclosure
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template
from billing_assets.documents.views import sample_document
from billing_assets.domain.errors import BillingError
from billing_assets_tests.documents.attacks import LARGE, MAILS, PAGES, SLOW, Attack
from billing_assets_tests.documents.samples import spanish, template

pytestmark = pytest.mark.long
# The limit is a second of work; two cores that others use stretch it by the clock.
_BY_THE_CLOCK = Limits().wall_seconds + 5


@pytest.fixture(scope="module")
def enclosure() -> Iterator[Enclosure]:
    made = Enclosure()
    yield made
    made.close()


def archive(folder: Path, changed: dict[str, bytes]) -> str:
    own = Template(kind="invoice", folder=folder, files={**template().files, **changed})
    path = folder / f"{own.sha256}.archive"
    path.write_bytes(own.archive())
    return str(path)


def attacked(enclosure: Enclosure, folder: Path, file: str, attack: Attack) -> BillingError:
    (folder / "secret.txt").write_text("secret")
    enclosure.start()
    began = time.monotonic()
    with pytest.raises(BillingError) as refused:
        enclosure.render(
            Task(
                archive=archive(folder, {file: attack.source.encode()}), document=None, forms=("mail", "pdf")
            )
        )
    assert time.monotonic() - began < _BY_THE_CLOCK
    assert refused.value.code in attack.codes, str(refused.value)
    assert attack.place in refused.value.found
    assert "PDF/UA" not in refused.value.found
    assert "root:" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("attack", PAGES, ids=lambda attack: attack.name)
def test_a_page_that_attacks_is_refused(enclosure: Enclosure, tmp_path: Path, attack: Attack) -> None:
    attacked(enclosure, tmp_path, "invoice/invoice.typ", attack)


@pytest.mark.parametrize("attack", MAILS, ids=lambda attack: attack.name)
def test_an_e_mail_that_attacks_is_refused(enclosure: Enclosure, tmp_path: Path, attack: Attack) -> None:
    attacked(enclosure, tmp_path, "invoice/email.txt.j2", attack)


def test_what_is_rendered_inside_is_what_is_rendered_outside(enclosure: Enclosure, tmp_path: Path) -> None:
    """To the byte, with every font: one that could not be read would leave pages without text."""
    for document in (spanish(), sample_document(template(), "de")):
        task = Task(archive=archive(tmp_path, {}), document=document, forms=("pdf", "html", "mail", "pdf"))
        made = enclosure.render(task)
        assert made.pdf == PdfPrinter(template()).pdf(document)
        assert made.html == HtmlRenderer(template()).html(document)
        assert made.missing_characters == ()


def test_the_pages_of_the_attacks_would_print_without_them(enclosure: Enclosure, tmp_path: Path) -> None:
    sound = {"invoice/invoice.typ": PAGES[0].source.split("\n")[0].encode()}
    assert enclosure.render(Task(archive=archive(tmp_path, sound), document=None, forms=("pdf",))).pdf


def test_pages_include_what_lies_beside_them_and_no_more(enclosure: Enclosure, tmp_path: Path) -> None:
    page = template().files["_shared/document.typ"]
    parts = {
        "invoice/invoice.typ": b'#import "parts.typ": *\n' + page,
        "invoice/parts.typ": b"#let nothing = none\n",
    }
    assert enclosure.render(Task(archive=archive(tmp_path, parts), document=None, forms=("pdf",))).pdf
    parts["invoice/parts.typ"] = b"\n\n#nope"
    with pytest.raises(BillingError, match=r"invoice/parts\.typ:3"):
        enclosure.render(Task(archive=archive(tmp_path, parts), document=None, forms=("pdf",)))


def test_a_font_that_is_none_is_refused(enclosure: Enclosure, tmp_path: Path) -> None:
    name = next(iter(template().fonts()))
    for content in (b"OTTO", b"\x00" * 1000, template().files[name][:5000], b"OTTO\xff\xff" + b"\xff" * 4000):
        with pytest.raises(BillingError):
            enclosure.render(Task(archive=archive(tmp_path, {name: content}), document=None, forms=("pdf",)))


def test_output_that_is_too_large_is_refused(tmp_path: Path) -> None:
    small = Enclosure(Limits(output_bytes=20_000))
    try:
        with pytest.raises(BillingError, match=LARGE):
            small.render(Task(archive=archive(tmp_path, {}), document=None, forms=("pdf",)))
    finally:
        small.close()


def test_a_page_as_large_as_a_town_has_no_picture(enclosure: Enclosure, tmp_path: Path) -> None:
    page = b"#set page(width: 60000pt, height: 60000pt)\n#rect(width: 100%, height: 100%, fill: red)"
    task = Task(archive=archive(tmp_path, {"invoice/invoice.typ": page}), document=None, forms=("picture",))
    with pytest.raises(BillingError, match=f"{SLOW}|{LARGE}"):
        enclosure.render(task)


def test_what_sleeps_is_ended_by_the_clock(tmp_path: Path) -> None:
    """Work that uses no time of the processor is ended from outside."""
    hasty = Enclosure(Limits(wall_seconds=0.0))
    try:
        with pytest.raises(BillingError, match=SLOW):
            hasty.render(Task(archive=archive(tmp_path, {}), document=None, forms=("pdf",)))
    finally:
        hasty.close()


def test_after_an_attack_the_next_document_is_rendered(enclosure: Enclosure, tmp_path: Path) -> None:
    loop = {"invoice/email.txt.j2": MAILS[22].source.encode()}
    with pytest.raises(BillingError, match=SLOW):
        enclosure.render(Task(archive=archive(tmp_path, loop), document=None, forms=("mail",)))
    task = Task(archive=archive(tmp_path, {}), document=None, forms=("mail",), language="en")
    assert enclosure.render(task).subject


def test_threads_take_turns(enclosure: Enclosure, tmp_path: Path) -> None:
    path = archive(tmp_path, {})
    languages = ("de", "en", "es", "fr") * 3

    def rendered(language: str) -> str:
        return enclosure.render(
            Task(archive=path, document=None, forms=("mail",), language=language)
        ).language

    with ThreadPoolExecutor(4) as threads:
        assert tuple(threads.map(rendered, languages)) == languages


def test_a_process_that_is_gone_is_told(tmp_path: Path) -> None:
    lost = Enclosure()
    lost.start()
    process = lost._process
    assert process is not None
    os.kill(process.pid, 9)
    process.wait()
    # It is started again.
    assert lost.render(Task(archive=archive(tmp_path, {}), document=None, forms=("mail",))).text
    lost.close()
    lost.close()


def test_the_process_knows_nothing_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_DATABASE_URL", "postgresql://somebody:secret@somewhere")
    made = Enclosure()
    made.start()
    try:
        assert made._process is not None
        environment = Path(f"/proc/{made._process.pid}/environ").read_bytes()
        assert b"secret" not in environment
        assert b"BILLING" not in environment
    finally:
        made.close()
