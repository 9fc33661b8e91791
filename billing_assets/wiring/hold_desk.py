"""Holds, as people set and lift them.

Belongs here: setting, lifting and simulating a hold of a company, what waits in the outbox because of one.
Does not belong here: what a hold covers (``domain.holds``), rows (``store.holds``).
"""

from dataclasses import dataclass

from billing_assets.domain.decisions import signed
from billing_assets.domain.holds import Hold, HoldClock, HoldTerms, hold_unknown
from billing_assets.steps.crews import NothingKept, ThreadCrew
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.simulate_hold import HoldSimulation, simulate_hold
from billing_assets.store.holds import add_hold, lift_hold, read_holds, require_products, waiting_by
from billing_assets.store.locks import hold_runs
from billing_assets.wiring.build import Billing, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPreview:
    """What a hold would touch: ``volume`` where it stops billing, and the messages that would wait now."""

    volume: HoldSimulation | None
    waiting_count: int


class HoldDesk:
    """The holds of the company of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the company of ``billing``."""
        self.billing = billing
        self.database = billing.database
        self.company_id = billing.runs.issuer(billing.company_code()).company_id

    def holds(self, *, with_lifted: bool = False) -> list[Hold]:
        """Return the holds that stand, oldest first, or all there ever were."""
        with self.database.transaction() as connection:
            return read_holds(connection, self.company_id, standing=not with_lifted)

    def hold(self, hold_id: int) -> Hold:
        """Return a hold by its number, lifted or not; raise ``hold_unknown``."""
        for hold in self.holds(with_lifted=True):
            if hold.hold_id == hold_id:
                return hold
        raise hold_unknown(hold_id)

    def simulate(self, terms: HoldTerms, *, progress: Progress = silent) -> HoldPreview:
        """Return what a hold would touch; it reads the whole book and writes nothing.

        Raises ``hold_product_unknown``.
        """
        with self.database.transaction() as connection:
            require_products(connection, self.company_id, terms.product_codes)
            waiting = waiting_by(connection, self.company_id, terms) if HoldClock.SEND in terms.clocks else 0
        volume = None
        if HoldClock.BILL in terms.clocks:
            runs = self.billing.runs
            volume = simulate_hold(
                self.billing.company_code(),
                terms,
                store=runs,
                crew=ThreadCrew(runs, NothingKept()),
                progress=progress,
            )
        return HoldPreview(volume=volume, waiting_count=waiting)

    def set(self, terms: HoldTerms, *, reason: str, by: str, progress: Progress = silent) -> Hold:
        """Set a hold and return it; it waits until no run of the company is under way.

        Raises ``hold_product_unknown``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        with self.database.transaction() as connection:
            hold_runs(connection, self.company_id, progress)
            at = utc_now()
            hold_id = add_hold(connection, self.company_id, terms, reason=reason, by=by, at=at)
        return self.hold(hold_id)

    def lift(self, hold_id: int, *, reason: str, by: str, progress: Progress = silent) -> Hold:
        """End a hold that stands and return it; it waits until no run of the company is under way.

        Raises ``hold_unknown``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        with self.database.transaction() as connection:
            hold_runs(connection, self.company_id, progress)
            at = utc_now()
            lift_hold(connection, self.company_id, hold_id, reason=reason, by=by, at=at)
        return self.hold(hold_id)
