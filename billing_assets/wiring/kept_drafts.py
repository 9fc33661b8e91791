"""Priced shards on disk, from planning to issuing.

Belongs here: the file in which a worker process keeps what it has priced. Does not belong here: prices.

The file has no name: it is gone with its process, however that ends. What does not fit on the disk is not
kept and is priced again.
"""

import pickle
import tempfile
from pathlib import Path

from billing_assets.frames.invoices import Drafts


class DraftsOnDisk:
    """The drafts of a plan in an unnamed file; an implementation of ``steps.crews.KeptDrafts``."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a new file of that folder, which nobody else can open."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as its process
        self._places: dict[int, int] = {}
        self._end = 0

    def clear(self) -> None:
        """Forget everything and give the disk back."""
        self._places.clear()
        self._end = 0
        self._file.truncate(0)

    def close(self) -> None:
        """Give the file up."""
        self._file.close()

    def keep(self, shard_number: int, drafts: Drafts) -> None:
        """Keep the drafts of a shard, unless the disk is full."""
        try:
            self._file.seek(self._end)
            pickle.dump(drafts, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            self._file.flush()
        except OSError:
            return
        self._places[shard_number] = self._end
        self._end = self._file.tell()

    def take(self, shard_number: int) -> Drafts | None:
        """Return the drafts of a shard and forget them; None where they were not kept."""
        place = self._places.pop(shard_number, None)
        if place is None:
            return None
        self._file.seek(place)
        drafts: Drafts = pickle.load(self._file)  # noqa: S301 - written by this very process
        return drafts
