"""A finalised run keeps the proof that it is complete; what it lost is named and holds back its mail."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.certificates import read_certificate
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.databases import run_sql

FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
COUNT = 40


@pytest.fixture
def billing(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Billing]:
    monkeypatch.setattr(planning, "SHARD_TERMS", 16)
    fill_book(database, COUNT)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def bill(billing: Billing, day: date = FEBRUARY) -> int:
    return int(billing.invoice(billing.order(day)).facts["run_id"])


def certificate(billing: Billing, run_id: int) -> dict[str, Any]:
    with billing.database.transaction() as connection:
        return read_certificate(connection, 1, run_id).record


def past_the_guards(billing: Billing, statement: str) -> None:
    """Do as a superuser what no program may, past every trigger."""
    url = billing.database.engine.url.render_as_string(hide_password=False)
    run_sql(url, f"set session_replication_role = replica; set search_path = billing; {statement}")


def unequal(record: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {tie["tie"]: (tie["expected"], tie["found"]) for tie in record["ties"] if not tie["is_equal"]}


def missing(billing: Billing, run_id: int) -> BillingError:
    with pytest.raises(BillingError) as caught:
        certificate(billing, run_id)
    return caught.value


def test_the_certificate_counts_the_book_and_what_became_of_it(billing: Billing) -> None:
    record = certificate(billing, bill(billing))
    premium = sum(50_000 + number for number in range(1, COUNT + 1))
    assert record["is_complete"]
    assert record["book"]["terms"] == [{"currency": "EUR", "premium_minor": premium, "term_count": COUNT}]
    assert record["outcomes"]["terms"] == {"failed": 0, "held": 0, "invoiced": COUNT, "zero": 0}
    assert record["numbers"] == [{"first": "INV-00000001", "last": f"INV-{COUNT:08d}"}]
    (shards,) = [tie for tie in record["ties"] if tie["tie"] == "shards"]
    assert shards["found"] == 3


@pytest.mark.long
def test_a_term_that_is_not_due_stands_by_its_reason(billing: Billing) -> None:
    add_term(billing.database, "AHEAD", effective=date(2026, 1, 1))
    add_term(billing.database, "OTHERS", effective=date(2020, 1, 1), cut_over=date(2024, 1, 1))
    add_term(billing.database, "SOON", effective=date(2024, 9, 1))
    bill(billing)
    due = certificate(billing, bill(billing, MARCH))["due"]
    assert due["term_count"] == COUNT // 3
    assert {row["reason_code"]: row["term_count"] for row in due["not_due_terms"]} == {
        "not_begun": 1,
        "in_force": COUNT - COUNT // 3,
        "far_ahead": 1,
        "before_cut_over": 1,
    }


def test_what_a_shard_does_not_read_is_missed_and_nothing_is_sent(billing: Billing) -> None:
    past_the_guards(billing, "delete from payer_version where payer_id = 21")
    record = certificate(billing, bill(billing))
    assert not record["is_complete"]
    assert unequal(record) == {
        "shards": (3, 2),
        "terms_read": (COUNT, COUNT - 1),
        "premium_read": (2_000_820, 2_000_820 - 50_021),
    }
    with pytest.raises(BillingError) as caught:
        billing.require_clean(FEBRUARY)
    assert "I26: run 1: it is not complete: premium_read EUR is 1950799 of 2000820" in caught.value.found


def test_two_terms_that_changed_shards_are_missed_however_alike(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlRunStore.finalise

    def disturbed(self: SqlRunStore, run_id: int, *given: Any, **named: Any) -> Any:
        swapped = "jsonb_set(term_counts, '{0,term_id_sum}', '1')"
        past_the_guards(billing, f"update run_shard set term_counts = {swapped} where shard_number = 1")
        return real(self, run_id, *given, **named)

    monkeypatch.setattr(SqlRunStore, "finalise", disturbed)
    assert unequal(certificate(billing, bill(billing))) == {"shards": (3, 2)}


@pytest.mark.long
def test_a_later_run_of_the_date_names_the_one_before_with_its_hash(billing: Billing) -> None:
    first = bill(billing)
    add_term(billing.database, "LATE", effective=FEBRUARY)
    second = bill(billing)
    assert certificate(billing, first)["earlier_runs"] == []
    with billing.database.transaction() as connection:
        kept = read_certificate(connection, 1, first)
    (earlier,) = certificate(billing, second)["earlier_runs"]
    assert (earlier["run_id"], earlier["state"]) == (first, "finalised")
    assert earlier["content_sha256"] == kept.content_sha256
    assert certificate(billing, second)["due"]["term_count"] == 1


@pytest.mark.long
def test_a_run_that_began_before_certificates_has_none(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlRunStore.finalise

    def as_before(self: SqlRunStore, run_id: int, *given: Any, **named: Any) -> Any:
        past_the_guards(billing, "update run_shard set term_counts = null where shard_number = 0")
        return real(self, run_id, *given, **named)

    monkeypatch.setattr(SqlRunStore, "finalise", as_before)
    error = missing(billing, bill(billing))
    assert (error.code, "began before" in error.found) == ("certificate_missing", True)
    billing.require_clean(FEBRUARY)


@pytest.mark.long
def test_a_correction_and_a_plan_have_none_and_say_why(billing: Billing) -> None:
    bill(billing)
    wanted = [WantedCredit(invoice_number="INV-00000001")]
    order = billing.credit_order(wanted, reason="asked for", approved_by="A. Gil", billing_date=FEBRUARY)
    correction = billing.credit(order).result.facts["run_id"]
    assert "credit notes" in missing(billing, int(correction)).found
    plan = billing.plan(billing.order(MARCH))
    assert "is planned" in missing(billing, int(plan.facts["run_id"])).found
    assert missing(billing, 99).code == "run_unknown"


@pytest.mark.long
def test_a_run_of_another_company_is_unknown(billing: Billing) -> None:
    run_id = bill(billing)
    with billing.database.transaction() as connection, pytest.raises(BillingError, match="run_unknown"):
        read_certificate(connection, 2, run_id)
