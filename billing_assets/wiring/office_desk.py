"""What the pages of the office show: the day, runs beside comparable ones, worklists, the forecast.

Belongs here: the reads that a page is made of, each in one transaction.
Does not belong here: what people do there (``worklists``), single records that the command line shows too
(``desk``), SQL (``store``), how anything looks (``portal``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from billing_assets.domain.business_days import add_months
from billing_assets.domain.companies import Company
from billing_assets.domain.mail_forms import MailForm, shows_link, with_addresses
from billing_assets.domain.retries import RetryRule
from billing_assets.domain.runs import Outcome, RunKind, RunState
from billing_assets.domain.selections import Selection
from billing_assets.domain.time_zones import instant_of
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.store import failures, problem_listings, run_charges, run_listings
from billing_assets.store.document_views import view_document
from billing_assets.store.failures import tally_failures
from billing_assets.store.inbox import count_open
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.retries import failed_charge
from billing_assets.store.run_overview import (
    DateVolume,
    OnDemandDay,
    RunProgress,
    billed_on_demand,
    billed_since,
    runs_in_progress,
    volumes_of,
)
from billing_assets.store.worklist_tallies import ReasonTally, tally_deliveries, tally_problems
from billing_assets.store.worklists import Note, last_notes, notes_of_problem
from billing_assets.wiring.bounces import BounceDesk
from billing_assets.wiring.build import today_of, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.portal_links import PORTAL_PATH

_RECENT_RUNS = 50
_WEEKS_BACK, _MONTHS_BACK = 6, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAmounts:
    """What was invoiced on a day in one currency, by runs of a date and on demand."""

    day: date
    currency: str
    invoice_count: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The day at a glance; ``now`` is the instant of which all of it is.

    ``open_runs`` are neither final nor rejected; ``finished`` ended today or yesterday, the newest first.
    """

    now: datetime
    day: date
    open_runs: Sequence[run_listings.RunRow]
    progress: Mapping[int, RunProgress]
    finished: Sequence[run_listings.RunRow]
    on_demand: Sequence[OnDemandDay]
    amounts: Sequence[DayAmounts]
    failures: Sequence[ReasonTally]
    problems: Sequence[ReasonTally]
    deliveries: Sequence[ReasonTally]
    open_request_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDay:
    """A date that a run is compared with: of the same weekday, of the same day of the month, or both."""

    billing_date: date
    is_same_weekday: bool
    is_same_day: bool
    volumes: Sequence[DateVolume]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLine:
    """A problem in a worklist, with its last note."""

    problem: problem_listings.ProblemRow
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An e-mail as it is sent, with the address that the invoice froze; it holds personal data."""

    to_email: str
    subject: str
    words: str
    html: str


class OfficeDesk:
    """The reading side of the pages, over a desk."""

    def __init__(self, desk: Desk) -> None:
        """Use the store and the company of ``desk``."""
        self.desk = desk
        self.database = desk.database

    @cached_property
    def company(self) -> Company:
        """The newest settings of the company."""
        return self.desk.company()

    @property
    def today(self) -> date:
        """The business date that it is now where the company lives."""
        return today_of(self.company)

    def overview(self) -> Today:
        """Return the day at a glance."""
        now, zone = utc_now(), ZoneInfo(self.company.time_zone)
        day = now.astimezone(zone).date()
        days = (day, day - timedelta(days=1))
        since = instant_of(days[1], time(), self.company.time_zone)
        company_id, wanted = self.desk.company_id, run_listings.RunFilter(is_recent=True, limit=_RECENT_RUNS)
        with self.database.transaction() as connection:
            newest = run_listings.list_runs(connection, company_id, wanted)
            on_demand = billed_on_demand(connection, company_id, days)
            finished = [run for run in newest if run.finalised_at is not None and run.finalised_at >= since]
            return Today(
                now=now,
                day=day,
                open_runs=run_listings.open_runs(connection, company_id),
                progress={row.run_id: row for row in runs_in_progress(connection, company_id)},
                finished=finished,
                on_demand=on_demand,
                amounts=_amounts(
                    billed_since(connection, company_id, since, self.company.time_zone), on_demand
                ),
                failures=tally_failures(connection, company_id),
                problems=tally_problems(connection, company_id),
                deliveries=tally_deliveries(connection, company_id),
                open_request_count=count_open(connection, company_id),
            )

    def runs(self, wanted: run_listings.RunFilter) -> list[run_listings.RunRow]:
        """Return the newest runs that fit."""
        with self.database.transaction() as connection:
            return run_listings.list_runs(connection, self.desk.company_id, wanted)

    def last_runs_of(self, days: Collection[date]) -> Mapping[tuple[date, Selection], int]:
        """Return billing date and selection -> id of the last run of these, of the dates that were run."""
        with self.database.transaction() as connection:
            return run_listings.last_runs_of(connection, self.desk.company_id, days) if days else {}

    def progress(self, run_id: int) -> RunProgress | None:
        """Return how far a run that is under way has come, or None of another one."""
        with self.database.transaction() as connection:
            found = runs_in_progress(connection, self.desk.company_id)
        return next((row for row in found if row.run_id == run_id), None)

    def compared(self, run: run_listings.RunDetail) -> list[ComparedDay]:
        """Return what the date of a run and comparable dates before it came to, the oldest first."""
        is_of_date = run.run_kind == RunKind.BILLING
        return self.compared_dates(date.fromisoformat(run.report["billing_date"])) if is_of_date else []

    def compared_dates(self, day: date) -> list[ComparedDay]:
        """Return what a date and comparable dates before it came to, the oldest first.

        Comparable are the same weekday of the weeks before and the same day of the months before; a month
        that is too short has its last day. A date without a finished run is left out.
        """
        weeks = [day - timedelta(days=7 * number) for number in range(1, _WEEKS_BACK + 1)]
        months = [add_months(day, -number) for number in range(1, _MONTHS_BACK + 1)]
        days = sorted({day, *weeks, *months})
        with self.database.transaction() as connection:
            found = volumes_of(connection, self.desk.company_id, days)
        return [
            ComparedDay(
                billing_date=each,
                is_same_weekday=each in weeks,
                is_same_day=each in months,
                volumes=[row for row in found if row.billing_date == each],
            )
            for each in days
            if any(row.billing_date == each for row in found)
        ]

    def run(self, run_id: int) -> run_listings.RunDetail:
        """Return one run, quickly: of an open one nothing is counted. Raises ``run_unknown``."""
        with self.database.transaction() as connection:
            return run_listings.show_run(connection, self.desk.company_id, run_id, is_counted=False)

    def run_charges(self, wanted: run_charges.RunChargeFilter) -> list[run_charges.RunChargeRow]:
        """Return a page of the charges of a run."""
        with self.database.transaction() as connection:
            return run_charges.list_run_charges(connection, self.desk.company_id, wanted)

    def failures(self, wanted: failures.FailureFilter) -> list[failures.FailureRow]:
        """Return a page of the charges that stand held or failed, each with when it is tried again."""
        with self.database.transaction() as connection:
            found = failures.list_failures(connection, self.desk.company_id, wanted)
        rule = self.desk.billing.settings.retry_rule
        return [replace(row, next_attempt_at=_next_attempt(row, rule)) for row in found]

    def failure_tallies(self) -> list[ReasonTally]:
        """Return how many charges stand for each reason."""
        with self.database.transaction() as connection:
            return tally_failures(connection, self.desk.company_id)

    def problems(self, wanted: problem_listings.ProblemFilter) -> list[ProblemLine]:
        """Return a page of problems with their last notes."""
        with self.database.transaction() as connection:
            found = problem_listings.list_problems(connection, self.desk.company_id, wanted)
            notes = last_notes(connection, [row.problem_id for row in found])
        return [ProblemLine(problem=row, note=notes.get(row.problem_id, "")) for row in found]

    def problem_tallies(self) -> list[ReasonTally]:
        """Return how many problems are open for each code."""
        with self.database.transaction() as connection:
            return tally_problems(connection, self.desk.company_id)

    def problem_notes(self, problem_id: int) -> list[Note]:
        """Return what was said of a problem, oldest first."""
        with self.database.transaction() as connection:
            return notes_of_problem(connection, self.desk.company_id, problem_id)

    def message(self, number: str) -> Message:
        """Return the e-mail of an invoice as it is sent: by the template that it froze at issue.

        It has of the document what its first mail had. Before there was one it has what the company wants
        now, but for the size of the PDF; a link leads to the invoice's page in the portal.
        """
        with self.database.transaction() as connection:
            invoice = find_invoice(connection, self.desk.company_id, number)
            view = view_document(connection, invoice.invoice_id, utc_now())
        shelf, template_id = self.desk.billing.shelf, view.template_version_id
        form = MailForm(view.mail_form or self.company.mail_form)
        subject, words, html = shelf.mail(template_id, invoice, form=form)
        if form is MailForm.LINKED and not shows_link(words, html):
            subject, words, html = shelf.mail(template_id, invoice)
        home = self.desk.billing.settings.portal_url + f"{PORTAL_PATH}/"
        words, html = with_addresses(words, html, document_url=f"{home}invoices/{number}", portal_url=home)
        return Message(to_email=invoice.payer.email, subject=subject, words=words, html=html)

    def delivery_tallies(self) -> list[ReasonTally]:
        """Return how many deliveries are not sent for each state and reason."""
        with self.database.transaction() as connection:
            return tally_deliveries(connection, self.desk.company_id)

    def mails_to_read(self) -> list[str]:
        """Return the names of mails in the bounce mailbox that a person should read."""
        return BounceDesk(self.desk.billing).to_read()

    def is_closed(self, day: date) -> bool:
        """Tell whether the company is closed on a day."""
        return self.calendar.is_closed(day)

    @cached_property
    def calendar(self) -> CompanyCalendar:
        """The days on which the company bills."""
        return CompanyCalendar(place_code=self.company.place_code, closed=self.desk.closed_days())


def _next_attempt(row: failures.FailureRow, rule: RetryRule) -> datetime | None:
    """Return from when on a charge is tried again by itself; None where it is held, or a person has it."""
    return failed_charge(row).due_at(rule) if row.outcome == Outcome.FAILED else None


def is_decidable(run: run_listings.RunDetail) -> bool:
    """Tell whether somebody may approve or reject a run.

    >>> from types import SimpleNamespace
    >>> is_decidable(SimpleNamespace(state="held")), is_decidable(SimpleNamespace(state="running"))
    (True, False)
    """
    return run.state in {RunState.PLANNED, RunState.HELD}


def _amounts(billed: Sequence[DateVolume], on_demand: Sequence[OnDemandDay]) -> list[DayAmounts]:
    """Return what was invoiced, added up by the day on which it was, and currency."""
    sums: dict[tuple[date, str], tuple[int, int]] = {}
    rows: list[DateVolume | OnDemandDay] = [*billed, *on_demand]
    for row in rows:
        count, total = sums.get((row.billing_date, row.currency), (0, 0))
        sums[row.billing_date, row.currency] = (count + row.invoice_count, total + row.total_minor)
    return [
        DayAmounts(day=day, currency=currency, invoice_count=count, total_minor=total)
        for (day, currency), (count, total) in sorted(
            sums.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1])
        )
    ]
