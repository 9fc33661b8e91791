"""What a run did is counted from its rows."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.run_facts import read_run_facts
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, add_term, billing_over, fill_book

FEBRUARY = date(2024, 2, 1)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 20)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_facts_are_counted_from_the_rows(billing: Billing) -> None:
    result = billing.invoice(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        facts = read_run_facts(connection, int(result.facts["run_id"]), AT, {})
    assert facts.due_count == sum(charge[3] for charge in facts.charges) == 20
    assert facts.numbers == (("INV-", 1, 20),)
    assert facts.issue_dates == (FEBRUARY, FEBRUARY)
    ((currency, count, net, tax, total),) = facts.invoices
    assert (currency, count, net + tax) == ("EUR", 20, total)
    assert billing.runs.run_totals(facts.run_id)[0].net_minor == net == result.totals[0].net_minor


def test_facts_of_two_currencies_have_sums_of_their_own_and_one_range_of_numbers(billing: Billing) -> None:
    add_term(billing.database, "GB-1", effective=FEBRUARY, place="GB", currency="GBP", premium_minor=10_000)
    result = billing.invoice(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        facts = read_run_facts(connection, int(result.facts["run_id"]), AT, {})
    assert [(currency, count) for currency, count, *_ in facts.invoices] == [("EUR", 20), ("GBP", 1)]
    assert facts.invoices[1][2:] == (10_000, 2_000, 12_000)
    assert facts.numbers == (("INV-", 1, 21),)
    assert list(facts.charges) == sorted(facts.charges)


def test_a_run_without_invoices_has_neither_numbers_nor_issue_dates(billing: Billing) -> None:
    result = billing.invoice(billing.order(date(2024, 2, 4)))
    with billing.database.transaction() as connection:
        facts = read_run_facts(connection, int(result.facts["run_id"]), AT, {})
    assert (facts.invoices, facts.numbers, facts.issue_dates) == ((), (), None)
