"""Each mail of the bounce mailbox is taken once, whenever the program dies."""

from email import message_from_bytes
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.feeds.mail_folder import READ, TO_READ, MailFolder
from billing_assets.wiring.bounces import BounceDesk
from billing_assets.wiring.build import Billing
from billing_assets_tests.channels.email.bounce_mails import away, person, report
from billing_assets_tests.steps.outbox import (
    FEBRUARY,
    WITH_ADDRESS,
    bill_february,
    broken_invariants,
    states,
    use_port,
)

prepare = bill_february


@pytest.fixture
def folder(billing: Billing, tmp_path: Path) -> Path:
    """Send the documents, and return a mailbox with reports on two of them and a mail of a person."""
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        billing.deliver(FEBRUARY)
        sent = [
            message_from_bytes(path.read_bytes())["Message-ID"].strip("<>") for path in mailbox.messages()
        ]
    folder = tmp_path / "bounces"
    folder.mkdir()
    (folder / "1.eml").write_bytes(report(sent[0]))
    (folder / "2.eml").write_bytes(report(sent[1], action="delayed", status="4.4.1"))
    (folder / "3.eml").write_bytes(away(sent[2]))
    (folder / "4.eml").write_bytes(report("0" * 32 + "@elsewhere.example"))
    billing.settings = billing.settings.model_copy(update={"bounce_folder": folder})
    return folder


def test_reports_are_taken_once_and_put_away(billing: Billing, folder: Path) -> None:
    desk = BounceDesk(billing)
    assert desk.waiting_count() == 4
    facts = desk.read().facts
    assert facts == {
        "returned_count": 1,
        "noted_count": 1,
        "unmatched_count": 1,
        "foreign_count": 1,
        "personal_count": 0,
        "repeated_count": 0,
    }
    assert desk.to_read() == []
    assert desk.waiting_count() == 0
    assert len(list((folder / READ).iterdir())) == 4
    assert (states(billing)["sent"], states(billing)["failed"]) == (WITH_ADDRESS - 1, 2)
    assert broken_invariants(billing) == []


def test_what_was_kept_and_not_put_away_is_known(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_mailbox: MailFolder, _path: Path, **_where: bool) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MailFolder, "put_away", dies)
        with pytest.raises(KeyboardInterrupt):
            BounceDesk(billing).read()
    facts = BounceDesk(billing).read().facts
    assert (facts["repeated_count"], facts["returned_count"]) == (1, 0)
    assert states(billing)["failed"] == 2


def test_a_mail_of_a_person_is_listed_until_somebody_takes_it_away(
    billing: Billing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_mailbox: MailFolder, _path: Path, **_where: bool) -> None:
        raise KeyboardInterrupt

    (folder / "0.eml").write_bytes(person())
    desk = BounceDesk(billing)
    with monkeypatch.context() as patch:
        patch.setattr(MailFolder, "put_away", dies)
        with pytest.raises(KeyboardInterrupt):
            desk.read()
    # It is known by now, and nobody has seen it yet.
    facts = desk.read().facts
    assert (facts["repeated_count"], facts["personal_count"]) == (1, 0)
    assert (desk.to_read(), (folder / TO_READ / "0.eml").read_bytes()) == (["0.eml"], person())
    (folder / "0.eml").write_bytes(person("I have moved."))
    assert desk.read().facts["personal_count"] == 1
    assert desk.to_read() == ["0.eml", "0.eml~2"]
    for path in (folder / TO_READ).iterdir():
        path.unlink()
    assert desk.to_read() == []


def test_where_the_mailbox_is_not_at_hand_nothing_is_listed(billing: Billing, tmp_path: Path) -> None:
    assert BounceDesk(billing).to_read() == []
    billing.settings = billing.settings.model_copy(update={"bounce_folder": tmp_path / "elsewhere"})
    assert BounceDesk(billing).to_read() == []
