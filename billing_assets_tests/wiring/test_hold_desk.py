"""Holds as people set them: looked at before, kept with why and who."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import HoldClock, HoldTerms
from billing_assets.store.connection import Database
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets_tests.books import billing_over, fill_book

FEBRUARY = date(2024, 2, 1)
BOTH = HoldTerms(clocks=tuple(HoldClock), place_codes=("ES",), from_date=FEBRUARY)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[HoldDesk]:
    """The holds of a company with six policies, all of Spain, billed and queued."""
    fill_book(database, 6)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.print(FEBRUARY)
        billing.documents.queue(1, FEBRUARY, "example.com", {})
        yield HoldDesk(billing)


def test_a_preview_counts_the_messages_that_would_wait(desk: HoldDesk) -> None:
    found = desk.simulate(BOTH)
    assert found.volume is not None
    assert found.volume.policy_count == 6
    assert found.waiting_count == 5
    elsewhere = HoldTerms(clocks=tuple(HoldClock), place_codes=("GB",), from_date=FEBRUARY)
    assert desk.simulate(elsewhere).waiting_count == 0


def test_only_the_clocks_that_it_stops_are_looked_at(desk: HoldDesk) -> None:
    assert desk.simulate(HoldTerms(clocks=(HoldClock.SEND,), from_date=FEBRUARY)).volume is None
    assert desk.simulate(HoldTerms(clocks=(HoldClock.BILL,), from_date=FEBRUARY)).waiting_count == 0


def test_a_hold_is_found_by_its_number_lifted_or_not(desk: HoldDesk) -> None:
    hold = desk.set(BOTH, reason="  after   the storm ", by="ana")
    assert (hold.reason, hold.set_by, hold.terms) == ("after the storm", "ana", BOTH)
    assert desk.holds() == [hold]
    lifted = desk.lift(hold.hold_id, reason="over", by="bea")
    assert desk.hold(hold.hold_id) == lifted
    assert desk.holds() == []
    with pytest.raises(BillingError, match="no hold 9"):
        desk.hold(9)


def test_a_product_that_is_not_there_is_refused_before_anything_is_read(desk: HoldDesk) -> None:
    terms = HoldTerms(clocks=(HoldClock.BILL,), product_codes=("boat",), from_date=FEBRUARY)
    for act in (desk.simulate, lambda asked: desk.set(asked, reason="r", by="ana")):
        with pytest.raises(BillingError, match="product 'boat'"):
            act(terms)
