"""A book that went through intake, the store and runs comes to the invoices of the reference.

Unlike `test_agreement`, which hands frames to the formulas, this goes the whole way: a file, its mapping, the
queries by which a run reads the book, COPY, and what stands in the store at the end. Plans and the days that
the company has closed are random too, so that no rule is seen at its default only.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.payment_plans import DEFAULT_PLANS, BillPer, PaymentPlan
from billing_assets.feeds.mapping import mapping_from
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import COMPANY, billing_over
from billing_assets_tests.reference.generate import (
    random_own_days,
    random_plans,
    random_policies,
    with_random_plan,
)
from billing_assets_tests.reference.invoices import invoices
from billing_assets_tests.reference.ledger import balances
from billing_assets_tests.reference.payer_bills import PolicyBill, gathered
from billing_assets_tests.reference.periods import plan_of
from billing_assets_tests.reference.policy import ReferencePolicy
from billing_assets_tests.store.intake import import_text, with_company

CUT_OVER = date(2023, 9, 1)
RUN_DATES = [date(2023, 1, 2) + timedelta(days=103 * number) for number in range(12)]
FIELDS = (
    "policy_number",
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "effective_date",
    "expiration_date",
    "anchor_date",
    "cover_to_date",
)
MAPPING = mapping_from(
    {
        "columns": {name: name for name in (*FIELDS, "payer_key", "premium")},
        "constants": {
            "payer_name": "Ann Lee",
            "payer_country_code": "ES",
            "payer_email": "ann@example.com",
            "payer_language": "en",
        },
    }
)


def add_plans(database: Database, plans: tuple[PaymentPlan, ...]) -> None:
    names = list(asdict(plans[0]))
    values = ", ".join(f":{name}" for name in names)
    statement = text(f"insert into payment_plan ({', '.join(names)}) values ({values})")
    with database.transaction() as connection:
        connection.execute(statement, [asdict(plan) for plan in plans])


def close_days(billing: Billing, own: Mapping[str, frozenset[date]]) -> None:
    for purpose, days in own.items():
        for day in sorted(days):
            order = ClosedDayOrder(
                day=day, is_closed=True, purpose=Purpose(purpose), note="a test", recorded_by="ana"
            )
            billing.close_day(order)


def payer_of(policy: ReferencePolicy) -> str:
    """Return the payer of a policy; each of the two has policies wherever they stand in the book."""
    return f"K{int(sha256(policy.policy_number.encode()).hexdigest(), 16) % 2}"


def csv_of(policies: list[ReferencePolicy]) -> str:
    exponents = {"EUR": 2, "GBP": 2, "USD": 2, "JPY": 0, "KWD": 3}
    rows = []
    for policy in policies:
        digits = exponents[policy.currency]
        whole, rest = divmod(policy.premium_minor, 10**digits)
        premium = f"{whole}.{rest:0{digits}d}" if digits else str(whole)
        own = {"premium": premium, "payer_key": payer_of(policy)}
        rows.append({name: getattr(policy, name) for name in FIELDS} | own)
    return pl.DataFrame(rows, infer_schema_length=None).write_csv()


def expected_bills(
    policies: list[ReferencePolicy], plans: tuple[PaymentPlan, ...], own: Mapping[str, frozenset[date]]
) -> list[PolicyBill]:
    bills = []
    for policy in policies:
        plan = plan_of(policy, plans)
        payer = payer_of(policy) if plan.bill_per is BillPer.PAYER else ""
        bills += [
            PolicyBill(policy=policy, payer=payer, days_to_pay=plan.minimum_payment_days, invoice=invoice)
            for invoice in invoices(policy, COMPANY.place_code, RUN_DATES, plans=plans, own=own)
        ]
    return gathered(bills)


def expected(bills: list[PolicyBill]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for bill in bills:
        invoice = bill.invoice
        head = (bill.policy.policy_number, invoice.run_date, invoice.due_date)
        found.add((*head, "total", invoice.net_minor, invoice.tax_minor))
        found.update(
            (*head, f"{line.installment_number} {line.charge_kind}", line.net_minor, line.tax_minor)
            for line in invoice.lines
        )
    return found


STORED = """
with line as (
    select policy_number, r.billing_date, i.due_date, l.installment_number, l.charge_kind, l.net_minor,
        l.tax_minor, i.net_minor as net_of_all, i.tax_minor as tax_of_all
    from invoice_line l join invoice i using (invoice_id) join billing_run r using (run_id)
    join policy_term using (policy_term_id) join policy using (policy_id)
)
select policy_number, billing_date, due_date, installment_number || ' ' || charge_kind, net_minor, tax_minor
from line
union all
select distinct policy_number, billing_date, due_date, 'total', net_of_all, tax_of_all from line
"""

BALANCES = """
select account_name, currency, sum(amount_minor)
from ledger_posting join ledger_account using (account_number)
group by account_name, currency having sum(amount_minor) <> 0
"""


SEVERAL_LINES = """
select count(*) from invoice_tax t join tax_rule r using (tax_rule_id)
where r.tax_code = 'IT-FONDO' and (
    select count(distinct v.line_of_business)
    from invoice_line l join policy_term_version v using (policy_term_version_id)
    where l.invoice_id = t.invoice_id and v.line_of_business in ('liability', 'home', 'motor_damage')) > 1
"""


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(with_company(database), tmp_path, stack)


def agree(billing: Billing, folder: Path, *, seed: int, count: int) -> None:
    plans, own = random_plans(seed), random_own_days(seed)
    policies = [
        replace(with_random_plan(policy), cut_over_date=CUT_OVER)
        for policy in random_policies(seed=seed, count=count)
    ]
    come_to_the_same(billing, folder, policies, plans, own)


def come_to_the_same(
    billing: Billing,
    folder: Path,
    policies: list[ReferencePolicy],
    plans: tuple[PaymentPlan, ...],
    own: Mapping[str, frozenset[date]],
) -> None:
    add_plans(billing.database, plans)
    close_days(billing, own)
    content = csv_of(policies)
    result = import_text(billing.database, folder, content, mapping=MAPPING, cut_over_date=CUT_OVER)
    assert (result.facts["new_count"], result.problem_count) == (len(policies), 0)
    for day in RUN_DATES:
        billing.invoice(billing.order(day))
    with billing.database.transaction() as connection:
        rows = {tuple(map(str, row)) for row in connection.execute(text(STORED))}
        posted = {
            (name, currency): int(total) for name, currency, total in connection.execute(text(BALANCES))
        }
    bills = expected_bills(policies, plans, own)
    wanted = {tuple(map(str, row)) for row in expected(bills)}
    assert (sorted(rows - wanted)[:3], sorted(wanted - rows)[:3]) == ([], [])
    assert len(rows) > len(policies)
    assert posted == balances(bill.invoice for bill in bills)


@pytest.mark.long
def test_300_policies_of_random_plans_agree_through_file_store_and_runs(
    billing: Billing, tmp_path: Path
) -> None:
    agree(billing, tmp_path, seed=21, count=300)
    with billing.database.transaction() as connection:
        checks = run_checks(connection, None, at=datetime.now(UTC) + timedelta(hours=1))
    assert [result for result in checks if result.offender_count] == []


@pytest.mark.long
def test_the_policies_of_a_payer_agree_on_bills_that_many_of_them_share(
    billing: Billing, tmp_path: Path
) -> None:
    """Of random books hardly two policies fall due on one day; here most do, of several places, currencies.

    In Italy lines of business have rows of their own that say the same, which are one tax of a bill.
    """
    own = random_own_days(22)
    plans = tuple(
        replace(plan, plan_code=f"{plan.plan_code}_payer", lead_days=14, bill_per=BillPer.PAYER)
        for plan in DEFAULT_PLANS
        if plan.plan_code in {"monthly", "quarterly", "yearly"}
    )
    policies = [
        replace(
            policy,
            plan_code=plans[number % 3].plan_code,
            place_code="IT" if number // 12 % 2 else ("FR", "ES")[number % 7 == 0],
            line_of_business=("liability", "home", "motor_damage")[number // 24 % 3 * (number // 12 % 2)],
            currency=("EUR", "USD")[number % 5 == 0],
            effective_date=date(2023, 1 + 3 * (number % 4), 1),
            anchor_date=date(2023, 1 + 3 * (number % 4), 1),
            expiration_date=date(2024, 1 + 3 * (number % 4), 1),
            cover_to_date=None,
            cut_over_date=CUT_OVER,
        )
        for number, policy in enumerate(random_policies(seed=22, count=120))
    ]
    come_to_the_same(billing, tmp_path, policies, plans, own)
    terms = "select count(distinct policy_term_id) from invoice_line group by invoice_id"
    with billing.database.transaction() as connection:
        shared = [count for count in connection.execute(text(terms)).scalars() if count > 1]
        checks = run_checks(connection, None, at=datetime.now(UTC) + timedelta(hours=1))
        (of_several_rows,) = connection.execute(text(SEVERAL_LINES)).scalars()
    assert len(shared) > 50
    assert of_several_rows > 10
    assert [result for result in checks if result.offender_count] == []


@pytest.mark.slow
def test_5000_policies_of_random_plans_agree_through_file_store_and_runs(
    billing: Billing, tmp_path: Path
) -> None:
    agree(billing, tmp_path, seed=31, count=5_000)
