"""What only a run finds changed after it was billed stands among the problems, as from an import."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.problems import holds_a_term
from billing_assets.store.run_holds import hold_changed_terms
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, billing_over, change_premium
from billing_assets_tests.store.intake import book, import_text, query, with_company

JANUARY, FEBRUARY = date(2023, 12, 20), date(2024, 1, 18)
HELD = "select hold_code from policy_term_version where superseded_batch_id is null order by policy_id"
PROBLEMS = (
    "select problem_code, policy_number, effective_date, owner, is_open, "
    "batch_id = (select max(batch_id) from intake_batch) from problem"
)
SEEN = ("changed_after_billing", "P1", date(2024, 1, 1), "intake", True, True)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Two monthly terms of 120.00 in the store."""
    import_text(with_company(database), tmp_path, book({}, {"no": "P2"}))
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def billed_then_changed(billing: Billing) -> None:
    """Bill two terms, then change one by an import that did not look at what was billed."""
    billing.invoice(billing.order(JANUARY))
    change_premium(billing.database, policy_id=1, premium_minor=24_000)


def test_a_term_that_a_run_holds_by_itself_is_listed_once_and_not_closed_by_hand(billing: Billing) -> None:
    billed_then_changed(billing)
    assert query(billing.database, HELD) == [(None,), (None,)]
    for day in (FEBRUARY, date(2024, 2, 16)):
        billing.invoice(billing.order(day))
        assert query(billing.database, HELD) == [("changed_after_billing",), (None,)]
        assert query(billing.database, PROBLEMS) == [SEEN]
    held = "select distinct policy_term_id, reason_code from due_charge where outcome = 'held'"
    assert query(billing.database, held) == [(1, "changed_after_billing")]
    with billing.database.transaction() as connection:
        assert holds_a_term(connection, 1, 1)


@pytest.mark.long
def test_the_hold_ends_when_the_book_says_again_what_was_billed(billing: Billing, tmp_path: Path) -> None:
    billed_then_changed(billing)
    billing.invoice(billing.order(FEBRUARY))
    stated = "select field_name, is_open from problem order by problem_id"
    import_text(billing.database, tmp_path, book({"premium": "240.00"}, {"no": "P2"}))
    assert query(billing.database, stated) == [("", False), ("premium", True)]
    import_text(billing.database, tmp_path, book({}, {"no": "P2"}, {"no": "P3"}))
    assert query(billing.database, HELD) == [(None,), (None,), (None,)]
    assert query(billing.database, stated) == [("", False), ("premium", False)]


@pytest.mark.long
def test_a_hold_that_an_import_has_found_is_left_as_it_is(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(JANUARY))
    import_text(billing.database, tmp_path, book({"premium": "240.00"}, {"no": "P2"}))
    billing.invoice(billing.order(FEBRUARY))
    assert query(billing.database, "select problem_code, field_name from problem") == [
        ("changed_after_billing", "premium")
    ]


def test_where_nothing_changed_nothing_is_held(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(JANUARY))
    import_text(
        billing.database,
        tmp_path,
        book(*({"mail": "new@example.com", "no": number} for number in ("P1", "P2"))),
    )
    with billing.database.transaction() as connection:
        assert hold_changed_terms(connection, 1, AT) == 0
    assert query(billing.database, PROBLEMS) == []


@pytest.mark.long
def test_a_run_holds_what_is_among_its_own_charges_and_leaves_the_rest_of_the_book(
    billing: Billing, tmp_path: Path
) -> None:
    import_text(billing.database, tmp_path, book({}, {"no": "P2", "plan": "quarterly"}, {"no": "P3"}))
    billing.invoice(billing.order(JANUARY))
    for policy in (1, 2):
        change_premium(billing.database, policy_id=policy, premium_minor=24_000)
    billing.invoice(billing.order(FEBRUARY))
    assert query(billing.database, HELD) == [("changed_after_billing",), (None,), (None,)]
    billing.invoice(billing.order(date(2024, 3, 20)))
    assert query(billing.database, HELD) == [("changed_after_billing",), ("changed_after_billing",), (None,)]
