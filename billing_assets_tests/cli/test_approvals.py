"""`billing runs approve` and `reject`: a held run waits for a person, who gets exactly what was shown."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.companies import company_record
from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets_tests.books import COMPANY
from billing_assets_tests.cli.conftest import Billing, write_book

DAY, NEXT_DAY = "2024-02-20", "2024-02-21"
SIGNED = ("--reason", "seen", "--approved-by", "A. Gil")


def bill_until_a_bound(billing: Billing, folder: Path) -> None:
    bounded = replace(COMPANY, safety_bounds=SafetyBounds(minimum_invoices=5, total_percent=0))
    path = folder / "bounded.yaml"
    path.write_text(yaml.safe_dump(company_record(bounded)), encoding="utf-8")
    billing("company", "set", str(path))
    for day in ("2024-01-02", "2024-01-31"):
        billing("run", day, "--no-deliver")
    take_over(billing, folder, *(f"NEW-{number},2024-03-01,2025-03-01" for number in range(3)))


pytestmark = pytest.mark.prepared(by=bill_until_a_bound)


@pytest.fixture
def held(book: Path) -> str:
    """The date 2024-02-20, on which 13 monthly installments are due where there were 10 before."""
    return DAY


def take_over(billing: Billing, folder: Path, *terms: str) -> None:
    """Import more monthly terms: number, first day, day after the last."""
    rows = [
        ",".join((number, f"Payer {number}", "", "monthly", *days, "600.00"))
        for number, *days in map(_parts, terms)
    ]
    path = write_book(folder / f"{terms[0][:5]}.csv", more_rows="\n".join(rows) + "\n")
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))


def _parts(term: str) -> list[str]:
    return term.split(",")


def document(billing: Billing, *words: str, code: int = 0) -> Any:
    return json.loads(billing(*words, "--json", code=code).stdout)


def invoice_count(ask: Callable[..., Any], run_id: str) -> int:
    return sum(row["count"] for row in ask("runs", "show", run_id)["report"]["invoices"])


def test_a_run_beyond_a_bound_is_held_and_shows_why(billing: Billing, held: str) -> None:
    shown = billing("run", held, "--no-deliver", code=5)
    assert "13 installments where there were 10 before, off by more than 20 %" in shown.stdout
    assert "+30.0 %" in shown.stdout
    assert "run 3 of 2024-02-20 is held, nothing was issued" in shown.stderr
    (day,) = document(billing, "run", held, "--no-deliver", code=5)["dates"]
    assert [reason["bound"] for reason in day["held_reasons"]] == ["invoice_count"]
    assert (day["run_id"], day["due_count"], day["document_count"]) == (3, 13, 0)


@pytest.mark.long
def test_the_other_dates_of_a_range_are_billed(billing: Billing, held: str, tmp_path: Path) -> None:
    take_over(billing, tmp_path, "LATER,2024-03-06,2025-03-06")
    days = document(billing, "run", held, "--until", NEXT_DAY, "--no-deliver", code=5)["dates"]
    assert [(day["due_count"], bool(day["held_reasons"])) for day in days] == [(13, True), (1, False)]
    shown = billing("run", held, "--until", NEXT_DAY, "--no-deliver", code=5).stdout
    rows = [line.split() for line in shown.splitlines() if line.startswith("2024-")]
    assert rows[0][:4] == [DAY, "3", "held", "13"]


@pytest.mark.long
def test_a_later_run_says_which_run_holds_charges_back(billing: Billing, held: str) -> None:
    billing("run", held, "--no-deliver", code=5)
    said = "Run 3 of 2024-02-20 is held: what was to be billed up to 2024-02-20 waits"
    for mode in ("--dry-run", "--rehearse", "--no-deliver"):
        assert said in billing("run", NEXT_DAY, mode).stdout
    assert said not in billing("run", held, "--dry-run").stdout


def test_an_approval_bills_what_was_shown_and_a_second_one_nothing(
    billing: Billing, ask: Callable[..., Any], held: str
) -> None:
    billing("run", held, "--rehearse", code=5)
    shown = billing("runs", "approve", "3", *SIGNED, "--no-deliver").stdout
    assert "approved by A. Gil: seen" in shown
    assert invoice_count(ask, "3") == 13
    again = document(billing, "runs", "approve", "3", *SIGNED, "--no-deliver")
    assert again["dates"] == []
    assert ask("runs", "show", "3")["decision"]["decided_by"] == "A. Gil"


@pytest.mark.long
def test_an_approval_of_a_book_that_moved_issues_nothing_and_the_run_shows_the_new_figures(
    billing: Billing, ask: Callable[..., Any], held: str, tmp_path: Path
) -> None:
    before = document(billing, "run", held, "--rehearse", code=5)["run"]["plan_sha256"]
    take_over(billing, tmp_path, "NEW-9,2024-03-01,2025-03-01")
    refused = document(billing, "runs", "approve", "3", *SIGNED, "--no-deliver", code=5)
    assert refused["error"]["code"] == "run_changed_since"
    detail = ask("runs", "show", "3")
    assert (detail["state"], detail["decision"], detail["rehearsal"]["due_count"]) == ("held", None, 14)
    assert invoice_count(ask, "3") == 0
    refused = document(billing, "runs", "approve", "3", *SIGNED, "--hash", before[:8], code=5)
    assert refused["error"]["code"] == "run_changed_since"
    billing("runs", "approve", "3", *SIGNED, "--no-deliver", "--hash", detail["plan_sha256"][:8])
    assert invoice_count(ask, "3") == 14


@pytest.mark.long
def test_an_approval_sends_nothing_unless_it_is_asked_to(
    billing: Billing, held: str, mailbox: MailboxServer
) -> None:
    """Whoever had the run made may have asked for that; the order of a run does not keep it."""
    billing("run", held, "--no-deliver", code=5)
    approved = billing("runs", "approve", "3", *SIGNED)
    assert f"send: billing deliver {held}" in approved.stderr
    assert not mailbox.messages()
    billing("deliver", held)
    assert mailbox.messages()


def test_an_approval_that_is_to_deliver_does(billing: Billing, held: str, mailbox: MailboxServer) -> None:
    billing("run", held, "--no-deliver", code=5)
    approved = billing("runs", "approve", "3", *SIGNED, "--deliver")
    assert "billing deliver" not in approved.stderr
    assert mailbox.messages()


@pytest.mark.long
def test_approving_a_finished_run_again_bills_nothing_that_came_since(
    billing: Billing, ask: Callable[..., Any], held: str, book: Path
) -> None:
    billing("run", held, "--no-deliver", code=5)
    billing("runs", "approve", "3", *SIGNED, "--no-deliver")
    before = len(ask("runs", "--limit", "100")["runs"])
    take_over(billing, book.parent, *(f"NEW-{number},2024-03-01,2025-03-01" for number in range(6)))
    again = billing("runs", "approve", "3", *SIGNED, "--no-deliver")
    assert "finalised" in again.stdout
    assert len(ask("runs", "--limit", "100")["runs"]) == before
    mistyped = document(billing, "runs", "approve", "3", *SIGNED, "--hash", "0000", code=5)["error"]
    shown = ask("runs", "show", "3")["plan_sha256"][:12]
    assert mistyped["found"] == f"run 3 has the hash {shown}, not 0000: nothing was done"


def test_an_approval_without_a_reason_is_refused(billing: Billing, held: str) -> None:
    billing("run", held, "--rehearse", code=5)
    for decision in ("approve", "reject"):
        assert "--reason" in document(billing, "runs", decision, "3", code=2)["error"]["found"]
    refused = document(billing, "runs", "approve", "3", "--reason", " ", code=3)
    assert refused["error"]["found"] == "a reason is missing"
    assert "--reason TEXT" in refused["error"]["todo"]


def test_a_rejected_plan_stays_in_the_list_and_the_date_is_planned_anew(
    billing: Billing, ask: Callable[..., Any], held: str
) -> None:
    billing("run", held, "--rehearse", code=5)
    words = ("runs", "reject", "3", "--reason", "doubled", "--rejected-by", "A. Gil")
    assert "run 3 is rejected" in billing(*words).stdout
    assert "was rejected before" in billing(*words).stdout
    assert "rejected by A. Gil: doubled" in billing("runs", "show", "3").stdout
    assert document(billing, "run", held, "--rehearse", code=5)["run"]["run_id"] == 4
    assert [row["state"] for row in ask("runs")["runs"][:2]] == ["held", "rejected"]
