"""The demo: an invented book, a quarter of billing dates and a local mailbox.

Belongs here: which book, which dates, where its files are, the order of the demo's work.
Does not belong here: inventing a book (``feeds.demo_book``), billing (``build``), telling about it (``cli``).
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from billing_assets.channels.mailbox import file_stem
from billing_assets.domain.backdating import IssueOn
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import document_file_name
from billing_assets.feeds.demo_book import write_demo_book
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.companies import company_codes
from billing_assets.store.invoice_listings import InvoiceFilter
from billing_assets.store.run_history import read_book_stamp
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings

COMPANY = "demo"
FIRST_DATE = date(2025, 1, 1)
LAST_DATE = date(2025, 3, 31)
_DAYS = tuple(FIRST_DATE + timedelta(days=number) for number in range((LAST_DATE - FIRST_DATE).days + 1))
POLICY_COUNT = 10_000
SEED = 1
_READY_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What the demo did. ``is_repeat``: all of it was there before. ``seconds`` by part, as text."""

    first_date: date
    last_date: date
    date_count: int
    row_count: int
    accepted_count: int
    problem_count: int
    duplicate_count: int
    invoices: tuple[Mapping[str, Any], ...]
    delivery_counts: Mapping[str, int]
    check_count: int
    is_repeat: bool
    book_path: Path
    mailbox_dir: Path
    pdf_path: Path | None
    email_path: Path | None
    seconds: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A running local mailbox."""

    host: str
    port: int
    folder: Path


def demo_settings(settings: Settings, mailbox: Mailbox | None = None) -> dict[str, object]:
    """Return the settings of the demo: its own company, a past to rehearse, the local mailbox."""
    own: dict[str, object] = {
        "home": settings.home,
        "company": COMPANY,
        "issue_on": IssueOn.BILLING_DATE.value,
    }
    if mailbox is not None:
        own |= {
            "smtp_host": mailbox.host,
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "smtp_username": "",
        }
    return own


def demo_variables(mailbox: Mailbox) -> dict[str, str]:
    """Return the environment of the demo: the past is billed, and a local mailbox gets the mail.

    >>> demo_variables(Mailbox(host="127.0.0.1", port=2525, folder=Path("mails")))["BILLING_SMTP_PORT"]
    '2525'
    """
    return {
        "BILLING_SMTP_HOST": mailbox.host,
        "BILLING_SMTP_PORT": str(mailbox.port),
        "BILLING_SMTP_SECURITY": "none",
        "BILLING_SMTP_USERNAME": "",
        "BILLING_ISSUE_ON": IssueOn.BILLING_DATE.value,
    }


@contextmanager
def demo_mailbox(home: Path) -> Iterator[Mailbox]:
    """Run the local mailbox of ``home`` in a process of its own for the block; its files stay."""
    folder = demo_dir(home) / "mailbox"
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder.parent / "mailbox.port"
    ready.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "billing_assets.channels.mailbox",
        str(folder),
        "--ready-file",
        str(ready),
    ]
    # A session of its own: Ctrl-C is for the sender, which still needs an answer to what it is sending.
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield Mailbox(host="127.0.0.1", port=_await_port(process, ready), folder=folder)
    finally:
        process.terminate()
        process.wait()
        ready.unlink(missing_ok=True)


def demo_dir(home: Path) -> Path:
    """Return the folder of the demo's files.

    >>> demo_dir(Path(".billing")).as_posix()
    '.billing/demo'
    """
    return home / "demo"


def is_empty(settings: Settings) -> bool:
    """Tell whether the store has no company yet, or the demo's company without its book."""
    codes = _companies(settings)
    if codes != [COMPANY]:
        return not codes
    with open_billing(settings) as billing, billing.database.transaction() as connection:
        return not read_book_stamp(connection, COMPANY).batch_id


def is_demo(settings: Settings) -> bool:
    """Tell whether the program works for the demo's company."""
    return (settings.company or ",".join(_companies(settings))) == COMPANY


def load_demo(
    desk: Desk, policy_count: int = POLICY_COUNT, seed: int = SEED, *, progress: Progress = silent
) -> StepResult:
    """Record the demo's company, invent its book and import it; what is there already stays as it is.

    Raises ``demo_differs`` where this home has the demo with another book.
    """
    folder = demo_dir(desk.billing.settings.home)
    book = folder / f"book-{policy_count}-{seed}.csv"
    others = [path for path in folder.glob("book-*.csv") if path != book]
    if others:
        raise BillingError(
            "demo_differs",
            f"the demo was made with another book here: {others[0]}",
            f"give the same --policies and --seed, or another folder: BILLING_HOME={folder.parent}-2",
        )
    if not book.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = book.with_suffix(".part")
        write_demo_book(
            partial, seed=seed, policy_count=policy_count, first_date=FIRST_DATE, last_date=LAST_DATE
        )
        partial.replace(book)
    desk.set_company(_demo_company())
    desk.import_rates(shipped_example("demo_rates.csv"), "invented for the demo", "demo")
    return desk.import_policies(book, shipped_example("demo_book.yaml"), FIRST_DATE, progress=progress)


def run_demo(
    desk: Desk,
    policy_count: int,
    seed: int,
    mailbox_dir: Path,
    *,
    progress: Progress,
    check: Callable[[], None],
) -> DemoOutcome:
    """Import, bill each day, check, deliver; ``check`` is called where the work may stop.

    All days are billed first and everything is delivered in one pass: the press starts its workers once.
    """
    watch, billing = Stopwatch(), desk.billing
    with watch("book"):
        imported = load_demo(desk, policy_count, seed, progress=progress)
    with watch("invoices"):
        invoice_count = _bill_days(desk, progress, check)
    with watch("proofs"):
        billing.print(None, progress=progress)
    with watch("audit"):
        billing.require_clean(None)
        check_count = len(billing.audit(None))
    with watch("pdf_and_mail"):
        delivered = billing.deliver(None, progress=progress).facts
    is_repeat = bool(imported.facts["is_repeat"]) and not invoice_count and not delivered["sent_count"]
    with watch("samples"):
        pdf_path, email_path = _samples(desk, mailbox_dir)
    batch = desk.last_import()
    return DemoOutcome(
        first_date=FIRST_DATE,
        last_date=LAST_DATE,
        date_count=len(_DAYS),
        row_count=batch.row_count,
        accepted_count=batch.row_count - batch.problem_count - batch.duplicate_count,
        problem_count=batch.problem_count,
        duplicate_count=batch.duplicate_count,
        invoices=tuple(desk.invoice_totals()),
        delivery_counts=desk.delivery_counts(),
        check_count=check_count,
        is_repeat=is_repeat,
        book_path=demo_dir(billing.settings.home) / f"book-{policy_count}-{seed}.csv",
        mailbox_dir=mailbox_dir,
        pdf_path=pdf_path,
        email_path=email_path,
        seconds={part: f"{spent:.1f}" for part, spent in watch.seconds.items()},
    )


def shipped_example(name: str) -> Path:
    """Return a file of ``examples/``: of the checkout, or of the installed package.

    >>> shipped_example("demo_book.yaml").name
    'demo_book.yaml'
    """
    checkout = Path(__file__).resolve().parents[2] / "examples" / name
    packaged = Path(str(resources.files("billing_assets").joinpath("_examples", name)))
    for path in (checkout, packaged):
        if path.is_file():
            return path
    raise BillingError(
        "example_missing", f"the package was installed without {name}", "reinstall billing_assets"
    )


def _bill_days(desk: Desk, progress: Progress, check: Callable[[], None]) -> int:
    """Bill each day and return the number of new invoices."""
    billing, invoice_count = desk.billing, 0
    for number, day in enumerate(_DAYS):
        check()
        progress(f"billing {day}", number, len(_DAYS))
        invoice_count += int(billing.invoice(billing.order(day)).facts["invoice_count"])
    return invoice_count


def _demo_company() -> dict[str, object]:
    content = yaml.safe_load(shipped_example("company.yaml").read_text(encoding="utf-8"))
    return {**content, "company_code": COMPANY}


def _companies(settings: Settings) -> list[str]:
    with open_billing(settings) as billing, billing.database.transaction() as connection:
        return company_codes(connection)


def _samples(desk: Desk, mailbox_dir: Path) -> tuple[Path | None, Path | None]:
    """Write the PDF of the newest invoice that was sent; return its path and that of its e-mail."""
    sent = desk.invoices(InvoiceFilter(delivery_state=DeliveryState.SENT, limit=1))
    if not sent:
        return None, None
    number = sent[0].invoice_number
    pdf_path = demo_dir(desk.billing.settings.home) / document_file_name(number, "pdf")
    pdf_path.write_bytes(desk.invoice_pdf(number))
    (delivery, *_) = desk.invoice(number).deliveries
    email_path = mailbox_dir / f"{file_stem(delivery.message_id)}.eml"
    return pdf_path, email_path if email_path.exists() else None


def _await_port(process: subprocess.Popen[bytes], ready: Path) -> int:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise BillingError(
                "mailbox_not_started",
                "the local mailbox did not start",
                f"see whether this works: {sys.executable} -m billing_assets.channels.mailbox {ready.parent}",
            )
        time.sleep(0.05)
    return int(ready.read_text(encoding="ascii"))
