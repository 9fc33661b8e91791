"""`billing invoices credit`: what is given back, what is refused, and where it shows afterwards."""

from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets_tests.cli.conftest import Billing, bill_all

FIRST = "INV-00000001"
APPROVED = ("--reason", "the car was sold", "--approved-by", "ana", "--date", "2024-02-05")


pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_a_whole_invoice_is_given_back_once(ask: Callable[..., Any], billing: Billing) -> None:
    total = ask("invoices", "show", FIRST)["total_minor"]
    dry = ask("invoices", "credit", FIRST, *APPROVED, "--dry-run")
    assert (dry["is_dry_run"], dry["credit_notes"][0]["number"]) == (True, None)
    done = ask("invoices", "credit", FIRST, *APPROVED)
    assert [note["number"] for note in done["credit_notes"]] == ["CRN-00000001"]
    assert done["credit_notes"][0]["total_minor"] == dry["credit_notes"][0]["total_minor"] == total
    assert ask("invoices", "credit", FIRST, *APPROVED)["credit_count"] == 0
    again = billing("invoices", "credit", FIRST, *APPROVED).stdout
    assert f"Nothing is left to give back of {FIRST}" in again
    assert "Nothing is left of this invoice." in billing("invoices", "show", FIRST).stdout


def test_a_part_of_a_line_is_given_back_and_the_invoice_says_what_is_left(
    ask: Callable[..., Any], billing: Billing
) -> None:
    line = ask("invoices", "show", FIRST)["lines"][0]
    told = billing("invoices", "credit", FIRST, "--line", "1", "--net", "10.50", *APPROVED)
    assert "CRN-00000001  gives back 11.36 EUR of INV-00000001" in told.stdout
    assert "billing deliver 2024-02-05" in told.stderr
    shown = ask("invoices", "show", FIRST)
    assert shown["left"][0]["net_minor"] == line["net_minor"] - 1050
    (note,) = shown["credit_notes"]
    assert (note["invoice_number"], note["total_minor"], note["reason"]) == (
        "CRN-00000001",
        1136,
        "the car was sold",
    )
    assert ask("invoices", "show", "CRN-00000001")["credited"]["invoice_number"] == FIRST
    assert "INV-00000001 of 20" in billing("invoices", "show", "CRN-00000001").stdout
    rest = ask("invoices", "credit", FIRST, "--line", "1", "--net", "all", *APPROVED)
    assert rest["credit_notes"][0]["net_minor"] == line["net_minor"] - 1050


@pytest.mark.parametrize(
    ("options", "words", "code"),
    [
        (("--line", "1", "--net", "100000"), "credit_exceeds_invoice", 3),
        (("--line", "9"), "credit_line_unknown", 3),
        (("--line", "1", "--net", "1.005"), "more decimals than the currency", 2),
        (("--line", "1", "--net", "ten"), "plain digits and a point", 2),
        (("--net", "10"), "one amount for each --line", 2),
        (("--line", "1", "--line", "2", "--net", "10"), "one amount for each --line", 2),
    ],
)
def test_what_cannot_be_given_back_is_refused(
    billing: Billing, ask: Callable[..., Any], options: tuple[str, ...], words: str, code: int
) -> None:
    refused = billing("invoices", "credit", FIRST, *options, *APPROVED, code=code)
    assert words in " ".join(refused.stderr.replace("│", " ").split())
    assert len(ask("invoices", "list", "--limit", "100")["invoices"]) == 30


def test_lists_and_runs_show_what_was_given_back(ask: Callable[..., Any], billing: Billing) -> None:
    ask("invoices", "credit", FIRST, *APPROVED)
    newest = ask("invoices", "list", "--limit", "1")["invoices"][0]
    assert (newest["invoice_number"], newest["document_kind"]) == ("CRN-00000001", "credit_note")
    listed = billing("invoices", "list", "--limit", "1").stdout
    assert f"-{newest['total_minor'] // 100}" in listed
    run = ask("runs", "--limit", "1")["runs"][0]
    assert (run["run_kind"], run["invoice_totals"]) == ("correction", [])
    shown = billing("runs", "show", str(run["run_id"])).stdout
    assert "correction: the car was sold (approved by ana)" in shown
    assert (shown.count("Credit notes"), "Nothing was due" in shown) == (1, False)
    assert "numbers CRN-00000001" in shown


@pytest.mark.long
def test_a_credit_note_has_its_pdf_and_its_page_and_leaves_by_mail(
    ask: Callable[..., Any], mailbox: MailboxServer, tmp_path: Path
) -> None:
    ask("invoices", "credit", FIRST, *APPROVED)
    pdf, html = tmp_path / "note.pdf", tmp_path / "note.html"
    ask("invoices", "show", "CRN-00000001", "--pdf", str(pdf), "--html", str(html))
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "Credit note" in html.read_text(encoding="utf-8")
    assert ask("deliver", "2024-02-05")["sent_count"] == 1
    (delivery,) = ask("invoices", "show", "CRN-00000001")["deliveries"]
    assert delivery["state"] == "sent"
    (kept,) = (tmp_path / "mails").rglob("*.eml")
    mail = message_from_bytes(kept.read_bytes(), policy=default)
    assert str(mail["Subject"]).startswith("Credit note CRN-00000001: ")
    assert mail["Message-ID"] == f"<{delivery['message_id']}>"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["CRN-00000001.pdf"]
    assert ask("deliver", "2024-02-05")["sent_count"] == 0
    assert ask("audit")["checks"]
