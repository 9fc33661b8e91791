"""Every document of changes says why it is what it is, and a replay makes it again."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term
from billing_assets_tests.changes import broken, change_row, documented, explained, import_changes
from billing_assets_tests.steps.test_change_billing import (
    FEBRUARY,
    JULY,
    LATER,
    MARCH,
    QUARTERLY,
    bill,
    half_up,
    own_plan,
)

# Two of them take their turn with the slow tests; `test_change_billing` bills all three in short.
BILLINGS = ["now", *(pytest.param(each, marks=pytest.mark.slow) for each in ("next", "spread"))]


@pytest.mark.long
@pytest.mark.parametrize("change_billing", BILLINGS)
def test_every_document_of_changes_is_explained_and_replayed(
    billing: Billing, database: Database, tmp_path: Path, change_billing: str
) -> None:
    own_plan(database, change_billing)
    add_term(database, "OWN-1", effective=FEBRUARY, plan="own", premium_minor=500_00)
    add_term(database, "OWN-2", effective=FEBRUARY, plan="own", premium_minor=700_01)
    bill(billing, date(2024, 4, 2))
    files = (
        (change_row("OWN-1", 1, "endorsement", date(2024, 5, 1), premium="900.00"),),
        (
            change_row("OWN-1", 2, "endorsement", date(2024, 4, 1), premium="300.00"),
            change_row("OWN-2", 1, "endorsement", JULY, premium="444.44"),
            change_row(QUARTERLY, 1, "cancellation", JULY, method="short_rate_90"),
        ),
        (
            change_row("OWN-2", 2, "cancellation", date(2024, 9, 1), method="minimum_earned_25"),
            change_row(QUARTERLY, 2, "reinstatement", date(2024, 7, 15)),
        ),
        (change_row("OWN-2", 3, "reinstatement", date(2024, 9, 1)),),
    )
    for place, rows in enumerate(files):
        import_changes(billing, tmp_path, *rows, name=f"{place}.csv")
        bill(billing, date(2024, 5 + 2 * place, 7))
        bill(billing, date(2024, 6 + 2 * place, 10))
    bill(billing, LATER)
    assert explained(billing) > 10
    replay = billing.replay(FEBRUARY, LATER)
    assert replay.result.facts["difference_count"] == 0, replay.differences[:5]
    assert broken(billing).keys() <= {"I18"}


@pytest.mark.long
@pytest.mark.parametrize("change_billing", BILLINGS)
def test_what_is_raised_again_from_nothing_is_explained_and_replayed(
    billing: Billing, database: Database, tmp_path: Path, change_billing: str
) -> None:
    own_plan(database, change_billing)
    add_term(database, "OWN-1", effective=MARCH, plan="own", premium_minor=500_00)
    rows = (
        change_row("OWN-1", 1, "endorsement", MARCH, premium="0.00", effective=MARCH),
        change_row("OWN-1", 2, "endorsement", date(2024, 4, 10), premium="900.00", effective=MARCH),
    )
    import_changes(billing, tmp_path, *rows)
    for day in (FEBRUARY, MARCH, JULY, LATER):
        bill(billing, day)
    part = half_up(900_00 * (date(2025, 3, 1) - date(2024, 4, 10)).days, (date(2025, 3, 1) - MARCH).days)
    assert documented(billing, "OWN-1")[0] == part
    assert explained(billing) > 2
    assert billing.replay(FEBRUARY, LATER).differences == ()
