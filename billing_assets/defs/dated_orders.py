"""The order of a billing date, as the run of Dagster asks for it.

Belongs here: what a run without a form says by its tags. Does not belong here: forms (``asked_runs``), which
dates a run has (``partitions``).
"""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from billing_assets.defs.conventions import TEMPLATE_TAG
from billing_assets.domain.runs import RunOrder

if TYPE_CHECKING:
    from billing_assets.wiring.build import Billing


def order_of(context: dg.AssetExecutionContext, program: "Billing", billing_date: date) -> RunOrder:
    """Return the order of a date, by the templates that the run's tag ``billing/template`` names."""
    return replace(program.order(billing_date), template_name=context.run.tags.get(TEMPLATE_TAG, ""))
