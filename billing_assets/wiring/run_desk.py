"""Runs that a person asks for in the office, or a system by the API: what one would bill, and starting it.

Belongs here: the order that a form or a call makes, its preview, and the entry in the audit log.
Does not belong here: the run itself (``build``), the thread that it is in (``run_starter``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.runs import CurrencyTotal, RunOrder
from billing_assets.domain.selections import Selection
from billing_assets.steps.crews import NothingKept, ThreadCrew
from billing_assets.steps.plan_due_charges import plan_run, require_selection
from billing_assets.steps.preview_catch_up import CatchUpPreview
from billing_assets.steps.run_ports import silent
from billing_assets.store.audit_log import record_act
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.run_starter import RunStarter


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPreview:
    """What a run would bill: its charges by outcome and currency, how many invoices, what of it is late."""

    order: RunOrder
    totals: Sequence[CurrencyTotal]
    late: CatchUpPreview

    @property
    def due_count(self) -> int:
        """How many charges are due."""
        return sum(total.charge_count for total in self.totals)

    @property
    def invoice_count(self) -> int:
        """How many invoices it would make, if nothing is caught up in one."""
        return self.late.per_period_count


class RunDesk:
    """Runs of the company of ``billing``, begun by ``starter``."""

    def __init__(self, billing: Billing, starter: RunStarter) -> None:
        """Use the program of whoever asks; ``starter`` is the one of the whole process."""
        self.billing = billing
        self.starter = starter

    def order(self, billing_date: date, selection: Selection, template_name: str = "") -> RunOrder:
        """Return the order of a run, if one could be begun now.

        Raises ``date_too_far``, ``selection_unknown``, ``template_name_inactive``, ``run_under_way``,
        ``run_of_other_selection``.
        """
        order = replace(
            self.billing.order(billing_date), selection=selection, template_name=template_name.strip()
        )
        self.billing.require_known(order)
        self.starter.require_free(self.billing, order)
        company_id = self.billing.runs.issuer(order.company_code).company_id
        require_selection(order, self.billing.runs.open_run(company_id, billing_date))
        return order

    def preview(self, order: RunOrder) -> RunPreview:
        """Return what a run would bill, by the whole book as it is now; writes nothing, waits for nobody."""
        runs = self.billing.runs
        issuer = runs.issuer(order.company_code)
        plan = plan_run(
            order,
            issuer,
            store=runs,
            crew=ThreadCrew(runs, NothingKept()),
            progress=silent,
            former=runs.open_run(issuer.company_id, order.billing_date),
            is_dry_run=True,
        )
        return RunPreview(order=order, totals=plan.totals, late=self.billing.preview_catch_up(order))

    def start(self, order: RunOrder, *, is_quiet: bool) -> None:
        """Begin a run in the background and keep who did so; raises ``run_under_way``.

        The same order again does what is missing, and nothing twice.
        """
        self.starter.start(self.billing, order, is_quiet=is_quiet)
        after: dict[str, object] = {**order.selection.record(), "is_delivered": not is_quiet}
        if order.template_name:
            after["template"] = order.template_name
        act = AuditAct(
            act=Act.START_RUN,
            subject=Subject.DAY,
            subject_id=order.billing_date.isoformat(),
            company_id=self.billing.runs.issuer(order.company_code).company_id,
            after=after,
        )
        with self.billing.database.transaction() as connection:
            record_act(connection, act, utc_now())
