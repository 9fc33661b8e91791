"""What reading bounces needs from the world.

Belongs here: the mailbox and the store's side, as protocols. Does not belong here: any implementation.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from billing_assets.domain.bounces import BounceEffect, BounceMail
from billing_assets.steps.run_ports import Issuer


class BounceMailbox(Protocol):
    """Mails that wait to be read."""

    def mails(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each mail that waits, with its bytes."""
        ...

    def count(self) -> int:
        """Return how many mails wait."""
        ...

    def put_away(self, path: Path, *, is_for_person: bool) -> None:
        """Move a mail that was read, to where a person finds it or to the others."""
        ...


class BounceStore(Protocol):
    """The store's side of bounces."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def take(self, company_id: int, mail: BounceMail) -> BounceEffect:
        """Keep a mail and change its delivery, in one transaction; a mail that is known changes nothing."""
        ...
