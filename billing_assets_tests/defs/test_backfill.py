"""A backfill from the command line bills each date once, through Dagster's own queue and daemon."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.ui import prepare_ui, shipped_file
from billing_assets_tests.defs.conftest import POLICY_COUNT
from billing_assets_tests.state import business_state

pytestmark = pytest.mark.slow

DATES = ["2024-02-01", "2024-02-02", "2024-02-03"]
PATIENCE_SECONDS = 300
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def surroundings(store: Database, tmp_path: Path) -> Mapping[str, str]:
    """The environment that the page of Dagster would get."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return prepare_ui(Settings(home=tmp_path / "home"), environment).environment


@contextmanager
def daemon_running(surroundings: Mapping[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Dagster's daemon, in a group of processes of its own that ends with the test."""
    command = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(shipped_file("workspace.yaml"))]
    with (tmp_path / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=dict(surroundings), stdout=log, stderr=log, cwd=tmp_path, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def ended_runs(instance: dg.DagsterInstance) -> dict[str, list[dg.DagsterRunStatus]]:
    """Date -> how its runs ended; the sensors begin runs of their own, which are of no date."""
    found: dict[str, list[dg.DagsterRunStatus]] = {}
    for run in instance.get_runs(dg.RunsFilter(job_name="bill_date")):
        if run.is_finished:
            found.setdefault(run.tags["dagster/partition"], []).append(run.status)
    return found


def test_each_date_is_one_run_that_succeeds_and_nothing_is_sent_twice(
    surroundings: Mapping[str, str], store: Database, mailbox: MailboxServer, tmp_path: Path
) -> None:
    asked = ["job", "backfill", "-j", "bill_date", "--from", DATES[0], "--to", DATES[-1], "--noprompt"]
    command = [sys.executable, "-m", "dagster", *asked, "-w", str(shipped_file("workspace.yaml"))]
    done = subprocess.run(
        command,
        env=dict(surroundings),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Launched backfill job" in done.stdout, done.stderr
    with (
        dg.DagsterInstance.from_config(surroundings["DAGSTER_HOME"]) as instance,
        daemon_running(surroundings, tmp_path) as daemon,
    ):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(ended_runs(instance)) < len(DATES) and time.monotonic() < deadline:
            assert daemon.poll() is None, (tmp_path / "daemon.log").read_text()
            time.sleep(1)
        assert ended_runs(instance) == {day: [dg.DagsterRunStatus.SUCCESS] for day in DATES}
    assert [str(run[0]) for run in business_state(store)["runs"]] == DATES
    assert len(business_state(store)["invoices"]) == POLICY_COUNT
    assert len(mailbox.messages()) == len({path.name.partition("~")[0] for path in mailbox.messages()}) == 18
