"""A month goes with whatever became of its deliveries, and comes back with it."""

from base64 import b64encode
from email import message_from_bytes
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder, Finished, Which
from billing_assets.store.delivery_listings import DeliveryDetail
from billing_assets.wiring.bounces import BounceDesk
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.letters import LetterDesk
from billing_assets_tests.books import AT, COMPANY, change_channels
from billing_assets_tests.channels.email.bounce_mails import report
from billing_assets_tests.closed_months import FEBRUARY, MONTH, column, months_of
from billing_assets_tests.steps.outbox import broken_invariants, use_port

TAKEN = SendResult(state=DeliveryState.SENT, reply_code=200, reason_code="accepted", reply_text="")
SECRET = f"whsec_{b64encode(bytes(32)).decode()}"


def details(billing: Billing) -> list[DeliveryDetail]:
    """Return every delivery of the store, with its attempts, bounces and decisions."""
    ids = column(billing.database, "select delivery_id from delivery order by delivery_id")
    return [Desk(billing).delivery(int(str(each))) for each in ids]


def broken(billing: Billing) -> list[str]:
    """Return what is wrong; the later book of this test, which names channels, is none that was imported."""
    return [each for each in broken_invariants(billing) if not each.startswith("batch")]


def deliver_february(billing: Billing, folder: Path) -> str:
    """Mail, post and push what was billed; return the Message-ID of a mail that came back."""
    change_channels(billing.database, 1, "print_post")
    change_channels(billing.database, 3, "api_push", "broker-7")
    Desk(billing).endpoints.set("broker-7", "https://example.com/", [SECRET], "ana")
    (folder / "letters").mkdir()
    (folder / "bounces").mkdir()
    billing.print(FEBRUARY)
    billing.documents.queue(1, FEBRUARY, COMPANY.message_domain)
    for row in billing.documents.next_deliveries(1, FEBRUARY, 0, 9, which=Which(channels=("api_push",))):
        billing.documents.hand_over(None, row)
        billing.documents.hand_over(Finished(row=row, result=TAKEN, ended_at=AT), None)
    LetterDesk(billing).post(folder / "letters")
    with MailboxServer(folder / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        billing.deliver(FEBRUARY)
        first = str(message_from_bytes(mailbox.messages()[0].read_bytes())["Message-ID"]).strip("<>")
    (folder / "bounces" / "1.eml").write_bytes(report(first))
    billing.settings = billing.settings.model_copy(update={"bounce_folder": folder / "bounces"})
    assert BounceDesk(billing).read().facts["returned_count"] == 1
    return first


@pytest.mark.long
def test_a_month_with_mailed_posted_pushed_and_returned_documents_goes_and_comes_back(
    closed_billing: Billing, tmp_path: Path
) -> None:
    billing, months = closed_billing, months_of(closed_billing.database)
    key = deliver_february(billing, tmp_path)
    (returned,) = column(billing.database, "select delivery_id from delivery where state = 'failed'")
    with pytest.raises(BillingError, match="deliveries of its documents that are not settled: 1"):
        months.detach(MONTH, tmp_path / "month")
    decision = DecisionOrder(
        delivery_ids=(int(str(returned)),), decision=Decision.GIVEN_UP, note="sent by hand", decided_by="ana"
    )
    billing.resolve(decision)
    before = details(billing)
    assert {row.delivery.channel for row in before} == {"email", "print_post", "api_push"}
    months.detach(MONTH, tmp_path / "month")
    assert (broken(billing), details(billing)) == ([], [])
    facts = billing.deliver(FEBRUARY).facts
    assert (facts["queued_count"], facts["sent_count"]) == (0, 0)
    assert LetterDesk(billing).post(tmp_path / "letters").facts["posted_count"] == 0
    (tmp_path / "bounces" / "2.eml").write_bytes(report(key, status="5.2.2"))
    assert BounceDesk(billing).read().facts["unmatched_count"] == 1
    assert broken(billing) == []
    months.attach(tmp_path / "month")
    assert (broken(billing), details(billing)) == ([], before)
    assert billing.deliver(FEBRUARY).facts["sent_count"] == 0
