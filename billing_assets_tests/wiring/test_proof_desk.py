"""A proof is that of a delivery of the desk's own company."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.proof_desk import ProofDesk
from billing_assets_tests.books import COMPANY, billing_over, fill_book


def prepare(database: Database, home: Path) -> None:
    """Bill one policy, and queue its document."""
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        billing.documents.make_documents(1, None)
        billing.documents.queue(1, None, COMPANY.message_domain)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


def test_only_a_delivery_of_the_company_has_a_proof(desk: Desk) -> None:
    assert ProofDesk(desk).proof(1).document_number == "INV-00000001"
    with desk.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update delivery set company_id = 2"))
    with pytest.raises(BillingError, match="delivery_unknown"):
        ProofDesk(desk).proof(1)
