"""What a plan comes to does not depend on how much of it is kept in memory, and is written nowhere."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.runs import CurrencyTotal, Outcome
from billing_assets.steps import crews
from billing_assets.steps.crews import Crew, ThreadCrew, WaitForTurn, Workplace
from billing_assets.steps.plan_due_charges import cut_shards
from billing_assets.steps.price_plan import PricedPlan, add_totals, plan_record, price_shards, scope_of
from billing_assets.steps.run_ports import RunBasis, Shard, silent
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, change_premium, fill_book

FEBRUARY = date(2024, 2, 1)


def prepare(database: Database, home: Path) -> None:
    fill_book(database, 30)


def priced(billing: Billing, crew: Crew | None = None) -> tuple[PricedPlan, Any]:
    store = billing.runs
    issuer = store.issuer("alondra")
    position = store.book_position(issuer.company_id, 10)
    scope = scope_of(FEBRUARY, issuer, RunBasis(batch_id=position.batch_id), store=store)
    found = price_shards(scope, cut_shards(position), crew=crew or ThreadCrew(store), progress=silent)
    return found, plan_record(scope, found, "6" * 64, store=store)


def kept_shards(crew: Crew) -> list[int]:
    """Return the numbers of the first shards whose drafts the crew still has, and forget them."""

    def take(shard: Shard, place: Workplace, _wait_for_turn: WaitForTurn) -> int | None:
        return shard.shard_number if place.kept.take(shard.shard_number) else None

    shards = [Shard(shard_number=number, from_policy_id=1, to_policy_id=1) for number in range(4)]
    return [number for number in crew.work(take, shards) if number is not None]


def test_totals_add_up_per_outcome_and_currency() -> None:
    def total(currency: str, count: int, net: int) -> CurrencyTotal:
        return CurrencyTotal(outcome=Outcome.INVOICED, currency=currency, charge_count=count, net_minor=net)

    added = add_totals(
        (total("EUR", 1, 5), total("GBP", 1, 7), total("EUR", 2, 2**62), total("EUR", 1, 2**62))
    )
    assert added == (total("EUR", 4, 5 + 2**63), total("GBP", 1, 7))
    assert add_totals(()) == ()


def test_a_plan_comes_to_the_same_whatever_is_kept(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    crew = ThreadCrew(billing.runs)
    record = priced(billing, crew)[1]
    assert kept_shards(crew) == [0, 1, 2, 3]
    monkeypatch.setattr(crews, "KEPT_CHARGES", 10)
    crew = ThreadCrew(billing.runs)
    same = priced(billing, crew)[1]
    assert 0 < len(kept_shards(crew)) < 4
    assert (same.plan_sha256, same.rehearsal, same.totals) == (
        record.plan_sha256,
        record.rehearsal,
        record.totals,
    )


def test_a_price_that_cannot_be_told_is_a_problem_of_the_plan(billing: Billing) -> None:
    add_term(billing.database, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    _, record = priced(billing)
    assert record.rehearsal["problem_count"] == 1
    assert [total.charge_count for total in record.totals if total.outcome is Outcome.FAILED] == [1]


def test_another_premium_is_another_hash(billing: Billing) -> None:
    before = priced(billing)[1].plan_sha256
    assert priced(billing)[1].plan_sha256 == before
    change_premium(billing.database, policy_id=3, premium_minor=1_000)
    assert priced(billing)[1].plan_sha256 != before


def test_what_is_shown_are_the_sums_by_product_place_and_currency(billing: Billing) -> None:
    _, record = priced(billing)
    (figure,) = record.rehearsal["figures"]
    assert (figure["product_code"], figure["place_code"], figure["currency"]) == ("motor_car", "ES", "EUR")
    assert (figure["charge_count"], figure["before_count"]) == (30, 0)
    assert figure["net_minor"] == sum(total.net_minor for total in record.totals)


def test_pricing_writes_nothing(billing: Billing, database: Database) -> None:
    priced(billing)
    with database.transaction() as connection:
        for table in ("billing_run", "run_figure", "invoice", "due_charge"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0
