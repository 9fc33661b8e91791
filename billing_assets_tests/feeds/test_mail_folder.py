"""The bounce mailbox: whole mails alone, in order, each put away once."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.mail_folder import READ, MailFolder


def names(folder: Path) -> list[str]:
    return [path.name for path, _ in MailFolder(folder).mails()]


def test_a_plain_folder_gives_its_whole_mails_in_order(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml", ".hidden", "half.part", "half.tmp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    assert names(tmp_path) == ["a.eml", "b.eml"]
    assert MailFolder(tmp_path).count() == 2


def test_a_maildir_gives_what_is_new_and_what_was_seen(tmp_path: Path) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    (tmp_path / "new" / "2.host").write_bytes(b"x")
    (tmp_path / "cur" / "1.host:2,S").write_bytes(b"x")
    (tmp_path / "tmp" / "0.host").write_bytes(b"x")
    assert names(tmp_path) == ["1.host:2,S", "2.host"]


def test_what_was_put_away_is_kept_and_waits_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"words")
    mailbox = MailFolder(tmp_path)
    for path, _ in mailbox.mails():
        mailbox.put_away(path)
        mailbox.put_away(path)
    assert mailbox.count() == 0
    assert (tmp_path / READ / "a.eml").read_bytes() == b"words"


def test_a_mail_that_went_meanwhile_is_left_out(tmp_path: Path) -> None:
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(b"x")
    found = MailFolder(tmp_path).mails()
    next(found)
    (tmp_path / "b.eml").unlink()
    assert list(found) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="is not there"):
        MailFolder(tmp_path / "none")


def test_a_place_where_nothing_can_be_put_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"x")
    (tmp_path / READ).write_bytes(b"a file in the way")
    mailbox = MailFolder(tmp_path)
    with pytest.raises(BillingError, match="cannot be moved"):
        mailbox.put_away(tmp_path / "a.eml")
