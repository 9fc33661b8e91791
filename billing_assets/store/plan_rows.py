"""Payment plans that a person adds and ends: dated rows, each act kept with who, when and why.

Belongs here: adding and ending rows, what keeps one from it, the list. Does not belong here: the shipped rows
and their seeding, what a run reads (``rule_rows``); what a field may hold (``domain.plan_records``).

A row is never edited: it is ended, and another begins. A plan that a person has touched is theirs: seeding
adds no shipped row to it and ends none. Plans are of no company; so every company's billing waits while one
changes, and none changes while a run is unfinished: the rest of a run goes by the rows that it began with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.errors import BillingError
from billing_assets.domain.frequencies import OWN_DATES, OWN_RULE
from billing_assets.domain.payment_plans import BillPer, ChangeBilling, PaymentPlan, Residual
from billing_assets.domain.plan_records import PLAN_FIELDS, differing_fields
from billing_assets.domain.term_days import TermDayCount
from billing_assets.domain.text_fields import Fault
from billing_assets.frames.recurrence import listed_dates, occurrences
from billing_assets.steps.plan_ports import KeptPlans, PlacedPlan, PlanFile, plans_invalid
from billing_assets.steps.run_ports import Clock
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_in_transaction

_KINDS = {
    "lead_unit": LeadUnit,
    "due_roll": Roll,
    "generate_roll": Roll,
    "holiday_behaviour": HolidayBehaviour,
    "residual": Residual,
    "change_billing": ChangeBilling,
    "day_count": TermDayCount,
    "bill_per": BillPer,
}
_NO_COMPANY = 0
_PATTERN_REACH = timedelta(days=8 * 366)
"""From one leap day to the next there are at most eight years."""

_ALL = """
select n.*, c.note, c.recorded_by, c.recorded_at
from payment_plan n
left join lateral (
    select note, recorded_by, recorded_at from payment_plan_change
    where payment_plan_id = n.payment_plan_id order by payment_plan_change_id desc limit 1
) c on true
where (:plan = '' or n.plan_code = :plan)
    and (cast(:day as date) is null or (n.valid_from <= :day and (n.valid_to is null or :day < n.valid_to)))
order by n.plan_code, n.valid_from
"""
_INSERT = f"""
insert into payment_plan ({", ".join(PLAN_FIELDS)}) values ({", ".join(f":{name}" for name in PLAN_FIELDS)})
returning payment_plan_id
"""  # noqa: S608 - constants
_END = "update payment_plan set valid_to = :day where payment_plan_id = :id"
_ACTS = {Act.ADD_PLAN: "added", Act.END_PLAN: "ended"}
_CHANGE = """
insert into payment_plan_change (payment_plan_id, act, valid_to, note, recorded_by, recorded_at)
values (:id, :act, :day, :note, :by, :at)
"""
_LATEST_BILLED = """
select max(v.effective_date) from policy_term_version v
where v.policy_term_version_id in (
        select policy_term_version_id from invoice_line where payment_plan_id = :id)
    or (v.away_months <> '{}' and exists (
        select from payment_plan n
        where n.payment_plan_id = :id and n.plan_code = v.plan_code and n.valid_from <= v.effective_date
            and (n.valid_to is null or v.effective_date < n.valid_to)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A plan row of the store; the last act on it with its note and name, None where it is as shipped."""

    payment_plan_id: int
    plan: PaymentPlan
    note: str | None
    recorded_by: str | None
    recorded_at: datetime | None


def list_plans(connection: Connection, plan_code: str = "", day: date | None = None) -> list[PlanRow]:
    """Return the rows of a plan, or of all, that hold on ``day``, or on any."""
    rows = connection.execute(text(_ALL), {"plan": plan_code, "day": day}).mappings()
    return [_plan_row(row) for row in rows]


def plan_of(row: RowMapping) -> PaymentPlan:
    """Return a row of table ``payment_plan`` as a plan; other columns may stand beside it."""
    values = {each.name: row[each.name] for each in fields(PaymentPlan)}
    return PaymentPlan(**values | {name: kind(values[name]) for name, kind in _KINDS.items()})


def _plan_row(row: RowMapping) -> PlanRow:
    return PlanRow(
        payment_plan_id=row["payment_plan_id"],
        plan=plan_of(row),
        note=row["note"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )


class SqlPlanStore:
    """Plans in PostgreSQL; the implementation of ``steps.plan_ports.PlanStore``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep."""
        self.database = database
        self.clock = clock

    def keep(self, file: PlanFile, note: str, recorded_by: str) -> KeptPlans:
        """Add and end rows in one transaction; raise ``plans_invalid`` naming every row that does not fit.

        A row that is there already is left as it is; an open one for which the file has an end, ends.
        """
        with self.database.transaction() as connection:
            _take_turn(connection)
            stored = list_plans(connection)
            change = _compared(file, stored)
            ended = [(row, day) for _, row, day in change.ends]
            faults = [
                *change.faults,
                *_bad_patterns(change.new),
                *_overlaps(change, stored),
                *_in_use(connection, change.ends),
            ]
            if faults:
                raise plans_invalid(file.name, faults)
            act = _Act(connection, note, recorded_by, self.clock())
            for row, day in ended:
                act.end(row, day)
            for placed in change.new:
                act.add(placed.plan)
        return KeptPlans(
            new_count=len(change.new),
            ended_count=len(ended),
            unchanged_count=len(file.plans) - len(change.new) - len(ended),
        )

    def end(self, plan_code: str, day: date, note: str, recorded_by: str) -> bool:
        """End the open row of a plan before ``day``; false where one ends on that day already.

        Raises:
            BillingError: ``plan_unknown``, ``plan_ended``, ``plan_in_use``, ``plan_not_begun``.
        """
        with self.database.transaction() as connection:
            _take_turn(connection)
            rows = list_plans(connection, plan_code)
            if any(row.plan.valid_to == day for row in rows):
                return False
            row = _open_row(plan_code, rows, day)
            latest = _latest_billed(connection, row)
            if latest is not None and latest >= day:
                raise BillingError("plan_in_use", *_in_use_words(row, day, latest))
            _Act(connection, note, recorded_by, self.clock()).end(row, day)
        return True


@dataclass(frozen=True, slots=True)
class _Act:
    """What a person does to plan rows, with what is kept of it."""

    connection: Connection
    note: str
    recorded_by: str
    at: datetime

    def add(self, plan: PaymentPlan) -> None:
        plan_id = self.connection.execute(text(_INSERT), asdict(plan)).scalar_one()
        self._keep(plan_id, plan.plan_code, Act.ADD_PLAN, plan.valid_to)

    def end(self, row: PlanRow, day: date) -> None:
        self.connection.execute(text(_END), {"id": row.payment_plan_id, "day": day})
        self._keep(row.payment_plan_id, row.plan.plan_code, Act.END_PLAN, day)

    def _keep(self, plan_id: int, plan_code: str, act: Act, day: date | None) -> None:
        values = {"id": plan_id, "act": _ACTS[act], "day": day, "note": self.note, "by": self.recorded_by}
        self.connection.execute(text(_CHANGE), {**values, "at": self.at})
        recorded = AuditAct(
            act=act,
            subject=Subject.PLAN,
            subject_id=plan_code,
            company_id=None,
            reason=self.note,
            signed_by=self.recorded_by,
            after={"payment_plan_id": plan_id, "valid_to": day},
        )
        record_act(self.connection, recorded, self.at)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a file does to the rows that are there."""

    new: list[PlacedPlan]
    ends: list[tuple[str, PlanRow, date]]
    faults: list[tuple[str, Fault]]


def _compared(file: PlanFile, stored: Iterable[PlanRow]) -> _Change:
    """Tell new rows from those that are there, and what does not fit."""
    known = {(row.plan.plan_code, row.plan.valid_from): row for row in stored}
    seen: dict[tuple[str, date], str] = {}
    change = _Change([], [], [])
    for placed in file.plans:
        plan = placed.plan
        key = (plan.plan_code, plan.valid_from)
        first = seen.setdefault(key, placed.place)
        row = known.get(key)
        if first != placed.place:
            words = f"plan {plan.plan_code} begins on {plan.valid_from} in {first} too"
            change.faults.append((placed.place, Fault("valid_from", words)))
        elif row is None:
            change.new.append(placed)
        elif differing := differing_fields(row.plan, plan):
            words = (
                f"the store has another row of plan {plan.plan_code} from {plan.valid_from}; "
                "a row is never edited: end it and begin another"
            )
            change.faults.extend((placed.place, Fault(name, words)) for name in differing)
        elif plan.valid_to not in {None, row.plan.valid_to}:
            _compare_end(placed, row, change)
    return change


def _compare_end(placed: PlacedPlan, row: PlanRow, change: _Change) -> None:
    if row.plan.valid_to is None and placed.plan.valid_to is not None:
        change.ends.append((placed.place, row, placed.plan.valid_to))
    else:
        words = f"the row of the store ends on {row.plan.valid_to} already, and a row is ended once"
        change.faults.append((placed.place, Fault("valid_to", words)))


def _bad_patterns(new: Iterable[PlacedPlan]) -> list[tuple[str, Fault]]:
    """Return the new rows whose pattern is no rule or list, or names no day in the years after it begins."""
    faults = []
    for placed in new:
        plan, words = placed.plan, ""
        try:
            if plan.frequency_code == OWN_DATES:
                listed_dates(plan.pattern)
            elif plan.frequency_code == OWN_RULE:
                start = plan.valid_from
                end = start + _PATTERN_REACH
                words = "" if occurrences(plan.pattern, start, start, end) else "it names no day"
        except BillingError as error:
            words = error.found
        if words:
            faults.append((placed.place, Fault("pattern", words)))
    return faults


def _overlaps(change: _Change, stored: Iterable[PlanRow]) -> list[tuple[str, Fault]]:
    """Return the new rows that would be valid on a day on which another row of their plan is."""
    ends = {row.payment_plan_id: (place, day) for place, row, day in change.ends}
    after: list[tuple[str, PaymentPlan]] = [(each.place, each.plan) for each in change.new]
    for row in stored:
        place, day = ends.get(row.payment_plan_id, ("", row.plan.valid_to))
        after.append((place, replace(row.plan, valid_to=day)))
    after.sort(key=lambda each: (each[1].plan_code, each[1].valid_from))
    new = {each.place for each in change.new}
    faults = []
    for (early_place, early), (late_place, late) in pairwise(after):
        is_apart = early.valid_to is not None and early.valid_to <= late.valid_from
        if early.plan_code == late.plan_code and not is_apart and {early_place, late_place} & new:
            place = late_place if late_place in new else early_place
            words = (
                f"plan {late.plan_code} has a row from {early.valid_from} until "
                f"{early.valid_to or 'it is ended'} and one from {late.valid_from}; end the first before"
            )
            faults.append((place, Fault("valid_from", words)))
    return faults


def _in_use(connection: Connection, ends: Sequence[tuple[str, PlanRow, date]]) -> list[tuple[str, Fault]]:
    faults = []
    for place, row, day in ends:
        latest = _latest_billed(connection, row)
        if latest is not None and latest >= day:
            faults.append((place, Fault("valid_to", _in_use_words(row, day, latest)[0])))
    return faults


def _latest_billed(connection: Connection, row: PlanRow) -> date | None:
    """Return the last day on which a term began that was billed by the row."""
    found = connection.execute(text(_LATEST_BILLED), {"id": row.payment_plan_id}).scalar_one()
    return found if isinstance(found, date) else None


def _in_use_words(row: PlanRow, day: date, latest: date) -> tuple[str, str]:
    return (
        f"a term that began on {latest} is billed by plan {row.plan.plan_code} and would lose it on {day}",
        f"end it on a later day than {latest}",
    )


def _open_row(plan_code: str, rows: list[PlanRow], day: date) -> PlanRow:
    if not rows:
        raise BillingError(
            "plan_unknown", f"there is no plan '{plan_code[:40]}'", "'billing rules plans list' shows them"
        )
    still_open = [row for row in rows if row.plan.valid_to is None]
    if not still_open:
        raise BillingError(
            "plan_ended",
            f"every row of plan {plan_code} has ended, the last on {rows[-1].plan.valid_to}",
            "a row is ended once; 'billing rules plans add' begins another",
        )
    if still_open[0].plan.valid_from >= day:
        raise BillingError(
            "plan_not_begun",
            f"the row of plan {plan_code} begins on {still_open[0].plan.valid_from}",
            "end it on a later day",
        )
    return still_open[0]


def _take_turn(connection: Connection) -> None:
    """Wait until no company bills or imports, and raise where a run is not finished."""
    hold_in_transaction(connection, LockSpace.PLANS, _NO_COMPANY)
    for company_id in connection.execute(text("select company_id from company order by 1")).scalars().all():
        hold_in_transaction(connection, LockSpace.RUNS, company_id)
    query = text("select min(billing_date) from billing_run where state = 'running'")
    day = connection.execute(query).scalar_one()
    if day is not None:
        raise BillingError(
            "run_unfinished",
            f"the run of {day} was interrupted and is not finished",
            f"finish it with 'billing run {day}', then change the plans",
        )
