"""What the keeping of payment plans needs from the world.

Belongs here: the file and the store's side, as protocols and the values that cross them, and the one error
that names every bad field. Does not belong here: any implementation (``feeds``, ``store``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from billing_assets.domain.errors import BillingError
from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.domain.text_fields import Fault

_MOST_NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPlan:
    """A plan row and where it stands, for whoever has to correct it."""

    place: str
    plan: PaymentPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """The plan rows of a file."""

    name: str
    plans: tuple[PlacedPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlans:
    """How many rows were new, ended a row that was there, or said what is there already."""

    new_count: int
    ended_count: int
    unchanged_count: int


def plans_invalid(name: str, faults: Sequence[tuple[str, Fault]]) -> BillingError:
    """Return the error that names place and field of every fault."""
    words = [
        f"{place}, {fault.field}: {fault.words}" if fault.field else f"{place}: {fault.words}"
        for place, fault in faults[:_MOST_NAMED]
    ]
    more = f"; and {len(faults) - _MOST_NAMED} more" if len(faults) > _MOST_NAMED else ""
    return BillingError(
        "plans_invalid",
        f"{name}: {'; '.join(words)}{more}",
        "correct it and do it again; nothing of it was taken",
    )


class PlanReader(Protocol):
    """Reads a file of plans."""

    def read(self, path: Path) -> PlanFile:
        """Return the plan rows of the file, or raise where it cannot be taken whole."""
        ...


class PlanStore(Protocol):
    """Keeps plans."""

    def keep(self, file: PlanFile, note: str, recorded_by: str) -> KeptPlans:
        """Add what is new and end what the rows end, in one transaction, or raise and change nothing."""
        ...

    def end(self, plan_code: str, day: date, note: str, recorded_by: str) -> bool:
        """End the open row of a plan; return whether that changed anything."""
        ...
