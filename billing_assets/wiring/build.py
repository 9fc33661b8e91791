"""The program, put together: every step with its adapters.

Belongs here: the one place where ports meet adapters, and the only clock.
Does not belong here: opening a store (``opening``), rules, SQL, formats of output.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from billing_assets.documents.press import TemplatePress
from billing_assets.documents.run_chart import run_chart
from billing_assets.documents.templates import Template, default_templates_dir
from billing_assets.domain.backdating import UNASKED, Backdating, IssueOn, IssueRule, approved_backdating
from billing_assets.domain.checks import STANDING_CHECKS, CheckResult
from billing_assets.domain.companies import Company, company_unclear
from billing_assets.domain.credits import CreditOrder, WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.run_decisions import RunDecisionOrder, run_not_open
from billing_assets.domain.runs import CatchUp, RunOrder, RunState
from billing_assets.domain.template_choice import TemplateChoice
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.close_day import close_day
from billing_assets.steps.credit_invoices import CreditOutcome, credit_invoices
from billing_assets.steps.decide_run import decide_run
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.plan_due_charges import plan_due_charges
from billing_assets.steps.preview_catch_up import CatchUpPreview, preview_catch_up
from billing_assets.steps.print_documents import print_documents
from billing_assets.steps.raise_invoices import raise_invoices
from billing_assets.steps.replay_runs import Replay, ReplayOrder, replay_runs
from billing_assets.steps.resolve_deliveries import resolve_deliveries
from billing_assets.steps.result import Report, StepResult, untold
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.check_results import run_kept_checks
from billing_assets.store.closed_days import SqlClosedDayStore
from billing_assets.store.companies import company_codes
from billing_assets.store.connection import Database
from billing_assets.store.credits import SqlCreditStore
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.delivery_decisions import SqlDecisionStore
from billing_assets.store.delivery_listings import list_waiting_dates
from billing_assets.store.replays import SqlReplayStore
from billing_assets.store.run_decisions import SqlRunDecisionStore
from billing_assets.store.run_history import BookStamp, read_book_stamp, read_run_reports
from billing_assets.store.run_listings import show_run
from billing_assets.store.runs import SqlRunStore
from billing_assets.store.selections import require_known
from billing_assets.store.statistics import refresh_statistics
from billing_assets.wiring.mail import mailroom
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.template_shelf import TemplateShelf
from billing_assets.wiring.tools import Tools
from billing_assets.wiring.worker_processes import ProcessCrew, WorkerPool


def utc_now() -> datetime:
    """Return the present instant; the only place of the program that asks for it."""
    return datetime.now(UTC)


def today_of(company: Company) -> date:
    """Return the business date that it is now where the company lives."""
    return company.date_at(utc_now())


def time_zone_differs(company: Company, time_zone: str) -> BillingError:
    """Return the error for a company whose zone is not the one in which Dagster counts billing dates."""
    return BillingError(
        "time_zone_differs",
        f"company '{company.company_code}' lives in {company.time_zone}, Dagster counts dates in {time_zone}",
        f"set BILLING_TIME_ZONE={company.time_zone}, or correct 'time_zone' with 'billing company set FILE'",
    )


class Billing:
    """Every step of billing, ready to call; made by :func:`open_billing`."""

    def __init__(self, settings: Settings, database: Database, stack: ExitStack) -> None:
        """Put the adapters together over one database; ``stack`` closes them."""
        self.settings = settings
        self.database = database
        self.tools = Tools(settings, database, stack, utc_now)
        self.runs = SqlRunStore(database, utc_now)
        self.documents = SqlDocumentStore(database, utc_now, pull_days=settings.pull_days)

    def company_code(self) -> str:
        """Return the company to work for: the one of the settings, or the only one there is."""
        if self.settings.company:
            return self.settings.company
        with self.database.transaction() as connection:
            codes = company_codes(connection)
        if len(codes) != 1:
            raise company_unclear(codes)
        return codes[0]

    def require_time_zone(self) -> str:
        """Return the company's time zone, or raise ``time_zone_differs`` where the settings name another one.

        Dagster counts its billing dates in the zone of the settings before any store is open; the business
        day of a run is that of the company. Two zones would bill a date on its eve or on the morning after.
        """
        company = self.runs.issuer(self.company_code()).company
        if company.time_zone != self.settings.time_zone:
            raise time_zone_differs(company, self.settings.time_zone)
        return company.time_zone

    @property
    def shelf(self) -> TemplateShelf:
        """The templates of this program and of its companies."""
        return self.tools.shelf

    @property
    def press(self) -> TemplatePress:
        """The press."""
        return self.tools.press

    @property
    def pool(self) -> WorkerPool:
        """The worker processes for large books."""
        return self.tools.pool

    def template_of(self, kind: DocumentKind) -> Template:
        """Return the template of this program for a kind of document."""
        return self.shelf.shipped(kind)

    def template_choice(self, kind: DocumentKind, issuing_date: date, name: str = "") -> TemplateChoice:
        """Return the templates that documents of this company freeze which are issued on a day."""
        return self.shelf.choice_on(self._company_id(), kind, issuing_date, name)

    def templates_on(self, issuing_date: date, name: str = "") -> Templates:
        """Return the templates of both kinds of document for a day; those of credit notes when asked for."""
        return Templates(
            invoice=self.template_choice(DocumentKind.INVOICE, issuing_date, name),
            credit=lambda: self.template_choice(DocumentKind.CREDIT_NOTE, issuing_date, name),
        )

    def order(
        self,
        billing_date: date,
        issuing_date: date | None = None,
        backdating: Backdating = UNASKED,
        catch_up: CatchUp | None = None,
        company: Company | None = None,
    ) -> RunOrder:
        """Return the order of a run of a date; its documents carry ``issuing_date``, or the day of issue.

        Raises ``date_too_far`` where the billing date lies further ahead than may be billed, and what
        :func:`approved_backdating` raises.
        """
        company = company or self.runs.issuer(self.company_code()).company
        rule, coming_days = self.issue_rule(company), self.settings.coming_days
        if billing_date > rule.today + timedelta(days=coming_days):
            raise BillingError(
                "date_too_far",
                f"{billing_date} lies more than {coming_days} days ahead",
                "correct the date; BILLING_COMING_DAYS says how far ahead may be billed",
            )
        issued_on = issuing_date or rule.day_of(billing_date)
        return RunOrder(
            company_code=company.company_code,
            billing_date=billing_date,
            issuing_date=issued_on,
            backdating=approved_backdating(rule, billing_date, issued_on, backdating),
            catch_up=catch_up,
        )

    def issue_rule(self, company: Company) -> IssueRule:
        """Return by which rule documents of the company are dated today."""
        on, days = IssueOn(self.settings.issue_on), self.settings.backdating_days
        return IssueRule(issue_on=on, today=today_of(company), bound_days=days)

    def plan(self, order: RunOrder, *, is_dry_run: bool = False, progress: Progress = silent) -> StepResult:
        """Count what is due on a date; raises ``selection_unknown``, ``template_name_inactive``."""
        self.require_known(order)
        crew = ProcessCrew(self.runs, self.pool, keeps=False)
        return plan_due_charges(order, store=self.runs, crew=crew, progress=progress, is_dry_run=is_dry_run)

    def preview_catch_up(self, order: RunOrder, *, progress: Progress = silent) -> CatchUpPreview:
        """Return what a run of a date would catch up; see :func:`preview_catch_up`."""
        return preview_catch_up(order, store=self.runs, progress=progress)

    def invoice(self, order: RunOrder, *, progress: Progress = silent) -> StepResult:
        """Issue what is due on a date; raises ``selection_unknown``, ``template_name_inactive``."""
        self.require_known(order)
        return raise_invoices(
            order,
            store=self.runs,
            crew=ProcessCrew(self.runs, self.pool, keeps=True),
            templates=lambda run: self.templates_on(run.issuing_date, run.template_name),
            progress=progress,
        )

    def require_known(self, order: RunOrder) -> None:
        """Raise ``selection_unknown`` or ``template_name_inactive`` where nothing could answer an order."""
        if not order.selection.is_everything:
            with self.database.transaction() as connection:
                require_known(connection, self._company_id(), order.selection)
        if order.template_name:
            self.template_choice(DocumentKind.INVOICE, order.issuing_date, order.template_name)

    def decide(self, order: RunDecisionOrder, *, progress: Progress = silent) -> StepResult:
        """Take a person's decision on a run; see :func:`decide_run`."""
        store = SqlRunDecisionStore(self.database, utc_now)
        return decide_run(self.company_code(), order, store=store, progress=progress)

    def order_of_run(self, run_id: int) -> RunOrder:
        """Return the order by which a planned run goes on; raise ``run_unknown`` or ``run_not_open``."""
        issuer = self.runs.issuer(self.company_code())
        with self.database.transaction() as connection:
            run = show_run(connection, issuer.company_id, run_id)
        planned_on = issuer.company.date_at(datetime.fromisoformat(run.report["planned_at"]))
        billing_date, issuing_date = (
            date.fromisoformat(run.report[name]) for name in ("billing_date", "issuing_date")
        )
        is_given = issuing_date < planned_on
        planned = self.runs.open_run(issuer.company_id, billing_date)
        if planned is None or planned.run_id != run_id:
            raise run_not_open(run_id, RunState(run.state), "billed")
        order = self.order(billing_date, issuing_date if is_given else None, run.backdating, planned.catch_up)
        return replace(order, selection=planned.selection, template_name=planned.template_name)

    def credit_order(
        self,
        wanted: Sequence[WantedCredit],
        *,
        reason: str,
        approved_by: str,
        billing_date: date | None = None,
    ) -> CreditOrder:
        """Return the order of a correction, by default as of today where the company lives.

        Raises ``date_too_far`` as :meth:`order` does.
        """
        issuer = self.runs.issuer(self.company_code())
        order = self.order(billing_date or today_of(issuer.company))
        return CreditOrder(
            company_code=order.company_code,
            billing_date=order.billing_date,
            issuing_date=order.issuing_date,
            credits=tuple(wanted),
            reason=reason,
            approved_by=approved_by,
        )

    def credit(
        self, order: CreditOrder, *, is_dry_run: bool = False, progress: Progress = silent
    ) -> CreditOutcome:
        """Give back what an order names by credit notes; see :func:`credit_invoices`."""
        return credit_invoices(
            order,
            store=SqlCreditStore(self.database, utc_now),
            template=self.template_choice(DocumentKind.CREDIT_NOTE, order.issuing_date),
            progress=progress,
            is_dry_run=is_dry_run,
        )

    def print(self, billing_date: date | None, *, progress: Progress = silent) -> StepResult:
        """Make the documents of a date and print their proofs."""
        return print_documents(
            self.company_code(), billing_date, store=self.documents, press=self.press, progress=progress
        )

    def deliver(
        self,
        billing_date: date | None,
        *,
        is_due_only: bool = False,
        progress: Progress = silent,
        report: Report = untold,
    ) -> StepResult:
        """Send what waits to be sent, whatever the checks say; see :meth:`send`."""
        send = mailroom(self.settings, self.documents, self.press, utc_now)
        code = self.company_code()
        return send(code, billing_date, is_due_only=is_due_only, progress=progress, report=report)

    def waiting_dates(self, *, is_due_only: bool = False) -> list[date]:
        """Return the billing dates of which a message waits to be sent, or is due by now, oldest first.

        What is held until a later day than today, by the company's clock, does not wait yet.
        """
        issuer = self.runs.issuer(self.company_code())
        with self.database.transaction() as connection:
            now = utc_now()
            due_at = now if is_due_only else None
            return list_waiting_dates(connection, issuer.company_id, today_of(issuer.company), due_at, at=now)

    def resolve(self, order: DecisionOrder) -> StepResult:
        """Take a person's decision on deliveries; see :func:`resolve_deliveries`."""
        return resolve_deliveries(self.company_code(), order, store=SqlDecisionStore(self.database, utc_now))

    def close_day(self, order: ClosedDayOrder, *, progress: Progress = silent) -> StepResult:
        """Close a day for the company, or open it again; see :func:`close_day`."""
        store = SqlClosedDayStore(self.database, utc_now)
        return close_day(self.company_code(), order, store=store, progress=progress)

    def replay(
        self, from_date: date, to_date: date, *, limit: int = 1_000, progress: Progress = silent
    ) -> Replay:
        """Work the closed runs of these billing dates out again; see :func:`replay_runs`."""
        order = ReplayOrder(
            company_code=self.company_code(), from_date=from_date, to_date=to_date, limit=limit
        )
        return replay_runs(order, store=SqlReplayStore(self.database), progress=progress)

    def audit(self, billing_date: date | None = None, progress: Progress = silent) -> list[CheckResult]:
        """Run every check, over the runs of one date or over everything; offenders are values, not errors.

        Everything is what the company has that the settings name, or the whole store where they name none.
        """
        is_store = billing_date is None and not self.settings.company
        return self._checks(billing_date, None if is_store else self._company_id(), progress)

    def _company_id(self) -> int:
        return self.runs.issuer(self.company_code()).company_id

    def _checks(self, day: date | None, company_id: int | None, progress: Progress) -> list[CheckResult]:
        with self.database.transaction() as connection:
            refresh_statistics(connection)
            tell = partial(progress, "checking")
            return run_kept_checks(connection, day, at=utc_now(), company_id=company_id, tell=tell)

    def run(
        self, order: RunOrder, *, is_quiet: bool = False, progress: Progress = silent
    ) -> Iterator[StepResult]:
        """Bill a date from book to mailbox, yielding each step's result; a quiet run sends nothing.

        This is the order of the steps. Raises ``audit_failed`` before anything is sent where an invariant is
        broken.
        """
        yield self.invoice(order, progress=progress)
        yield self.print(order.billing_date, progress=progress)
        if is_quiet:
            self.require_clean(order.billing_date, progress)
        else:
            yield self.send(order.billing_date, progress=progress)

    def send(
        self,
        billing_date: date | None,
        *,
        is_due_only: bool = False,
        progress: Progress = silent,
        report: Report = untold,
    ) -> StepResult:
        """Deliver behind the gate: every blocking check passes, or ``audit_failed`` and nothing leaves."""
        self.require_clean(billing_date, progress)
        return self.deliver(billing_date, is_due_only=is_due_only, progress=progress, report=report)

    def require_clean(self, billing_date: date | None, progress: Progress = silent) -> None:
        """Raise ``audit_failed``, naming what is broken for this company, unless all that blocks passes."""
        broken = [
            result
            for result in self._checks(billing_date, self._company_id(), progress)
            if result.offender_count and result.check.check_id not in STANDING_CHECKS
        ]
        if broken:
            named = "; ".join(f"{result.check.check_id}: {', '.join(result.examples)}" for result in broken)
            raise BillingError(
                "audit_failed", named, "nothing was sent; 'billing audit' shows every offender"
            )

    def book_stamp(self) -> BookStamp:
        """Return which policy book the company has now."""
        company_code = self.company_code()
        with self.database.transaction() as connection:
            return read_book_stamp(connection, company_code)

    def run_reports(self, billing_date: date) -> tuple[dict[str, Any], ...]:
        """Return the reports of the finalised runs of a date, in order."""
        company_code = self.company_code()
        with self.database.transaction() as connection:
            return read_run_reports(connection, company_code, billing_date)

    def run_chart(self, report: Mapping[str, Any]) -> bytes:
        """Return the chart of a run report, a PNG."""
        return run_chart(report, self.settings.templates_dir or default_templates_dir())
