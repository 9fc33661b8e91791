"""The bounce mailbox is that of the settings."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.bounces import BounceDesk
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over
from billing_assets_tests.steps.outbox import bill_february

prepare = bill_february


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_without_a_mailbox_it_is_said_how_to_set_one(billing: Billing) -> None:
    assert not BounceDesk(billing).is_set
    with pytest.raises(BillingError, match="BILLING_BOUNCE_FOLDER"):
        BounceDesk(billing).read()


def test_the_mails_of_the_folder_wait(billing: Billing, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"Subject: hello\r\n\r\n")
    billing.settings = billing.settings.model_copy(update={"bounce_folder": tmp_path})
    desk = BounceDesk(billing)
    assert desk.is_set
    assert desk.waiting_count() == 1
    assert desk.read().facts["personal_count"] == 1
    assert desk.waiting_count() == 0
    assert desk.to_read() == ["1.eml"]
