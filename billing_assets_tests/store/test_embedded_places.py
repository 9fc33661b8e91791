"""Where the embedded server keeps its things, for whom, and what it says when it cannot.

No folder that is not its own is changed, and data is never silently left behind.
"""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import binaries
from billing_assets_tests.store.embedded_ground import (
    Server,
    ground,
    make,
    parents,
    place,
    program,
    query,
    running,
    said,
)

__all__ = ["ground", "make", "place", "running"]


@pytest.mark.long
def test_a_lost_data_folder_is_an_error_and_never_an_empty_database(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    shutil.rmtree(address.data_dir)
    with pytest.raises(BillingError) as caught:
        server.start()
    assert caught.value.code == "embedded_data_missing"


@pytest.mark.long
def test_data_of_another_major_version_is_refused_with_the_way_out(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    (address.data_dir / "PG_VERSION").write_text("12\n")
    with pytest.raises(BillingError, match="pg_dumpall") as caught:
        server.start()
    assert caught.value.code == "embedded_version_mismatch"


@pytest.mark.long
def test_a_server_that_does_not_come_up_is_quoted_from_its_log(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    (address.data_dir / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(BillingError, match="no_such_setting") as caught:
        server.start()
    assert caught.value.code == "embedded_start_failed"
    assert server.status().is_alive is False


def test_a_home_that_cannot_be_made_is_an_error_with_a_way_out(make: Server, place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(BillingError) as caught:
        make(place / "file" / "home").start()
    assert caught.value.code == "embedded_home_unusable"


def test_a_control_folder_that_others_may_write_is_refused(make: Server, place: Path) -> None:
    (place / "home/postgres").mkdir(parents=True)
    (place / "home/postgres").chmod(0o777)
    with pytest.raises(BillingError) as caught:
        make().start()
    assert caught.value.code == "embedded_home_owner"


@pytest.mark.long
@pytest.mark.parametrize("name", ["a, b%20'\"ü", "x" * 120])
def test_a_home_whose_path_no_socket_could_bear_works(make: Server, place: Path, name: str) -> None:
    server = make(place / name)
    address = server.start()
    assert len(str(address.socket_dir)) < 90
    assert query(address, "SELECT 1") == 1
    server.stop()
    shutil.rmtree(address.socket_dir)
    assert server.start().socket_dir == address.socket_dir
    server.stop()
    shutil.rmtree(address.socket_dir)
    address.socket_dir.mkdir(mode=0o755)
    assert server.start().socket_dir != address.socket_dir


@pytest.mark.long
def test_no_parent_folder_changes_mode_or_owner(make: Server, place: Path) -> None:
    locked = place / "locked"
    (locked / "deep").mkdir(parents=True)
    locked.chmod(0o700)
    home = locked / "deep/home"
    wheel = binaries.find_installs()[0].top
    before = parents(home) | parents(wheel)
    address = make(home).start()
    assert query(address, "SELECT 1") == 1
    after = parents(home) | parents(wheel)
    assert {name: after[name] for name in before} == before


@pytest.mark.long
@pytest.mark.needs("root")
def test_as_root_a_home_out_of_reach_points_to_the_system_folder(make: Server, place: Path) -> None:
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    server = make(locked / "home")
    address = server.start()
    query(address, "CREATE TABLE kept AS SELECT 7 AS seven")
    assert address.data_dir.is_relative_to(place / "system")
    server.stop()
    locked.chmod(0o755)
    assert query(server.start(), "SELECT seven FROM kept") == 7


@pytest.mark.long
@pytest.mark.needs("root")
def test_as_root_programs_out_of_reach_are_copied_once(
    make: Server, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = binaries.find_installs()[0].top.parent
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    for part in (original, original.with_name(f"{original.name}.libs")):
        (locked / part.name).symlink_to(part)
    (place / "system").mkdir()
    (place / "system" / "half-postgresql-18").mkdir()
    monkeypatch.syspath_prepend(str(locked))
    server = make()
    address = server.start()
    copied = Path(f"/proc/{address.pid}/exe").readlink()
    assert copied.is_relative_to(place / "system")
    made_at = copied.stat().st_mtime_ns
    server.stop()
    server.start()
    assert copied.stat().st_mtime_ns == made_at
    assert locked.stat().st_mode & 0o777 == 0o700


@pytest.mark.long
@pytest.mark.needs("root")
def test_three_users_of_one_machine_run_their_own_servers_at_once(make: Server, place: Path) -> None:
    uids = [pwd.getpwnam(name).pw_uid for name in ("nobody", "daemon")]
    homes = [place / f"of-{uid}" / ("deep" * 30) for uid in uids]
    for uid, home in zip(uids, homes, strict=True):
        home.mkdir(parents=True)
        os.chown(home, uid, 65534)
    starts = [program("start", place, home, uid) for uid, home in zip(uids, homes, strict=True)]
    mine = make().start()
    told = [said(start).split() for start in starts]
    try:
        sockets = [Path(words[1]) for words in told]
        assert len({mine.socket_dir, *sockets}) == 3
        assert [Path(f"/proc/{words[0]}").stat().st_uid for words in told] == uids
        assert [socket.stat().st_uid for socket in sockets] == uids
    finally:
        stops = [program("stop", place, home, uid) for uid, home in zip(uids, homes, strict=True)]
        assert [said(stop) for stop in stops] == ["True", "True"]
    for socket in sockets:
        shutil.rmtree(socket)
