"""The rows that amounts are worked out by, as people list them and add to them.

Belongs here: tax rows, cash units, payment plans. Does not belong here: what is of a company (``desk``), the
rows (``domain``), SQL (``store``).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from billing_assets.domain.cash_rounding import CashUnit
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.domain.plan_records import plan_from
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.feeds.plan_files import PlanFiles
from billing_assets.steps.plan_ports import KeptPlans, PlacedPlan, PlanFile, plans_invalid
from billing_assets.steps.read_payment_plans import read_payment_plans
from billing_assets.steps.result import StepResult
from billing_assets.store import plan_rows, rule_listings
from billing_assets.store.connection import Database
from billing_assets.wiring.build import utc_now


class RuleDesk:
    """Rule rows of a store; they are of no company."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database

    def tax_rules(self, place_code: str = "", day: date | None = None) -> list[TaxRule]:
        """Return the tax rows of a place, or of all, that hold on ``day``; raise ``place_unknown``."""
        if place_code and place_code not in PLACES:
            raise BillingError(
                "place_unknown",
                f"there is no place '{place_code[:12]}'",
                f"choose from {', '.join(sorted(PLACES))}",
            )
        with self.database.transaction() as connection:
            return rule_listings.list_tax_rules(connection, place_code, day)

    def cash_units(self, day: date | None = None) -> list[CashUnit]:
        """Return the rows of the smallest cash amounts that hold on ``day``, or on any."""
        with self.database.transaction() as connection:
            return rule_listings.list_cash_units(connection, day)

    def plans(self, plan_code: str = "", day: date | None = None) -> list[plan_rows.PlanRow]:
        """Return the rows of a payment plan, or of all, that hold on ``day``, or on any."""
        with self.database.transaction() as connection:
            return plan_rows.list_plans(connection, plan_code, day)

    def import_plans(self, path: Path, note: str, recorded_by: str) -> StepResult:
        """Keep the plan rows of a file; see :func:`read_payment_plans`."""
        store = plan_rows.SqlPlanStore(self.database, utc_now)
        return read_payment_plans(path, note, recorded_by, reader=PlanFiles(), store=store)

    def add_plan(self, texts: Mapping[str, str], note: str, recorded_by: str) -> KeptPlans:
        """Keep one plan row; raise ``plans_invalid`` naming every field that is wrong."""
        note, recorded_by = signed(note, recorded_by)
        plan, faults = plan_from(texts)
        if plan is None:
            raise plans_invalid("the plan", [("row 1", fault) for fault in faults])
        file = PlanFile(name="the plan", plans=(PlacedPlan(place="row 1", plan=plan),))
        return plan_rows.SqlPlanStore(self.database, utc_now).keep(file, note, recorded_by)

    def end_plan(self, plan_code: str, day: date, note: str, recorded_by: str) -> bool:
        """End the open row of a plan before ``day``; return whether that changed anything."""
        note, recorded_by = signed(note, recorded_by)
        return plan_rows.SqlPlanStore(self.database, utc_now).end(plan_code, day, note, recorded_by)
