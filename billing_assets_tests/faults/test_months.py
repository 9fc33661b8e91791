"""Whoever dies while a month goes or comes back: the same command again ends as if nothing had happened."""

import signal
from pathlib import Path

import pytest

from billing_assets.domain.detached_months import month_name
from billing_assets.store.connection import Database
from billing_assets.store.schema import upgrade
from billing_assets.wiring.build import Billing
from billing_assets_tests.changes import broken
from billing_assets_tests.closed_months import MONTH, bill_closed_terms, column, months_of
from billing_assets_tests.databases import copied_database, memory
from billing_assets_tests.faults.crash import Bomb, move_month, small_shards
from billing_assets_tests.faults.programs import crash, own_server, url_behind
from billing_assets_tests.state import business_state

DETACH = ("--detach", month_name(MONTH))
ATTACH = ("--attach",)
AWAY = "select count(*) from detached_month where attached_at is null"
KILLED = -signal.SIGKILL


def dies_everywhere(database: Database, home: Path, act: tuple[str, ...], step: int, bomb: str) -> int:
    """Let the command die at every ``step``-th point until none is left; return how often it died."""
    fuse = 1
    while (status := crash(url_behind(database), home, *act, bomb, str(fuse))) != 0:
        assert status == KILLED
        fuse += step
    return (fuse - 1) // step


@pytest.mark.parametrize(
    ("bomb", "step", "least"),
    [pytest.param("--fuse", 11, 5, marks=pytest.mark.slow), ("--copy-fuse", 9, 3)],
)
def test_a_month_whose_program_dies_again_and_again_goes_and_comes_back_whole(
    bomb: str, step: int, least: int, closed_store: Database, closed_billing: Billing, tmp_path: Path
) -> None:
    before = business_state(closed_store)
    assert dies_everywhere(closed_store, tmp_path, DETACH, step, bomb) >= least
    assert column(closed_store, AWAY) == [1]
    assert broken(closed_billing) == {}
    assert dies_everywhere(closed_store, tmp_path, ATTACH, step, bomb) >= least
    assert column(closed_store, AWAY) == [0]
    assert business_state(closed_store) == before
    assert broken(closed_billing) == {}


@pytest.mark.long
def test_a_month_that_dies_behind_its_commit_is_away_and_says_so(
    server_url: str, closed_original: str, closed_store: Database, tmp_path: Path
) -> None:
    """The last point lies behind the commit: the context of the transaction has ended."""
    points = Bomb(fuse=0, victim=0)
    with copied_database(server_url, closed_original, "counted") as other, small_shards():
        move_month(other, points, tmp_path / "counted", MONTH)
    status = crash(url_behind(closed_store), tmp_path, *DETACH, "--fuse", str(-points.fuse))
    assert (status, column(closed_store, AWAY)) == (KILLED, [1])
    assert crash(url_behind(closed_store), tmp_path, *DETACH) == 0


@pytest.mark.long
def test_a_server_that_dies_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    with own_server(memory()) as server:
        address = server.start()
        upgrade(address.url("billing_owner"))
        database = Database(address.url("billing_app"))
        bill_closed_terms(database, tmp_path)
        before = business_state(database)
        database.close()
        for act in (DETACH, ATTACH):
            for fuse in ("20", "60"):
                crash(
                    address.url("billing_app"), tmp_path, *act, "--fuse", fuse, "--victim", str(address.pid)
                )
                former, address = address, server.start()
                assert address.pid != former.pid
            assert crash(address.url("billing_app"), tmp_path, *act) == 0
        database = Database(address.url("billing_app"))
        assert business_state(database) == before
        assert months_of(database).list()[0].detached_at is None
        database.close()
