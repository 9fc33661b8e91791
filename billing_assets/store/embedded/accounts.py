"""Which operating-system user the server runs as, and how a program is run as that user.

Belongs here: user ids, clean environments, running one program.
Does not belong here: which program and why.
"""

import grp
import hashlib
import os
import pwd
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_assets.domain.errors import BillingError

_FIRST_ID, _ID_COUNT = 60706, 478

# Nothing of the caller's PG*, LD_*, LC_* or TZ may reach the server: only this.
CLEAN_ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"}


@dataclass(frozen=True)
class Account:
    """A user and group id; ``is_switched`` when a program must be made to run as them (we are root)."""

    uid: int
    gid: int
    is_switched: bool

    def take(self, path: Path) -> None:
        """Hand one file or folder, made by us, to this account; a link is never followed."""
        if self.is_switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def take_tree(self, top: Path) -> None:
        """Hand a whole tree over."""
        if not self.is_switched:
            return
        for folder, _, file_names in os.walk(top):
            self.take(Path(folder))
            for file_name in file_names:
                self.take(Path(folder, file_name))

    def with_entry(self) -> "Account":
        """Return an account with the same group whose user has a password entry, which initdb insists on."""
        if not self.is_switched:
            return self
        entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
        for entry in entries:
            if entry.pw_uid != 0:
                return Account(entry.pw_uid, self.gid, is_switched=True)
        raise BillingError(
            "embedded_no_account",
            "the password file names no user but root, and initdb cannot run as root",
            "add a user to the machine (for example nobody), or run as an ordinary user",
        )


def own_account() -> Account:
    """Return the account of this process, for a server that runs as we do."""
    return Account(os.geteuid(), os.getegid(), is_switched=False)


def unused_account(token: str, taken: Collection[int]) -> Account:
    """Return a numeric account without an entry in the password or group file, chosen by ``token``."""
    used = (
        {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()} | set(taken)
    )
    first = int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "big")
    for step in range(_ID_COUNT):
        number = _FIRST_ID + (first + step) % _ID_COUNT
        if number not in used:
            return Account(number, number, is_switched=True)
    raise BillingError(
        "embedded_no_account",
        f"every user id from {_FIRST_ID} to {_FIRST_ID + _ID_COUNT - 1} is taken",
        "run as an ordinary user instead of root",
    )


def _as_account(account: Account) -> dict[str, Any]:
    if not account.is_switched:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run(
    command: Sequence[str | Path],
    account: Account,
    *,
    given: str | None = None,
    timeout_seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one short program as ``account`` in a clean environment; its output is in the result."""
    try:
        return subprocess.run(
            [str(part) for part in command],
            **_as_account(account),
            env=dict(CLEAN_ENVIRONMENT),
            cwd="/",
            umask=0o077,
            input=given or "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_seconds,
            check=False,
        )
    except OSError as error:
        raise _refused(command[0], account, error) from error


def run_detached(command: Sequence[str | Path], account: Account, log: int, kept: Sequence[int]) -> None:
    """Leave a program running in a session of its own, writing to ``log``, with ``kept`` descriptors open.

    A shell in between starts it and ends, so that it is nobody's child here: no zombie, no Ctrl-C.
    """
    try:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *(str(part) for part in command)],
            **_as_account(account),
            env=dict(CLEAN_ENVIRONMENT),
            cwd="/",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=kept,
            start_new_session=True,
            check=True,
        )
    except OSError as error:
        raise _refused(command[0], account, error) from error


def can_reach(account: Account, script: str, *arguments: Path) -> bool:
    """Return whether a shell test such as ``cd "$1"`` succeeds for ``account``."""
    return run(["/bin/sh", "-c", script, "sh", *arguments], account).returncode == 0


def _refused(program: str | Path, account: Account, error: OSError) -> BillingError:
    return BillingError(
        "embedded_cannot_run",
        f"{program} could not be run as user id {account.uid}: {error.strerror}",
        "run as an ordinary user, or give this container the right to switch users (CAP_SETUID, CAP_SETGID)",
    )
