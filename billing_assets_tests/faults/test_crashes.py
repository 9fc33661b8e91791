"""Whoever dies, whenever: the same command again ends in the state of an undisturbed run."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.book_mapping import BookMapping
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.embedded.address import DATABASE
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import Original, copied_database, url_of
from billing_assets_tests.faults.programs import crash, mortal_server, url_behind
from billing_assets_tests.state import business_state
from billing_assets_tests.steps.test_charge_lines import MAPPING, A, B, split_book
from billing_assets_tests.steps.test_payer_shares import MAPPING as SHARES
from billing_assets_tests.steps.test_payer_shares import A as SHARED
from billing_assets_tests.steps.test_payer_shares import C, shared_book
from billing_assets_tests.store.intake import import_text, with_company

FEBRUARY = date(2024, 2, 1)
POLICIES = 30
State = dict[str, list[tuple[object, ...]]]


def prepare(database: Database, _home: Path) -> None:
    """Put the book into the store, once for all tests."""
    fill_book(database, POLICIES)


def bill(url: str, home: Path, *options: str) -> int:
    """Bill February in a process of its own; return its exit status (negative: killed by that signal)."""
    return crash(url, home, "--day", FEBRUARY.isoformat(), *options)


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name = "billing_undisturbed_" + tmp_path_factory.mktemp("u").name.replace("-", "_")
    with copied_database(server_url, template_database, name) as database:
        prepare(database, tmp_path_factory.mktemp("book"))
        assert bill(url_of(server_url, name), tmp_path_factory.mktemp("home")) == 0
        state = business_state(database)
    assert len(state["invoices"]) == POLICIES
    return state


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server with the book in its store, which a test copies, kills and starts again."""
    with mortal_server(prepare, tmp_path_factory.mktemp("mortal")) as server:
        yield server


def kill_and_repeat(database: Database, home: Path, fuse: int, option: str = "--fuse") -> tuple[int, State]:
    """Bill with the bomb, then without; return the first exit status and the final state."""
    first = bill(url_behind(database), home, option, str(fuse))
    assert bill(url_behind(database), home) == 0
    return first, business_state(database)


@pytest.mark.long
@pytest.mark.parametrize("fuse", [9, 24, 31, 38, 45, 52])
def test_a_run_killed_at_a_point_and_repeated_ends_as_if_nothing_had_happened(
    fuse: int, database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, fuse)
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.long
@pytest.mark.parametrize(
    ("book", "mapping", "lines", "fuse"),
    [
        (split_book(A, B), MAPPING, 3 + 2, 31),
        (split_book(A, B), MAPPING, 3 + 2, 45),
        (shared_book(SHARED, C), SHARES, 2 + 1, 45),
    ],
    ids=["charges-31", "charges-45", "payers-45"],
)
def test_a_run_of_several_charges_or_payers_killed_and_repeated_ends_as_if_nothing_had_happened(
    book: str,
    mapping: BookMapping,
    lines: int,
    fuse: int,
    fresh_database: Callable[[], Database],
    tmp_path: Path,
) -> None:
    states: list[State] = []
    for statuses in ([0], [-signal.SIGKILL, 0]):
        database = fresh_database()
        import_text(with_company(database), tmp_path, book, mapping=mapping)
        for status in statuses:
            bomb = () if status == 0 else ("--fuse", str(fuse))
            assert crash(url_behind(database), tmp_path, "--day", "2025-01-02", *bomb) == status
        states.append(business_state(database))
    assert len(states[0]["lines"]) == lines
    assert states[1] == states[0]


@pytest.mark.long
@pytest.mark.parametrize("fuse", [9, 24, 40])
def test_an_approved_run_killed_before_and_while_it_issues_and_repeated_ends_as_if_nothing_had_happened(
    fuse: int, database: Database, tmp_path: Path, undisturbed: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The hash goes by shards, and the program that is killed has small ones.
    monkeypatch.setattr(planning, "SHARD_TERMS", 9)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        run_id = int(billing.plan(billing.order(FEBRUARY)).facts["run_id"])
        approval = RunDecisionOrder(
            run_id=run_id, decision=RunDecision.APPROVE, reason="seen", decided_by="A. Gil"
        )
        billing.decide(approval)
    assert bill(url_behind(database), tmp_path, "--fuse", str(fuse)) == -signal.SIGKILL
    assert bill(url_behind(database), tmp_path) == 0
    assert business_state(database) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 5))
def test_a_run_killed_at_every_point_in_turn_and_repeated_ends_as_if_nothing_had_happened(
    first: int,
    server_url: str,
    template_database: str,
    original: Original,
    tmp_path: Path,
    undisturbed: State,
) -> None:
    """Each takes every fourth point, until one lies beyond the end of the run."""
    name = original(prepare, template_database, lambda database: prepare(database, tmp_path))
    fuse, status = first, -signal.SIGKILL
    while status == -signal.SIGKILL:
        with copied_database(server_url, name, f"billing_crash_{fuse}") as database:
            status, state = kill_and_repeat(database, tmp_path, fuse)
        assert state == undisturbed, f"killed at point {fuse}"
        fuse += 4
    assert status == 0
    assert fuse > 50


@pytest.mark.long
@pytest.mark.parametrize("point", [("--fuse", "26"), ("--fuse", "40"), ("--copy-fuse", "9")])
def test_postgresql_killed_in_the_middle_and_the_command_again_ends_as_if_nothing_had_happened(
    point: tuple[str, str], mortal: EmbeddedServer, tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(mortal, tmp_path, point) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("piece", [3, 20])
def test_a_run_killed_inside_a_copy_and_repeated_ends_as_if_nothing_had_happened(
    piece: int, database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, piece, "--copy-fuse")
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("piece", range(1, 40, 6))
def test_postgresql_killed_inside_each_copy_of_a_run_loses_and_doubles_nothing(
    piece: int, mortal: EmbeddedServer, tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(mortal, tmp_path, ("--copy-fuse", str(piece))) == undisturbed


def kill_server_and_repeat(server: EmbeddedServer, home: Path, point: tuple[str, str]) -> State:
    """Bill on a server that dies at a point, start it again, bill again; return the state."""
    address = server.start()
    with copied_database(address.url("postgres", database="postgres"), DATABASE, "copied") as database:
        app_url = address.url("billing_app", database="copied")
        # Mostly it fails. A backend that has all it needs may still end the run: what counts is the state.
        bill(app_url, home, *point, "--victim", str(address.pid))
        assert server.start().pid != address.pid
        assert bill(app_url, home) == 0
        return business_state(database)


def deliver_until_quiet(database: Database, home: Path, fuse: int, mailbox: MailboxServer) -> int:
    """Bill and deliver with the bomb, then without; return the first exit status."""
    smtp = ("--smtp-port", str(mailbox.port))
    status = bill(url_behind(database), home, "--fuse", str(fuse), *smtp)
    assert bill(url_behind(database), home, *smtp) == 0
    return status


@pytest.mark.long
@pytest.mark.parametrize("fuse", [75, 86, 88, 90])
def test_a_sender_killed_at_a_point_sends_nothing_twice_and_loses_nothing(
    fuse: int, database: Database, tmp_path: Path
) -> None:
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        status = deliver_until_quiet(database, tmp_path, fuse, mailbox)
        kept = [path.stem for path in mailbox.messages()]
    states = [(row[3], row[4]) for row in business_state(database)["deliveries"]]
    assert status == -signal.SIGKILL
    assert len(kept) == len(set(kept))
    assert len(states) == POLICIES
    by_state = {
        state: [ids for ids, found in states if found == state] for state in {found for _, found in states}
    }
    assert set(by_state) <= {"sent", "failed", "unknown"}
    assert len(by_state.get("unknown", [])) <= 1
    assert len(by_state["failed"]) == POLICIES // 10
    assert len(by_state["sent"]) <= len(kept) <= len(by_state["sent"]) + 1


@pytest.mark.long
def test_a_second_delivery_sends_nothing(database: Database, tmp_path: Path) -> None:
    with MailboxServer(tmp_path / "mailbox") as mailbox, ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack, smtp_port=mailbox.port)
        results = []
        for _ in range(2):
            billing.invoice(billing.order(FEBRUARY))
            billing.print(FEBRUARY)
            results.append(billing.deliver(FEBRUARY))
        assert len(mailbox.messages()) == POLICIES - POLICIES // 10
    assert results[-1].facts["sent_count"] == 0
