"""A closed period worked out again comes out as it was recorded, or each difference is named."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.replays import Difference
from billing_assets.steps import plan_due_charges as planning
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.store.connection import Database, make_engine
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import (
    add_term,
    billing_over,
    change_address,
    change_premium,
    end_cover,
    fill_book,
)
from billing_assets_tests.databases import copied_database
from billing_assets_tests.state import business_state

FIRST = date(2024, 1, 30)
LAST = date(2024, 5, 3)
CLOSED = date(2024, 3, 18)


@pytest.fixture(scope="module")
def billed(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a store with every outcome and many a change, billed over a quarter in shards of seven."""
    name = f"{template_database}_replay"
    with copied_database(server_url, template_database, name) as database, ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(planning, "SHARD_TERMS", 7)
        fill_book(database, 24)
        february = date(2024, 2, 1)
        add_term(database, "NOTAX-1", effective=february, place="US-IL", line="surplus_lines", currency="USD")
        add_term(database, "ZERO-1", effective=february, premium_minor=0)
        billing = billing_over(database, tmp_path_factory.mktemp("home"), stack)
        for number in range((LAST - FIRST).days + 1):
            day = FIRST + timedelta(days=number)
            _change_the_book(billing, day)
            if not day.day % 5 or day == CLOSED:  # the other dates are missed, and caught up later
                billing.invoice(billing.order(day))
        stack.close()
        database.close()
        yield name


@pytest.fixture
def billing(server_url: str, billed: str, tmp_path: Path) -> Iterator[Billing]:
    """The billed store in a copy of the test's own, which it may spoil."""
    with copied_database(server_url, billed, f"{billed}_copy") as database, ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def _change_the_book(billing: Billing, day: date) -> None:
    database = billing.database
    if day == date(2024, 2, 20):
        change_premium(database, 3, 77_000)  # billed before: held from now on
        end_cover(database, 6, date(2024, 3, 10))
        change_address(database, 9, "")
    if day == date(2024, 3, 4):
        add_term(database, "LATE-1", effective=date(2024, 2, 1), plan="monthly")
        billing.close_day(
            ClosedDayOrder(day=CLOSED, purpose=None, is_closed=True, note="moving", recorded_by="A")
        )
    if day == date(2024, 4, 2):
        _as_owner(
            database,
            "update tax_rule set valid_to = '2024-04-01' where tax_code = 'ES-IPS' and valid_to is null",
        )


def _as_owner(database: Database, *statements: str) -> None:
    """Run statements past every trigger; each has to change something."""
    engine = make_engine(database.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount != 0, f"nothing was planted by: {statement}"
    engine.dispose()


@pytest.mark.long
def test_a_quarter_with_changes_comes_out_as_it_was_recorded_and_nothing_is_written(billing: Billing) -> None:
    before = business_state(billing.database)
    found = billing.replay(FIRST, LAST)
    assert found.differences == ()
    facts = found.result.facts
    assert (facts["difference_count"], facts["unknown_rules_count"]) == (0, 0)
    with billing.database.transaction() as connection:
        counts = connection.execute(
            text(
                "select (select count(*) from billing_run), (select count(*) from due_charge), "
                "(select count(*) from invoice), (select count(distinct outcome) from due_charge), "
                "(select count(distinct rule_set_id) from run_shard)"
            )
        ).one()
    assert (facts["run_count"], facts["charge_count"], facts["invoice_count"]) == tuple(counts[:3])
    assert counts[3] == 4, "the book has every outcome"
    assert counts[4] == 2, "the rule rows changed once"
    assert business_state(billing.database) == before


LINE = (
    "(select invoice_id from invoice_line join policy_term using (policy_term_id) where policy_id = {} "
    "and installment_number = {})"
)
PLANTS = {
    "line": "update invoice_line set tax_minor = tax_minor + 1 where invoice_id = " + LINE.format(4, 1),
    "tax": "update invoice_tax set base_minor = base_minor - 7 where tax_number = 1 and invoice_id = "
    + LINE.format(7, 1),
    "head": "update invoice set due_date = due_date + 3 where invoice_id = " + LINE.format(10, 1),
    "record": "update invoice set snapshot_sha256 = sha256('x') where invoice_id = " + LINE.format(13, 1),
    "charge": "update due_charge set net_minor = net_minor - 500 where invoice_id = " + LINE.format(16, 1),
    "gone": "delete from due_charge where invoice_id = " + LINE.format(19, 1),
    "more": "insert into due_charge select (select min(run_id) from billing_run), d.policy_term_id, 12, "
    "d.revision, d.company_id, d.policy_term_version_id, d.payer_id, d.charge_kind, 'zero', 'no_cover', "
    "d.billing_date, d.due_date, d.period_from_date, d.period_to_date, d.currency, 3, null "
    "from due_charge d where invoice_id = " + LINE.format(22, 1),
}


@pytest.fixture
def planted(billing: Billing) -> Billing:
    """The same store after a difference of each sort was written past every guard into its first run."""
    _as_owner(billing.database, *PLANTS.values())
    return billing


@pytest.mark.long
def test_each_value_that_comes_out_otherwise_is_named_with_both_sides(planted: Billing) -> None:
    found = {_name(each): each for each in planted.replay(FIRST, FIRST).differences}
    assert set(found) == {
        ("POL-00000004", 1, "line", "tax_minor"),
        ("POL-00000007", 1, "tax", "base_minor"),
        ("POL-00000010", 1, "document", "due_date"),
        ("POL-00000013", 1, "document", "snapshot_sha256"),
        ("POL-00000016", 1, "charge", "net_minor"),
        ("POL-00000019", 1, "not_recorded", "net_minor"),
        ("POL-00000022", 12, "not_due_now", "net_minor"),
    }
    line = found["POL-00000004", 1, "line", "tax_minor"]
    assert int(line.recorded) == int(line.recomputed) + 1
    assert line.document_number.startswith("INV-")
    assert found["POL-00000022", 12, "not_due_now", "net_minor"].recorded == "3"
    assert found["POL-00000019", 1, "not_recorded", "net_minor"].recorded == ""


def _name(each: Difference) -> tuple[str, int, str, str]:
    return (each.policy_number, each.installment_number, each.kind.value, each.field_name)


@pytest.mark.long
def test_all_differences_are_counted_and_so_many_kept_as_are_asked_for(planted: Billing) -> None:
    found = planted.replay(FIRST, FIRST, limit=2)
    assert (found.result.facts["difference_count"], len(found.differences)) == (7, 2)


def test_a_shard_whose_rules_nobody_kept_is_replayed_by_todays_rows_and_counted(billing: Billing) -> None:
    _as_owner(billing.database, "update run_shard set rule_set_id = null where run_id = 1")
    found = billing.replay(FIRST, FIRST)
    assert int(found.result.facts["unknown_rules_count"]) > int(found.result.facts["run_count"])
