"""Drafts come back from the disk as they were, once; on a full disk they are not kept."""

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from billing_assets.frames.invoices import Drafts
from billing_assets.frames.plan_hashes import NO_DRAFTS
from billing_assets.wiring.kept_drafts import DraftsOnDisk


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[DraftsOnDisk]:
    with closing(DraftsOnDisk(tmp_path)) as made:
        yield made


def drafts(total: int) -> Drafts:
    frame = pl.DataFrame({"draft_index": [0], "total_minor": [total]})
    notes = Drafts(invoices=frame, lines=frame, taxes=frame, charges=frame)
    return Drafts(invoices=frame, lines=frame, taxes=frame, charges=frame, credits=notes)


def test_each_shard_comes_back_once_in_any_order(kept: DraftsOnDisk) -> None:
    for number in (4, 7):
        kept.keep(number, drafts(number))
    taken = kept.take(7)
    assert taken is not None
    assert taken.invoices.equals(drafts(7).invoices)
    assert taken.credits is not None
    assert kept.take(7) is None
    first = kept.take(4)
    assert first is not None
    assert first.lines["total_minor"].item() == 4


def test_the_file_has_no_name(kept: DraftsOnDisk, tmp_path: Path) -> None:
    kept.keep(1, NO_DRAFTS)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_on_the_disk_is_not_kept(
    kept: DraftsOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep(1, drafts(1))

    class Full:
        def __getattr__(self, _name: str) -> object:
            raise OSError(errno.ENOSPC, "no space left")

    file = kept._file
    monkeypatch.setattr(kept, "_file", Full())
    kept.keep(2, drafts(2))
    monkeypatch.setattr(kept, "_file", file)
    assert kept.take(2) is None
    assert kept.take(1) is not None


def test_what_was_cleared_is_gone_and_the_file_takes_more(kept: DraftsOnDisk) -> None:
    kept.keep(1, drafts(1))
    kept.clear()
    assert kept.take(1) is None
    kept.keep(2, drafts(2))
    assert kept.take(2) is not None
