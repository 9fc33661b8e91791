"""Letters go where the settings say, or where somebody says."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.letters import LetterDesk
from billing_assets_tests.billed_store import as_owner
from billing_assets_tests.books import billing_over, change_channels
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february


def prepare(database: Database, home: Path) -> None:
    """Bill February; a payer takes letters."""
    bill_february(database, home)
    change_channels(database, 1, "print_post")


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.documents.queue(1, FEBRUARY, "billing.example")
        yield billing


def test_without_a_folder_it_is_said_how_to_name_one(billing: Billing) -> None:
    with pytest.raises(BillingError, match="BILLING_PRINT_FOLDER"):
        LetterDesk(billing).post()


def test_the_folder_of_the_settings_is_used(billing: Billing, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    billing.settings = billing.settings.model_copy(update={"print_folder": tmp_path / "letters"})
    assert LetterDesk(billing).post().facts["posted_count"] == 1
    (folder,) = (tmp_path / "letters").iterdir()
    assert "Payer 1" in (folder / "manifest.json").read_text()


def test_while_an_invariant_is_broken_nothing_is_posted(billing: Billing, tmp_path: Path) -> None:
    as_owner(billing, "update invoice_line set net_minor = net_minor + 1 where invoice_id = 1")
    with pytest.raises(BillingError, match="audit_failed"):
        LetterDesk(billing).post(tmp_path)
    assert list(tmp_path.glob("alondra-*")) == []
