"""Which installments are due on a billing date.

Belongs here: the choice of a run, with the outcome that is known before pricing (zero, held, failed).
Does not belong here: periods and dates (``schedules``), amounts (``installments``), tax and invoices
(``invoices``).

The work is done on narrow frames, first per schedule, then per installment; the many columns of a term are
gathered once at the end, because copying them is what costs.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date

import polars as pl

from billing_assets.domain.business_days import HolidayBehaviour
from billing_assets.domain.calendar_rule import NO_CLOSED_DAYS, ClosedDays
from billing_assets.domain.charges import INSTALLMENT_FEE, PREMIUM
from billing_assets.domain.runs import Outcome
from billing_assets.frames.arrangements import (
    arranged_installments,
    with_bill_numbers,
    with_shares,
)
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.frames.charge_lines import NO_CHARGE_LINES, with_charge_lines
from billing_assets.frames.column_rows import ARRANGED
from billing_assets.frames.columns import DUE_SCHEMA, PLAN_SCHEMA, TERM_SCHEMA
from billing_assets.frames.date_tables import date_tables, lead_reach, with_horizon
from billing_assets.frames.installments import with_cover, with_planned
from billing_assets.frames.payer_shares import NO_PAYER_SHARES, PAYER_COLUMNS, with_payer_shares
from billing_assets.frames.schedules import (
    SCHEDULE_KEY,
    periods_of,
    schedules_of,
    with_dates,
)
from billing_assets.frames.term_days import Days, days_of, term_days

_FOR_AMOUNTS = (
    "policy_term_id",
    "policy_number",
    "cover_to_date",
    "cut_over_date",
    "premium_minor",
    "hold_code",
)
"""What the charges of a term are worked out from."""

_FROM_TERM = [name for name in DUE_SCHEMA if name in TERM_SCHEMA]
"""What a charge takes over from its term as it is."""

_FROM_PLAN = [name for name in DUE_SCHEMA if name in PLAN_SCHEMA and name not in TERM_SCHEMA]
"""What a charge takes over from the plan row of its term."""

_OF_LINE = {"charge_number", "split_number", "payer_number"}
"""What a charge has from its charge line and its payer alone."""

_OF_CHARGE = [
    name
    for name in DUE_SCHEMA
    if (name not in TERM_SCHEMA or name in {"policy_number", "policy_term_id"}) and name not in _OF_LINE
]
"""A charge before the columns of its term are gathered, with the two by which charges are sorted."""


def due_charges(
    terms: pl.DataFrame,
    plans: pl.DataFrame,
    settled: pl.DataFrame,
    as_of: date,
    company_place_code: str,
    closed_days: ClosedDays = NO_CLOSED_DAYS,
    charge_lines: pl.DataFrame = NO_CHARGE_LINES,
    payer_shares: pl.DataFrame = NO_PAYER_SHARES,
) -> pl.DataFrame:
    """Return the charges (``DUE_SCHEMA``) that a run of ``as_of`` has to answer for.

    ``terms`` has ``TERM_SCHEMA``, ``settled`` has ``SETTLED_SCHEMA``: what it names is not due again.
    Rows come sorted by policy number, due date and installment, so that numbering is reproducible.
    ``closed_days`` are those that the company has closed itself. On a day that is closed for the company only
    plans that hold the sending have charges; the others have theirs on the next open day.
    ``charge_lines`` (``CHARGE_LINE_SCHEMA``) are those of the terms that have any: the premium of their
    installments stands line by line once it is invoiced. ``payer_shares`` (``PAYER_SHARE_SCHEMA``) are those
    of the terms that have several payers: what is invoiced of them stands payer by payer.

    >>> from billing_assets.frames.columns import SETTLED_SCHEMA, TERM_SCHEMA
    >>> term = {
    ...     "policy_term_id": 7,
    ...     "policy_number": "P-1",
    ...     "place_code": "ES",
    ...     "plan_code": "yearly",
    ...     "effective_date": date(2024, 2, 1),
    ...     "expiration_date": date(2025, 2, 1),
    ...     "currency": "EUR",
    ...     "anchor_date": date(2024, 2, 1),
    ...     "cut_over_date": date(1990, 1, 1),
    ...     "premium_minor": 902_00,
    ... }
    >>> plan = {
    ...     "payment_plan_id": 1,
    ...     "plan_code": "yearly",
    ...     "frequency_code": "yearly",
    ...     "pattern": "",
    ...     "lead_days": 30,
    ...     "lead_unit": "calendar",
    ...     "due_days": 0,
    ...     "due_roll": "following",
    ...     "generate_roll": "preceding",
    ...     "holiday_behaviour": "next_open_day",
    ...     "minimum_payment_days": 14,
    ...     "maximum_installment_count": 0,
    ...     "weights": "",
    ...     "residual": "last",
    ...     "down_payment_ppm": 0,
    ...     "down_payment_minor": 0,
    ...     "installment_fee_minor": 0,
    ...     "minimum_bill_minor": 0,
    ...     "currency": "",
    ...     "blackout_days": 0,
    ...     "day_count": "actual_term",
    ...     "plan_sha256": "s",
    ...     "valid_from": date(1990, 1, 1),
    ...     "valid_to": None,
    ... }
    >>> terms, none = pl.DataFrame([term], schema=TERM_SCHEMA), pl.DataFrame(schema=SETTLED_SCHEMA)
    >>> due = due_charges(terms, pl.DataFrame([plan]), none, date(2024, 1, 2), "ES")
    >>> due.select("installment_number", "net_minor", "outcome", pl.col("due_date").cast(pl.String)).row(0)
    (1, 90200, 'invoiced', '2024-02-01')
    >>> due_charges(terms, pl.DataFrame([plan]), due.select(*SETTLED_SCHEMA), date(2024, 1, 2), "ES").height
    0
    """
    company = CompanyCalendar(place_code=company_place_code, closed=closed_days)
    is_open = not company.is_closed(as_of)
    if terms.is_empty() or not (is_open or _holds_sending(plans)):
        return pl.DataFrame(schema=DUE_SCHEMA)
    schedules, dated = _of_schedules(terms, plans, as_of, company)
    keyed = (
        terms.lazy()
        .join(
            schedules.lazy().select("schedule_id", "unit", *SCHEDULE_KEY),
            on=SCHEDULE_KEY,
            how="inner",
            maintain_order="left",
        )
        .with_row_index("term_row")
        .collect()
    )
    charges = [_with_plan(keyed, dated, settled)]
    if is_open and keyed["unit"].has_nulls():
        charges.append(_without_plan(keyed, settled, as_of))
    # All of a payer stands together, premium before its fee, a charge line before the next; where there is
    # nothing of that kind, the longer sort is spared.
    payer = [] if payer_shares.is_empty() else [pl.col("payer_number")]
    is_fee = [pl.col("charge_kind") != PREMIUM.charge_kind] if dated.has_fees else []
    line = [] if charge_lines.is_empty() else [pl.col("charge_number")]
    order = ("policy_number", "due_date", "policy_term_id", *payer, "installment_number", *is_fee, *line)
    split = with_payer_shares(with_charge_lines(pl.concat(charges), charge_lines), payer_shares)
    due = split.sort(order)
    wide = terms.select(_FROM_TERM)[due["term_row"]]
    own = ["line_of_business", *(PAYER_COLUMNS if payer else ())]
    whole = wide.hstack(due.drop("term_row", "policy_number", "policy_term_id"))
    return whole.with_columns(pl.coalesce(f"charged_{name}", name).alias(name) for name in own).select(
        *DUE_SCHEMA
    )


_FEW_TERMS, _KEPT_SCHEDULES = 32, 500
_kept: dict[Hashable, tuple[object, pl.DataFrame, "_Dated"]] = {}


def _of_schedules(
    terms: pl.DataFrame, plans: pl.DataFrame, as_of: date, company: CompanyCalendar
) -> tuple[pl.DataFrame, "_Dated"]:
    """Return the schedules of the terms and their installments up to ``as_of``.

    Of few terms they are kept, because policies that are billed one by one share them: schedules of the same
    dates, by the very same plans and closed days (kept too, so that no other object has their identity).
    """
    key = None
    if terms.height <= _FEW_TERMS:
        schedule_rows = tuple(terms.select(SCHEDULE_KEY).iter_rows())
        key = (id(plans), id(company.closed), company.place_code, as_of, schedule_rows)
        if key in _kept:
            return _kept[key][1:]
    schedules = schedules_of(terms, plans)
    is_open = not company.is_closed(as_of)
    dated = _dated(schedules if is_open else schedules.filter(_HOLDS_SENDING), as_of, company)
    if key is not None:
        if len(_kept) >= _KEPT_SCHEDULES:
            _kept.clear()
        _kept[key] = ((plans, company.closed), schedules, dated)
    return schedules, dated


_HOLDS_SENDING = pl.col("holiday_behaviour") == HolidayBehaviour.HOLD_SENDING.value


def _holds_sending(plans: pl.DataFrame) -> bool:
    return bool(plans.select(_HOLDS_SENDING.any()).item())


_INSTALLMENT = ["schedule_id", "installment_number"]
_DATES = ("nominal_due_date", "due_date", "billing_date")
_IS_BILLED_HERE = pl.col("nominal_due_date") >= pl.col("cut_over_date")


@dataclass(frozen=True, slots=True)
class _Dated:
    """The installments whose own billing date has come, and all those of the arranged schedules.

    ``days`` count the days of their terms.
    """

    due: pl.DataFrame
    arranged: pl.DataFrame
    as_of: date
    days: Days

    @property
    def has_fees(self) -> bool:
        """Whether an installment may have a fee beside it."""
        return not self.arranged.is_empty() and bool((self.arranged["installment_fee_minor"] > 0).any())


def _dated(schedules: pl.DataFrame, as_of: date, company: CompanyCalendar) -> _Dated:
    """Return the installments of the schedules whose billing date has come."""
    billable = (
        with_horizon(
            schedules.lazy().filter(pl.col("unit").is_not_null()),
            lead_reach(schedules, company, as_of),
            as_of,
        )
        .filter(pl.col("effective_date") <= pl.col("horizon_date"))
        .collect()
    )
    is_arranged = pl.col("is_arranged")
    arranged = pl.DataFrame()
    periods = periods_of(billable.filter(~is_arranged), pl.col("horizon_date"))
    if billable["is_arranged"].any():
        # The share of one installment depends on all of them, so that the whole term is looked at.
        arranged = arranged_installments(periods_of(billable.filter(is_arranged), pl.col("expiration_date")))
        periods = pl.concat([periods, arranged.select(periods.columns)])
    days = days_of(billable)
    narrow = periods.drop("horizon_date", *ARRANGED, *(["day_count"] if days is not term_days else []))
    dated = with_dates(narrow.lazy(), date_tables(narrow, company))
    if not arranged.is_empty():
        dated = dated.collect().lazy()
        arranged = arranged.join(dated.select(*_INSTALLMENT, *_DATES).collect(), on=_INSTALLMENT)
    due = dated.filter(pl.col("billing_date") <= as_of).collect()
    return _Dated(due=due, arranged=arranged, as_of=as_of, days=days)


def _with_plan(keyed: pl.DataFrame, dated: _Dated, settled: pl.DataFrame) -> pl.DataFrame:
    """Return a charge for each open installment of the terms (``term_row`` and ``_OF_CHARGE``)."""
    open_ones = (
        keyed.lazy()
        .filter(pl.col("unit").is_not_null())
        .select("schedule_id", "term_row", *_FOR_AMOUNTS)
        .join(
            dated.due.lazy().drop("unit", "pattern", "plan_code", "place_code", "anchor_date"),
            on="schedule_id",
            how="inner",
        )
        .join(settled.lazy(), on=["policy_term_id", "installment_number"], how="anti")
    )
    if dated.arranged.is_empty():
        planned = with_planned(open_ones.filter(_IS_BILLED_HERE)).with_columns(
            is_other_currency=pl.lit(value=False)
        )
    else:
        planned = _planned(open_ones.collect(), keyed, dated).lazy()
    due = with_cover(planned, dated.days).with_columns(
        reason_code=_reason(), charge_kind=pl.lit(PREMIUM.charge_kind), revision=pl.lit(0)
    )
    charges = due.with_columns(outcome=_outcome(), net_minor=pl.col("net_minor").fill_null(0))
    return pl.concat([_shape(charges), _shape(_fees(charges))]) if dated.has_fees else _shape(charges)


def _fees(charges: pl.LazyFrame) -> pl.LazyFrame:
    """Return the fee beside each installment that is invoiced, of terms that have several of them."""
    has_fee = (
        (pl.col("installment_fee_minor") > 0)
        & (pl.col("installment_count") > 1)
        & (pl.col("outcome") == Outcome.INVOICED.value)
    )
    return charges.filter(has_fee).with_columns(
        charge_kind=pl.lit(INSTALLMENT_FEE.charge_kind), net_minor=pl.col("installment_fee_minor")
    )


def _planned(open_ones: pl.DataFrame, keyed: pl.DataFrame, dated: _Dated) -> pl.DataFrame:
    """Add ``planned_minor`` and ``is_other_currency``, where some of the schedules are arranged.

    An installment that waits for another has the dates of that one, which may not have come.
    """
    arranged = dated.arranged
    plain = with_planned(open_ones.lazy().filter(~pl.col("is_arranged"), _IS_BILLED_HERE)).with_columns(
        is_other_currency=pl.lit(value=False)
    )
    of_arranged = open_ones.filter("is_arranged")
    of_term = ("term_row", "schedule_id", "premium_minor", pl.col("currency").alias("term_currency"))
    terms = keyed.select(of_term).join(of_arranged.select("term_row").unique(), on="term_row", how="semi")
    key = ["term_row", "installment_number"]
    columns = ("schedule_id", "installment_number", "installment_count", "share_weight", *ARRANGED)
    of_shares = (
        *("planned_minor", "before_minor", "is_other_currency"),
        *("installment_fee_minor", "bill_number"),
    )
    shares = with_bill_numbers(with_shares(terms.join(arranged.select(columns), on="schedule_id")))
    dates = arranged.select("schedule_id", pl.col("installment_number").alias("bill_number"), *_DATES)
    shared = (
        of_arranged.drop(_DATES)
        .join(shares.select(*key, *of_shares), on=key)
        .join(dates, on=["schedule_id", "bill_number"])
        .filter(_IS_BILLED_HERE, pl.col("billing_date") <= dated.as_of)
    )
    return pl.concat([plain.collect(), shared], how="diagonal")


def _reason() -> pl.Expr:
    """Return the reason that keeps an installment from being invoiced, or null."""
    return (
        pl.when(pl.col("hold_code").is_not_null())
        .then(pl.col("hold_code"))
        .when(pl.col("is_other_currency"))
        .then(pl.lit("plan_currency_differs"))
        .when(pl.col("net_minor").is_null())
        .then(pl.lit("amount_out_of_range"))
        .when(pl.col("is_first_without_cover"))
        .then(pl.lit("no_cover"))
        .when(pl.col("premium_minor") == 0)
        .then(pl.lit("zero_premium"))
        .when(pl.col("net_minor") == 0)
        .then(pl.lit("rounds_to_zero"))
    )


def _outcome() -> pl.Expr:
    return (
        pl.when(pl.col("reason_code").is_null())
        .then(pl.lit(Outcome.INVOICED.value))
        .when(pl.col("reason_code") == pl.col("hold_code"))
        .then(pl.lit(Outcome.HELD.value))
        .when(pl.col("reason_code").is_in(["amount_out_of_range", "plan_currency_differs"]))
        .then(pl.lit(Outcome.FAILED.value))
        .otherwise(pl.lit(Outcome.ZERO.value))
    )


def _without_plan(keyed: pl.DataFrame, settled: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return a charge for each begun term whose plan has no valid row: it must not vanish.

    Its installment number is 0, the whole term: which installments there are, nobody can tell without a plan.
    """
    is_held = pl.col("hold_code").is_not_null()
    missing = keyed.lazy().filter(
        pl.col("unit").is_null(),
        pl.col("effective_date") <= as_of,
        pl.col("expiration_date") > pl.col("cut_over_date"),
    )
    charges = missing.with_columns(
        installment_number=pl.lit(0, pl.Int64),
        installment_count=pl.lit(1),
        billing_date=pl.lit(as_of),
        due_date=pl.col("effective_date"),
        period_from_date=pl.col("effective_date"),
        period_to_date=pl.col("expiration_date"),
        charge_kind=pl.lit(PREMIUM.charge_kind),
        revision=pl.lit(0),
        before_minor=pl.lit(0),
        net_minor=pl.lit(0),
        **{name: pl.lit(None) for name in _FROM_PLAN},
        outcome=pl.when(is_held).then(pl.lit(Outcome.HELD.value)).otherwise(pl.lit(Outcome.FAILED.value)),
        reason_code=pl.coalesce("hold_code", pl.lit("no_plan_row")),
    )
    return _shape(charges.join(settled.lazy(), on=["policy_term_id", "installment_number"], how="anti"))


def _shape(charges: pl.LazyFrame) -> pl.DataFrame:
    return charges.select(
        "term_row",
        pl.col("before_minor").cast(pl.Int64),
        *(pl.col(name).cast(DUE_SCHEMA[name]) for name in _OF_CHARGE),
    ).collect()
