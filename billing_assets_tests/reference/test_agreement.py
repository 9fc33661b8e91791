"""The program and the slow reference come to the same amounts and dates, to the minor unit.

The shipped plans are compared, and random ones with random closed days of the company. 2,000 policies agree
in each installment and in the runs of 36 months; 100,000 do so among the slow tests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

import polars as pl
import pytest

from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.domain.cash_rounding import CashUnit
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.columns import (
    CASH_UNIT_SCHEMA,
    CHARGE_LINE_SCHEMA,
    PAYER_SHARE_SCHEMA,
    SETTLED_SCHEMA,
    TERM_SCHEMA,
)
from billing_assets.frames.due_charges import due_charges
from billing_assets.frames.invoices import draft_invoices
from billing_assets.frames.numbered import Heading, number_drafts
from billing_assets_tests.frames.posted import by_account, posted
from billing_assets_tests.reference.calendars import NO_OWN_DAYS
from billing_assets_tests.reference.generate import (
    random_own_days,
    random_plans,
    random_policies,
    with_random_charges,
    with_random_payers,
    with_random_plan,
)
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.invoices import invoices
from billing_assets_tests.reference.ledger import postings
from billing_assets_tests.reference.policy import ReferencePolicy

COMPANY_PLACE = "ES"
FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
TAX_RULES = (
    pl.DataFrame([asdict(rule) for rule in shipped_tax_rules()], infer_schema_length=None)
    .with_row_index("tax_rule_id")
    .drop("source")
)
Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The plans, what the company has closed itself, and the cash units that it uses."""

    plans: tuple[PaymentPlan, ...] = DEFAULT_PLANS
    own: Mapping[str, frozenset[date]] = field(default_factory=lambda: NO_OWN_DAYS)
    cash_units: tuple[CashUnit, ...] = ()

    @property
    def rows(self) -> pl.DataFrame:
        """The plans as the frame that a run reads."""
        rows = pl.DataFrame([asdict(plan) for plan in self.plans], infer_schema_length=None)
        valid_to = pl.col("valid_to").cast(pl.Date)
        return (
            rows.with_row_index("payment_plan_id")
            .with_columns(valid_to, plan_sha256=pl.lit("s"))
            .drop("source")
        )

    @property
    def closed(self) -> ClosedDays:
        """The closed days as the program takes them."""
        return ClosedDays(by_purpose={Purpose(purpose): days for purpose, days in self.own.items()})

    @property
    def units(self) -> pl.DataFrame:
        """The cash units as the frame that a run reads."""
        rows = [
            {"cash_unit_id": number, **asdict(unit)} for number, unit in enumerate(self.cash_units, start=1)
        ]
        names = list(CASH_UNIT_SCHEMA)
        return pl.DataFrame([{name: row[name] for name in names} for row in rows], schema=CASH_UNIT_SCHEMA)


SHIPPED = Rules()


def by_chance(seed: int) -> Rules:
    return Rules(plans=random_plans(seed), own=random_own_days(seed))


def of_chance(policies: Iterable[ReferencePolicy]) -> list[ReferencePolicy]:
    """Return the policies with the random plans in place of the shipped ones."""
    return [with_random_plan(policy) for policy in policies]


def terms_of(policies: Iterable[ReferencePolicy]) -> pl.DataFrame:
    """Return the policies as the terms frame that a run reads."""
    rows = [
        {
            **{name: value for name, value in asdict(policy).items() if name not in {"charges", "payers"}},
            "policy_term_id": number,
            "policy_term_version_id": number,
            "payer_id": number,
            "payer_version_id": number,
            "hold_code": None,
            "term_sha256": f"{number:064x}",
            "payer_sha256": f"{number:064x}",
        }
        for number, policy in enumerate(policies, start=1)
    ]
    return pl.DataFrame(rows, schema=TERM_SCHEMA)


def charge_lines_of(policies: Iterable[ReferencePolicy]) -> pl.DataFrame:
    """Return the charges of the policies as the frame that a run reads."""
    rows = [
        {
            "policy_term_id": number,
            "charge_number": charge.number,
            "line_of_business": charge.line_of_business,
            "currency": policy.currency,
            "premium_minor": charge.amount_minor,
        }
        for number, policy in enumerate(policies, start=1)
        for charge in policy.charges
    ]
    return pl.DataFrame(rows, schema=CHARGE_LINE_SCHEMA)


def payer_shares_of(policies: Iterable[ReferencePolicy]) -> pl.DataFrame:
    """Return the payers of the policies as the frame that a run reads; their ids are their numbers."""
    rows = [
        {
            "policy_term_id": number,
            "payer_number": payer.number,
            "payer_id": payer.number,
            "payer_version_id": payer.number,
            "payer_sha256": f"{payer.number:064x}",
            "share_ppm": payer.share_ppm,
        }
        for number, policy in enumerate(policies, start=1)
        for payer in policy.payers
    ]
    return pl.DataFrame(rows, schema=PAYER_SHARE_SCHEMA)


def program_installments(terms: pl.DataFrame, rules: Rules) -> Rows:
    """Return every installment of the terms as the program sees it when all of them are due."""
    nothing = pl.DataFrame(schema=SETTLED_SCHEMA)
    due = due_charges(terms, rules.rows, nothing, date(2029, 6, 1), COMPANY_PLACE, rules.closed)
    due = due.filter(pl.col("charge_kind") == "premium")
    columns = (
        "policy_number",
        "installment_number",
        "installment_count",
        "period_from_date",
        "period_to_date",
        "net_minor",
        "due_date",
        "billing_date",
        "reason_code",
    )
    return sorted(due.select(columns).iter_rows(), key=lambda row: (row[0], row[1]))


def reference_installments(policies: Iterable[ReferencePolicy], rules: Rules) -> Rows:
    """Return the same from the reference."""
    rows: Rows = []
    for policy in policies:
        for item in installments(policy, COMPANY_PLACE, plans=rules.plans, own=rules.own):
            covered_to = item.period_to if item.zero_code == "no_cover" else item.covered_to
            rows.append(
                (
                    policy.policy_number,
                    item.number,
                    item.count,
                    item.period_from,
                    covered_to,
                    0 if item.zero_code else item.net_minor,
                    item.due_date,
                    item.billing_date,
                    item.zero_code,
                )
            )
    return sorted(rows, key=lambda row: (str(row[0]), row[1]))


def program_invoices(
    policies: list[ReferencePolicy], run_dates: Iterable[date], rules: Rules
) -> set[tuple[object, ...]]:
    """Return what the program invoices, run by run: one tuple per line and one per tax."""
    found: set[tuple[object, ...]] = set()
    settled, plans = pl.DataFrame(schema=SETTLED_SCHEMA), rules.rows
    terms, charge_lines, shares = terms_of(policies), charge_lines_of(policies), payer_shares_of(policies)
    for day in run_dates:
        due = due_charges(terms, plans, settled, day, COMPANY_PLACE, rules.closed, charge_lines, shares)
        drafts = draft_invoices(due, TAX_RULES)
        done = drafts.charges.filter(pl.col("outcome").is_in(["invoiced", "zero"]))
        settled = pl.concat([settled, done.select(pl.col(name) for name in SETTLED_SCHEMA).unique()])
        assert set(drafts.charges["outcome"]) <= {"invoiced", "zero"}
        heads = number_drafts(
            drafts,
            Heading(
                prefix="T-",
                first_number=1,
                issue_date=day,
                company_id=1,
                company_sha256="c",
                template_sha256="t",
            ),
            cash_units=rules.units,
            closed_due_days=rules.closed.of(Purpose.DUE),
        )
        owner = ("policy_number", "payer_number")
        owners = drafts.lines.select("draft_index", *owner).unique("draft_index")
        keyed = heads.join(owners, on="draft_index")
        keyed = keyed.with_columns(payable_minor=pl.col("total_minor") + pl.col("cash_rounding_minor"))
        head_columns = (*owner, "issue_date", "due_date", "net_minor", "tax_minor", "payable_minor")
        found.update(("invoice", *row) for row in keyed.select(head_columns).iter_rows())
        line_columns = (
            *(*owner, "installment_number", "charge_kind", "charge_number"),
            *("net_minor", "tax_minor"),
        )
        found.update(("line", day, *row) for row in drafts.lines.select(line_columns).iter_rows())
        taxes = drafts.taxes.join(keyed.select("draft_index", *owner, "due_date"), on="draft_index")
        tax_columns = (*owner, "due_date", "tax_code", "rate_ppm", "base_minor", "tax_minor")
        found.update(("tax", day, *row) for row in taxes.select(tax_columns).iter_rows())
        legs = by_account(posted(drafts, heads)).join(
            keyed.select("draft_index", *owner, "due_date"), on="draft_index"
        )
        leg_columns = (*owner, "due_date", "account_name", "amount_minor")
        found.update(("posting", day, *row) for row in legs.select(leg_columns).iter_rows())
    return found


def reference_invoices(
    policies: Iterable[ReferencePolicy], run_dates: list[date], rules: Rules
) -> set[tuple[object, ...]]:
    """Return the same from the reference."""
    found: set[tuple[object, ...]] = set()
    for policy in policies:
        for item in invoices(
            policy,
            COMPANY_PLACE,
            run_dates,
            plans=rules.plans,
            own=rules.own,
            cash_units=rules.cash_units,
        ):
            key = (policy.policy_number, item.payer_number)
            amounts = (item.net_minor, item.tax_minor, item.payable_minor)
            found.add(("invoice", *key, item.issue_date, item.due_date, *amounts))
            found.update(
                (
                    *("line", item.run_date, *key, line.installment_number),
                    *(line.charge_kind, line.charge_number, line.net_minor, line.tax_minor),
                )
                for line in item.lines
            )
            found.update(
                ("posting", item.run_date, *key, item.due_date, *posting)
                for posting in postings(item).items()
            )
            found.update(
                (
                    "tax",
                    item.run_date,
                    *key,
                    item.due_date,
                    tax.tax_code,
                    tax.rate_ppm,
                    tax.base_minor,
                    tax.tax_minor,
                )
                for tax in item.taxes
            )
    return found


def days(step: int) -> list[date]:
    """Return every ``step``-th day of the 36 months."""
    count = (LAST - FIRST).days + 1
    return [FIRST + timedelta(days=number) for number in range(0, count, step)]


def assert_same_installments(policies: list[ReferencePolicy], rules: Rules = SHIPPED) -> None:
    """Compare installment by installment, showing the first that differs."""
    ours = program_installments(terms_of(policies), rules)
    theirs = reference_installments(policies, rules)
    for mine, expected in zip(ours, theirs, strict=False):
        assert mine == expected
    assert len(ours) == len(theirs)


def assert_same_invoices(
    policies: list[ReferencePolicy], run_dates: list[date], rules: Rules = SHIPPED
) -> None:
    """Compare all invoices, lines and taxes of the runs."""
    ours = program_invoices(policies, run_dates, rules)
    theirs = reference_invoices(policies, run_dates, rules)
    only_ours, only_theirs = sorted(ours - theirs, key=str)[:3], sorted(theirs - ours, key=str)[:3]
    assert (only_ours, only_theirs) == ([], [])
    assert len(ours) > len(policies)


@pytest.mark.long
def test_every_installment_of_2000_policies_agrees_with_the_reference() -> None:
    assert_same_installments(random_policies(seed=11, count=2_000))


@pytest.mark.long
def test_runs_over_36_months_make_the_invoices_of_the_reference() -> None:
    assert_same_invoices(random_policies(seed=12, count=2_000), days(step=40))


@pytest.mark.long
def test_random_plans_and_closed_days_agree_with_the_reference() -> None:
    """Leads in both units, any roll, closed days of the company, and everything that a plan arranges."""
    policies, rules = of_chance(random_policies(seed=50, count=500)), by_chance(50)
    assert_same_installments(policies, rules)
    assert_same_invoices(policies, days(step=40), rules)


@pytest.mark.long
def test_premiums_of_several_charges_agree_with_the_reference() -> None:
    """Each charge is taxed by its own line of business, under the shipped plans and under random ones."""
    policies = with_random_charges(7, random_policies(seed=70, count=400))
    assert sum(len(policy.charges) > 1 for policy in policies) > 250
    assert_same_invoices(policies, days(step=60))
    assert_same_invoices(of_chance(policies), days(step=60), by_chance(70))


@pytest.mark.long
def test_premiums_of_several_payers_agree_with_the_reference() -> None:
    """Each payer has invoices of their own, of whole premiums, of charges, and of fees."""
    policies = with_random_payers(8, random_policies(seed=80, count=300))
    assert sum(len(policy.payers) > 1 for policy in policies) > 200
    assert_same_invoices(policies, days(step=60))
    split = with_random_charges(9, policies)
    assert_same_invoices(split, days(step=60))
    assert_same_invoices(of_chance(split), days(step=60), by_chance(80))


@pytest.mark.long
def test_sums_payable_in_cash_agree_with_the_reference() -> None:
    """Units that can tie and units that cannot, one that ends and is followed by another, one to come."""
    rows = (
        ("EUR", 5, date(2000, 1, 1), date(2024, 7, 1)),
        ("EUR", 100, date(2024, 7, 1), None),
        ("JPY", 10, date(2000, 1, 1), None),
        ("KWD", 250, date(2024, 1, 1), None),
        ("USD", 5, date(2099, 1, 1), None),
    )
    units = tuple(
        CashUnit(
            currency=currency,
            cash_unit_minor=unit,
            tie_rule="half up",
            valid_from=first,
            valid_to=end,
            source="a test",
        )
        for currency, unit, first, end in rows
    )
    assert_same_invoices(random_policies(seed=14, count=500), days(step=40), Rules(cash_units=units))


@pytest.mark.slow
def test_daily_runs_over_36_months_make_the_invoices_of_the_reference() -> None:
    assert_same_invoices(random_policies(seed=13, count=600), days(step=1))


@pytest.mark.slow
def test_frequent_runs_of_random_plans_agree_with_the_reference() -> None:
    assert_same_invoices(of_chance(random_policies(seed=51, count=500)), days(step=10), by_chance(51))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_100000_policies_agree_with_the_reference(seed: int) -> None:
    policies = random_policies(seed=1_000 + seed, count=5_000)
    assert_same_installments(policies)
    assert_same_invoices(policies, days(step=90))
    assert_same_installments(of_chance(policies[:300]), by_chance(seed))
