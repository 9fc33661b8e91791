"""Priced shards on disk, from planning to issuing.

Belongs here: the file in which a worker process keeps what it has priced. Does not belong here: prices.

The file has no name: it is gone with its process, however that ends. What does not fit on the disk is not
kept and is priced again.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import chain, pairwise
from pathlib import Path

import polars as pl

from billing_assets.frames.invoices import Drafts


class DraftsOnDisk:
    """The drafts of a plan in an unnamed file; an implementation of ``steps.crews.KeptDrafts``."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a new file of that folder, which nobody else can open."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as its process
        self._places: dict[int, list[int]] = {}
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
        parts = [drafts] if drafts.credits is None else [drafts, drafts.credits]
        borders = [self._end]
        try:
            self._file.seek(self._end)
            for frame in chain.from_iterable(map(_frames, parts)):
                frame.write_ipc_stream(self._file)
                borders.append(self._file.tell())
        except OSError:
            return
        self._places[shard_number] = borders
        self._end = borders[-1]

    def take(self, shard_number: int) -> Drafts | None:
        """Return the drafts of a shard and forget them; None where they were not kept."""
        borders = self._places.pop(shard_number, None)
        if borders is None:
            return None
        frames = [self._read(start, end) for start, end in pairwise(borders)]
        own, of_credits = frames[: len(_FRAMES)], frames[len(_FRAMES) :]
        return replace(_drafts_of(own), credits=_drafts_of(of_credits) if of_credits else None)

    def _read(self, start: int, end: int) -> pl.DataFrame:
        self._file.seek(start)
        return pl.read_ipc_stream(BytesIO(self._file.read(end - start)))


_FRAMES = ("invoices", "lines", "taxes", "charges", "bodies", "term_counts")


def _drafts_of(frames: Sequence[pl.DataFrame]) -> Drafts:
    invoices, lines, taxes, charges, bodies, counts = frames
    return Drafts(
        invoices=invoices,
        lines=lines,
        taxes=taxes,
        charges=charges,
        bodies=bodies,
        term_counts=counts if counts.width else None,
    )


def _frames(drafts: Drafts) -> Iterator[pl.DataFrame]:
    for name in _FRAMES:
        frame: pl.DataFrame | None = getattr(drafts, name)
        yield pl.DataFrame() if frame is None else frame
