"""What goes by post leaves as folders, each document in one of them."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm
from billing_assets.steps import post_letters as posting
from billing_assets.steps.delivery_ports import Press, PrintedInvoice, PrintJob
from billing_assets.steps.post_letters import post_letters
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.letters import FolderWriter, LetterDesk
from billing_assets_tests.books import AT, COMPANY, change_channels
from billing_assets_tests.steps.outbox import (
    FEBRUARY,
    POLICIES,
    bill_february,
    broken_invariants,
    outbox,
    states,
    use_port,
)

LETTERS = 3


def prepare(database: Database, home: Path) -> None:
    """Bill February; three payers take letters."""
    bill_february(database, home)
    for payer in range(1, LETTERS + 1):
        change_channels(database, payer, "print_post")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "letters").mkdir()
    return tmp_path / "letters"


@pytest.fixture(autouse=True)
def queued(billing: Billing) -> None:
    """Queue what there is; nobody listens for the e-mails."""
    billing.documents.queue(1, FEBRUARY, "billing.example")


def broken(billing: Billing) -> list[str]:
    """Return what is wrong with deliveries; the later book of this test is none that was imported."""
    return [each for each in broken_invariants(billing) if each.startswith(("delivery", "document"))]


def folders(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_each_letter_is_in_one_folder_with_its_list(billing: Billing, folder: Path) -> None:
    facts = LetterDesk(billing).post(folder).facts
    assert (facts["posted_count"], facts["folder_count"], facts["print_fault_count"]) == (LETTERS, 1, 0)
    (batch,) = folders(folder)
    assert facts["last_folder"] == batch.name
    assert batch.name.startswith(COMPANY.company_code)
    assert len(list(batch.glob("*.pdf"))) == LETTERS
    rows = list(csv.DictReader((batch / "manifest.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == LETTERS
    assert json.loads((batch / "manifest.json").read_text())
    assert [row[0] for row in outbox(billing)].count("sent") == LETTERS
    assert broken(billing) == []


def test_a_second_call_posts_nothing(billing: Billing, folder: Path) -> None:
    LetterDesk(billing).post(folder)
    facts = LetterDesk(billing).post(folder).facts
    assert (facts["posted_count"], facts["folder_count"], len(folders(folder))) == (0, 0, 1)


def test_what_is_more_than_a_job_is_several_folders(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "MOST_LETTERS", 2)
    monkeypatch.setattr(posting, "_PRINTED_TOGETHER", 1)
    assert LetterDesk(billing).post(folder).facts["folder_count"] == 2
    assert sorted(len(list(batch.glob("*.pdf"))) for batch in folders(folder)) == [1, 2]


def test_where_there_is_no_folder_everything_waits_as_before(billing: Billing, folder: Path) -> None:
    with pytest.raises(BillingError, match="is not there"):
        LetterDesk(billing).post(folder / "none")
    assert states(billing)["queued"] >= LETTERS
    assert broken(billing) == []
    assert LetterDesk(billing).post(folder).facts["posted_count"] == LETTERS


def test_a_program_that_dies_leaves_its_letters_to_a_person(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dies(FolderWriter):
        def write(self, batch_name: str, letters: Iterator[posting.Letter]) -> posting.PostedBatch:
            super().write(batch_name, letters)
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(posting._LetterDesk, "_finish", lambda *_arguments: None)
        patch.setattr("billing_assets.wiring.letters.FolderWriter", Dies)
        with pytest.raises(SystemExit):
            LetterDesk(billing).post(folder)
    assert LetterDesk(billing).post(folder).facts["posted_count"] == 0
    assert states(billing)["unknown"] == LETTERS
    assert len(folders(folder)) == 1


class FaultyPress:
    """Prints all but one document."""

    def __init__(self, press: Press, document_id: int) -> None:
        self._press, self._document_id = press, document_id

    def print_all(
        self, jobs: Iterable[PrintJob], *, form: MailForm = MailForm.ATTACHED, pdf_limit_bytes: int = 0
    ) -> Iterator[PrintedInvoice]:
        fault = BillingError("print_failed", "it could not be printed", "report it")
        for sheet in self._press.print_all(jobs, form=form, pdf_limit_bytes=pdf_limit_bytes):
            is_good = sheet.document_id != self._document_id
            yield sheet if is_good else replace(sheet, pdf=b"", pdf_sha256="", fault=fault)


def test_a_letter_that_cannot_be_printed_waits_for_a_person(billing: Billing, folder: Path) -> None:
    facts = post_letters(
        COMPANY.company_code,
        store=billing.documents,
        press=FaultyPress(billing.press, 2),
        writer=FolderWriter(folder),
        clock=lambda: AT,
    ).facts
    assert (facts["posted_count"], facts["print_fault_count"]) == (LETTERS - 1, 1)
    (failed,) = [row for row in outbox(billing) if row[0] == "failed" and row[2] != "no_address"]
    assert failed[2:] == ("print_failed", 1, "billing operations")
    assert broken(billing) == []


def test_a_letter_that_would_print_differently_than_at_first_costs_no_other(
    billing: Billing, folder: Path
) -> None:
    spoil = """
        update document set pdf_sha256 = sha256('another'), rendered_at = now(), pdf = null, pdf_size = null
        where document_id = 2
    """
    with billing.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(spoil))
    facts = LetterDesk(billing).post(folder).facts
    assert (facts["posted_count"], facts["print_fault_count"]) == (LETTERS - 1, 1)
    (failed,) = [row for row in outbox(billing) if row[0] == "failed" and row[2] != "no_address"]
    assert failed[2:] == ("rendering_changed", 1, "billing operations")
    (batch,) = folders(folder)
    assert len(list(batch.glob("*.pdf"))) == LETTERS - 1


def test_mail_and_post_do_not_take_each_others_rows(billing: Billing, folder: Path) -> None:
    use_port(billing, 9)
    LetterDesk(billing).post(folder)
    assert states(billing)["queued"] == POLICIES - LETTERS


def test_a_folder_that_is_there_is_never_written_again_whatever_broke_after_it(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BreaksAfter(FolderWriter):
        def write(self, batch_name: str, letters: Iterator[posting.Letter]) -> posting.PostedBatch:
            super().write(batch_name, letters)
            raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr("billing_assets.wiring.letters.FolderWriter", BreaksAfter)
        with pytest.raises(OSError, match="the disk is gone"):
            LetterDesk(billing).post(folder)
    assert states(billing)["sent"] == LETTERS
    assert LetterDesk(billing).post(folder).facts["posted_count"] == 0
    assert len(folders(folder)) == 1


def test_an_interruption_before_anything_is_written_leaves_letters_that_wait(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = billing.documents.hand_over
    calls: list[int] = []

    def interrupted(*arguments: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return begun(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(billing.documents, "hand_over", interrupted)
        with pytest.raises(KeyboardInterrupt):
            LetterDesk(billing).post(folder)
    assert (states(billing)["unknown"], len(folders(folder))) == (0, 0)
    assert LetterDesk(billing).post(folder).facts["posted_count"] == LETTERS


def test_a_letter_that_fits_into_no_folder_holds_no_other_up(billing: Billing, folder: Path) -> None:
    class Picky(FolderWriter):
        def fault_of(self, letter: posting.Letter) -> str:
            return (
                "pdf_pages_unreadable" if letter.invoice.payer.payer_key == "K2" else super().fault_of(letter)
            )

    facts = post_letters(
        COMPANY.company_code,
        store=billing.documents,
        press=billing.press,
        writer=Picky(folder),
        clock=lambda: AT,
    ).facts
    assert (facts["posted_count"], facts["print_fault_count"]) == (LETTERS - 1, 1)
    assert [row[2] for row in outbox(billing)].count("pdf_pages_unreadable") == 1
