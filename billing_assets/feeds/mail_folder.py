"""A mailbox in files: a folder into which a mail server or a fetching program puts mails, one file each.

Belongs here: finding the mails of a plain folder or a Maildir, and putting away what was read.
Does not belong here: what a mail says (``channels.email``).

A file that is being written is left alone: a Maildir has it in ``tmp`` until it is whole, and in a plain
folder names that begin with a dot or end in ``.part`` or ``.tmp`` are. What was read is moved, never removed:
what a person should read to a folder of its own, where it stays until that person takes it away.
"""

from collections.abc import Iterator
from pathlib import Path

from billing_assets.domain.errors import BillingError

READ = "read"
"""Folder, inside of the mailbox, of the mails that were read."""

TO_READ = "to-read"
"""Folder, inside of the mailbox, of the mails that a person should read, and then take away."""

LARGEST_MAIL = 2_000_000
"""So many bytes of a mail are read: a report stands at its beginning, what it returns may be large."""

_UNFINISHED = (".part", ".tmp")


class MailFolder:
    """The mails of a folder, by their paths in order of their names."""

    def __init__(self, folder: Path, *, holds: str = "bounce") -> None:
        """Use ``folder``, which has to be there, and which the settings name as that of what it ``holds``."""
        self._holds = holds
        if not folder.is_dir():
            raise BillingError(
                f"{holds}_folder_missing",
                f"the {holds} folder '{folder}' is not there",
                f"make it, or set BILLING_{holds.upper()}_FOLDER to the folder or Maildir that gets them",
            )
        self._folder = folder

    def mails(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each mail that waits, with its bytes; one that was moved away meanwhile is left out."""
        for path in self._waiting():
            try:
                with path.open("rb") as file:
                    content = file.read(LARGEST_MAIL)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise BillingError(
                    f"{self._holds}_unreadable",
                    f"the mail '{path.name}' of the {self._holds} folder cannot be read: {error.strerror}",
                    "let the user that runs billing read and move the files there",
                ) from error
            yield path, content

    def count(self) -> int:
        """Return how many mails wait."""
        return len(self._waiting())

    def to_read(self) -> list[str]:
        """Return the names of the mails that a person should read, in order."""
        folder = self._folder / TO_READ
        return sorted(path.name for path in folder.iterdir() if _is_mail(path)) if folder.is_dir() else []

    def put_away(self, path: Path, *, is_for_person: bool = False) -> None:
        """Move a mail that was read; where it cannot be, it is read again and found known."""
        folder = self._folder / (TO_READ if is_for_person else READ)
        try:
            folder.mkdir(exist_ok=True)
            path.replace(_free_name(folder, path.name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise BillingError(
                f"{self._holds}_not_moved",
                f"the mail '{path.name}' was read and cannot be moved to '{folder.name}': {error.strerror}",
                f"let the user that runs billing write to the {self._holds} folder; nothing is counted twice",
            ) from error

    def _waiting(self) -> list[Path]:
        is_maildir = (self._folder / "new").is_dir()
        folders = [self._folder / "new", self._folder / "cur"] if is_maildir else [self._folder]
        found = [path for folder in folders if folder.is_dir() for path in folder.iterdir() if _is_mail(path)]
        return sorted(found, key=lambda path: path.name)


def _free_name(folder: Path, name: str) -> Path:
    """Return a path that nothing has: whoever fetches mails may number them anew each day."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{name}~{number}"
    return target


def _is_mail(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED)
