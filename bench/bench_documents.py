"""Documents and their delivery, each beside a raw floor measured in the same run.

The floors do the unavoidable part only: Typst compiles the same page from a view that is made already,
Jinja2 fills the same templates, smtplib sends the same bytes. Blocks of both take turns, so that a busy
machine slows both alike; documents are measured in seconds of a core, sending in seconds of the clock.

    python -m bench.bench_documents [--count 200] [--mails 600] [--json FILE]
"""

import argparse
import importlib
import json
import resource
import smtplib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as day_time
from pathlib import Path
from typing import Any

import jinja2
import psutil
import typst

from bench.servers import embedded
from billing_assets.channels.email import EmailChannel, SmtpSettings, message_bytes
from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.invoice_json import invoice_from_json
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.press import TemplatePress
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.documents.view_model import build_view
from billing_assets.domain.deliveries import Attachment, DeliveryState, EmailMessageParts
from billing_assets.domain.invoices import Invoice
from billing_assets.steps.delivery_ports import PrintJob
from billing_assets.store.connection import Database
from billing_assets.store.schema import upgrade
from billing_assets.wiring.demo import Mailbox, demo_mailbox
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql, url_of

BLOCK = 20
BILLING_DATE = date(2024, 2, 1)
Figures = dict[str, Any]


def main() -> None:
    """Measure everything and print a line per figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="documents of each form")
    parser.add_argument("--mails", type=int, default=600, help="messages of each way of sending")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    template = load_template(default_templates_dir())
    invoices = samples(template, options.count)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billing-bench-")))
        mailbox = stack.enter_context(demo_mailbox(home))
        figures = {
            **documents(template, invoices),
            **beside_weasyprint(template, invoices[: max(BLOCK, options.count // 10)]),
            **printed(template, samples(template, 5 * options.count), home),
            **sent(template, invoices[0], mailbox, options.mails),
            **delivered(stack, home, mailbox, options.mails),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {f'{value:,.2f}' if isinstance(value, float) else value}\n")


def samples(template: Template, count: int) -> list[Invoice]:
    """Return the sample invoice under ``count`` numbers and names."""
    sample = invoice_from_json(template.text("sample.json"))
    return [
        replace(sample, invoice_number=f"INV-{n:08d}", payer=replace(sample.payer, name=f"Payer {n}"))
        for n in range(count)
    ]


def take_turns(
    ways: Sequence[Callable[[int], object]], count: int, clock: Callable[[], float]
) -> list[float]:
    """Return the seconds of each way for ``count`` items, done in turns of a block each."""
    seconds = [0.0] * len(ways)
    for start in range(0, count, BLOCK):
        for place, way in enumerate(ways):
            began = clock()
            for number in range(start, min(start + BLOCK, count)):
                way(number)
            seconds[place] += clock() - began
    return seconds


def documents(template: Template, invoices: list[Invoice]) -> Figures:
    """Return PDF, HTML and e-mail beside their floors, in one process."""
    views = [build_view(invoice, template) for invoice in invoices]
    began = time.process_time()
    printer = PdfPrinter(template)
    printer.pdf(invoices[0])
    figures: Figures = {"first_pdf_ms": (time.process_time() - began) * 1e3}
    pages, mails = HtmlRenderer(template), EmailRenderer(template)
    raw_page = raw_jinja(template, [template.page("html.j2")])
    raw_mail = raw_jinja(
        template, [template.path_of(f"email.{form}.j2") for form in ("subject", "txt", "html")]
    )
    compile_page = raw_typst(template, views)
    forms: dict[str, tuple[Callable[[int], object], Callable[[int], object]]] = {
        "pdf": (lambda n: printer.pdf(invoices[n]), compile_page),
        "html": (lambda n: pages.html(invoices[n]), lambda n: raw_page(views[n])),
        "email_text": (lambda n: mails.render(invoices[n]), lambda n: raw_mail(views[n])),
    }
    for name, ways in forms.items():
        for way in ways:
            way(0)
        ours, floor = take_turns(ways, len(invoices), time.process_time)
        figures |= {
            f"{name}_per_second_and_core": len(invoices) / ours,
            f"{name}_floor_per_second_and_core": len(invoices) / floor,
            f"{name}_times_the_floor": ours / floor,
        }
    return figures


def beside_weasyprint(template: Template, invoices: list[Invoice]) -> Figures:
    """Return our PDF beside WeasyPrint's of our web page of the same invoice, both for PDF/UA.

    WeasyPrint is no part of the project: where it is not installed, the figures say so.
    """
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError):
        return {"weasyprint": "not installed: pip install weasyprint, and apt-get install libpangoft2-1.0-0"}
    printer, pages = PdfPrinter(template), HtmlRenderer(template)
    htmls = [pages.html(invoice) for invoice in invoices]

    def theirs(number: int) -> object:
        return weasyprint.HTML(string=htmls[number]).write_pdf(pdf_variant="pdf/ua-1")

    printer.pdf(invoices[0])
    theirs(0)
    ours, other = take_turns([lambda n: printer.pdf(invoices[n]), theirs], len(invoices), time.process_time)
    return {
        "weasyprint": weasyprint.__version__,
        "weasyprint_per_second_and_core": len(invoices) / other,
        "times_faster_than_weasyprint": other / ours,
    }


def raw_typst(template: Template, views: list[dict[str, object]]) -> Callable[[int], object]:
    """Return Typst alone, with the page, the fonts and the standards of the project."""
    folders = sorted({str((template.folder / name).parent) for name in template.fonts()})
    faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    compiler = typst.Compiler(font_paths=faces, ignore_system_fonts=True)
    kept = {"main.typ": template.files[template.page("typ")], "logo.svg": template.text("logo.svg").encode()}
    texts = [json.dumps(view, ensure_ascii=False).encode() for view in views]
    midnight = datetime.combine(BILLING_DATE, day_time(), tzinfo=UTC)

    def compile_page(number: int) -> object:
        files = {**kept, "view.json": texts[number]}
        return compiler.compile(files, format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=midnight)

    return compile_page


def raw_jinja(template: Template, paths: list[str]) -> Callable[[dict[str, object]], object]:
    """Return Jinja2 alone: no sandbox, escaping for HTML only."""
    sources = {path: content.decode() for path, content in template.files.items() if b"\0" not in content}
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=lambda path: path is None or path.endswith((".html.j2", ".svg")),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loaded = [environment.get_template(path) for path in paths]
    return lambda view: [one.render(view) for one in loaded]


def printed(template: Template, invoices: list[Invoice], home: Path) -> Figures:
    """Return what the press makes with two processes, mail and PDF together, and what they hold in memory."""
    archive = template.archive()
    jobs = [
        PrintJob(document_id=n, template_version_id=1, invoice=invoice, pdf_sha256="")
        for n, invoice in enumerate(invoices)
    ]
    press = TemplatePress(lambda _: archive, home / "templates", worker_count=2)
    for _ in press.print_all(jobs[:100]):
        pass
    began = time.perf_counter()
    sheet_count = sum(1 for _ in press.print_all(jobs))
    seconds = time.perf_counter() - began
    workers = [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]
    peaks = [peak_mb(worker.pid) for worker in workers]
    press.close()
    return {
        "press_sheets_per_second": sheet_count / seconds,
        "press_worker_peak_rss_mb": " ".join(map(str, peaks)),
    }


def peak_mb(pid: int) -> int:
    """Return the largest resident size a process had, in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def sent(template: Template, invoice: Invoice, mailbox: Mailbox, count: int) -> Figures:
    """Return our channel beside smtplib, each over one kept connection, with the same messages."""
    subject, text, html = EmailRenderer(template).render(invoice)
    pdf = PdfPrinter(template).pdf(invoice)
    messages = [
        EmailMessageParts(
            message_id=f"{n}.{count}@bench.example",
            dated_at=datetime(2024, 2, 1, tzinfo=UTC),
            from_name="Bench",
            from_email="bench@example.com",
            to_email=f"payer{n}@example.com",
            subject=subject,
            text=text,
            html=html,
            language="es",
            attachments=(Attachment(file_name="INV.pdf", media_type="application/pdf", content=pdf),),
        )
        for n in range(count)
    ]
    contents = [message_bytes(message) for message in messages]
    settings = SmtpSettings(host=mailbox.host, port=mailbox.port, security="none")
    with EmailChannel(settings) as channel, smtplib.SMTP(mailbox.host, mailbox.port) as raw:

        def ours(number: int) -> None:
            result = channel.send(messages[number])
            assert result.state is DeliveryState.SENT

        def floor(number: int) -> None:
            raw.sendmail("bench@example.com", [f"payer{number}@example.com"], contents[number])

        channel_seconds, raw_seconds = take_turns([ours, floor], count, time.perf_counter)
    return {
        "message_kb": len(contents[0]) / 1000,
        "smtp_per_second": count / channel_seconds,
        "smtplib_per_second": count / raw_seconds,
        "smtp_times_the_floor": channel_seconds / raw_seconds,
    }


def delivered(stack: ExitStack, home: Path, mailbox: Mailbox, count: int) -> Figures:
    """Return the whole step: outbox rows, pages printed by two processes, messages sent."""
    server_url = embedded(stack)
    run_sql(server_url, "create database bench_deliveries")
    url = url_of(server_url, "bench_deliveries")
    upgrade(url)
    database = stack.enter_context(closing(Database(url)))
    fill_book(database, count)
    smtp = {"smtp_host": mailbox.host, "smtp_port": mailbox.port, "print_workers": 2}
    billing = billing_over(database, home, stack, **smtp)
    billing.invoice(billing.order(BILLING_DATE))
    billing.print(BILLING_DATE)
    began = time.perf_counter()
    facts = billing.deliver(BILLING_DATE).facts
    seconds = time.perf_counter() - began
    return {"delivered": facts["sent_count"], "delivered_per_second": int(facts["sent_count"]) / seconds}


if __name__ == "__main__":
    main()
