"""Where everything of one embedded server lies, decided once and recorded in ``location.json``.

Belongs here: making and checking our own folders, the socket folder, the record.
Does not belong here: what is inside the data folder.
"""

import contextlib
import json
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import accounts
from billing_assets.store.embedded.accounts import Account
from billing_assets.store.embedded.address import PORT

SYSTEM_DIR = Path("/var/lib/billing-assets")
# sun_path holds 104 bytes on some systems; a comma or a space would be read as a list of hosts.
_SOCKET_PATH_LIMIT = 100
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+-]+")
_PASSABLE = 'cd "$1"'

PLANNED, INITIALISED, PREPARED = "planned", "initialised", "prepared"


@dataclass(frozen=True)
class Folders:
    """The folders of one server; ``progress`` says how far its making has come."""

    control: Path
    base: Path
    socket_dir: Path
    account: Account
    progress: str

    @property
    def data_dir(self) -> Path:
        """Return the data folder."""
        return self.base / "data"

    @property
    def stage_dir(self) -> Path:
        """Return the folder in which a new data folder is made."""
        return self.base / "stage"

    @property
    def socket_path(self) -> Path:
        """Return the socket file."""
        return self.socket_dir / f".s.PGSQL.{PORT}"

    def record(self, progress: str) -> "Folders":
        """Write ``location.json`` by rename and return the folders with the new progress."""
        content = {
            "base": None if self.base == self.control else str(self.base),
            "socket_dir": str(self.socket_dir) if self.socket_dir.parent != self.control else None,
            "uid": self.account.uid,
            "progress": progress,
        }
        half = self.control / "location.json.half"
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.control / "location.json")
        sync_folder(self.control)
        return replace(self, progress=progress)


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def control_folder(home: Path) -> Path:
    """Return the control folder's path below the real path of ``home``."""
    return home.resolve() / "postgres"


def open_control(control: Path) -> None:
    """Make the control folder if it is missing; BillingError unless it is a folder that only we may write."""
    try:
        control.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(control):
            control.mkdir(mode=0o700, exist_ok=True)
        check_control(control)
    except OSError as error:
        raise BillingError(
            "embedded_home_unusable",
            f"{control} cannot be made or entered: {error.strerror}",
            "make the home writable for the user who runs this, or choose another home",
        ) from error


def check_control(control: Path) -> None:
    """Raise BillingError when others own or may write the control folder: it steers what we run."""
    found = control.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise BillingError(
            "embedded_home_owner",
            f"{control} (user id {found.st_uid}, mode {stat.S_IMODE(found.st_mode):o}) is not a folder "
            f"that only user id {os.geteuid()} may write",
            "run as the user who owns it, or choose another home",
        )


def read_folders(control: Path) -> Folders | None:
    """Return the recorded folders, or None before the first start."""
    try:
        content = json.loads((control / "location.json").read_text(encoding="utf-8"))
        base = Path(content["base"]) if content["base"] else control
        socket_dir = Path(content["socket_dir"]) if content["socket_dir"] else control / "socket"
        uid, progress = int(content["uid"]), str(content["progress"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BillingError(
            "embedded_record_broken",
            f"{control}/location.json cannot be read",
            "restore it from a backup: it says where the data folder is",
        ) from error
    is_switched = os.geteuid() == 0
    account = Account(uid, uid if is_switched else os.getegid(), is_switched)
    return Folders(control, base, socket_dir, account, progress)


def plan_folders(control: Path, system_dir: Path) -> Folders:
    """Decide the folders of a new server and record them."""
    token = secrets.token_hex(6)
    if os.geteuid() != 0:
        folders = Folders(control, control, control / "socket", accounts.own_account(), PLANNED)
        return _with_short_socket(folders, system_dir).record(PLANNED)
    neighbours = system_dir.glob("*/data") if system_dir.exists() else iter(())
    account = accounts.unused_account(token, {path.stat().st_uid for path in neighbours})
    base = control
    if (control / "data").exists():
        uid = (control / "data").stat().st_uid
        account = Account(uid, uid, is_switched=True)
    if not _opened_to_group(control, account):
        base = _system_folder(system_dir, token)
        if not _opened_to_group(base, account):
            raise BillingError(
                "embedded_system_folder",
                f"user id {account.uid}, which would run the server, can enter neither {control} nor {base}",
                f"make {system_dir} and its parents passable (mode 755), or run as an ordinary user",
            )
    folders = Folders(control, base, base / "socket", account, PLANNED)
    return _with_short_socket(folders, system_dir).record(PLANNED)


def open_sockets(folders: Folders, system_dir: Path) -> Folders:
    """Make the socket folder if it is gone; one that is not safely ours is left, a new one recorded."""
    if not _is_private(folders.socket_dir, folders.account):
        fresh = replace(folders, socket_dir=folders.base / "socket")
        folders = _with_short_socket(fresh, system_dir).record(folders.progress)
    if not _is_private(folders.socket_dir, folders.account):
        raise BillingError(
            "embedded_socket_folder",
            f"{folders.socket_dir} is not a folder of mode 0700 of user id {folders.account.uid}",
            "remove it, then start again",
        )
    return folders


def _with_short_socket(folders: Folders, system_dir: Path) -> Folders:
    if _is_usable(folders.socket_path):
        return folders
    token = secrets.token_hex(6)
    if folders.account.is_switched:
        parent = _system_folder(system_dir, token)
        _opened_to_group(parent, folders.account)
        candidates = [parent / "socket"]
    else:
        tops = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108 - name is random, owner is verified
        candidates = [Path(top).resolve() / f"billing-{folders.account.uid}-{token}" for top in tops]
    for candidate in candidates:
        short = replace(folders, socket_dir=candidate)
        if _is_usable(short.socket_path) and os.access(candidate.parent, os.W_OK | os.X_OK):
            return short
    raise BillingError(
        "embedded_socket_path",
        f"no folder for the server's socket is shorter than {_SOCKET_PATH_LIMIT} characters",
        "choose a shorter home",
    )


def _is_usable(socket_path: Path) -> bool:
    return len(str(socket_path)) <= _SOCKET_PATH_LIMIT and bool(_PLAIN_PATH.fullmatch(str(socket_path)))


def _is_private(folder: Path, account: Account) -> bool:
    """Make ``folder`` when it is missing, then say whether it is ours alone."""
    try:
        if not os.path.lexists(folder):
            folder.mkdir(mode=0o700)
            account.take(folder)
        found = folder.lstat()
    except OSError:
        return False
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid
    return is_ours and not found.st_mode & 0o077


def _system_folder(system_dir: Path, token: str) -> Path:
    with contextlib.suppress(FileExistsError):
        system_dir.mkdir(parents=True)
        system_dir.chmod(0o755)
    check_control(system_dir)
    folder = system_dir / token
    folder.mkdir(mode=0o700)
    return folder


def _opened_to_group(folder: Path, account: Account) -> bool:
    """Let the private group pass through ``folder``, which is ours; undo it when a parent stops it anyway."""
    os.chown(folder, 0, account.gid)
    folder.chmod(0o710)
    if accounts.can_reach(account, _PASSABLE, folder):
        return True
    os.chown(folder, 0, 0)
    folder.chmod(0o700)
    return False
