"""What a run bills of changes in the middle of a term: the lines, and what becomes of the installments.

Belongs here: when the difference of a part is billed, by the plan, and in which amounts.
Does not belong here: the difference (``change_balances``), credit notes (``change_credits``).

**Spread.** With ``R`` to be shared among the open installments and ``C`` the running sum of their planned
amounts, of ``U`` in all, installment ``k`` has ``R * C(k) / U`` less ``R * C(k - 1) / U``, each half-up. What
is left is shared anew by each run, so that nothing is lost whatever is billed first.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from billing_assets.domain.business_days import HolidayBehaviour
from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.domain.payment_plans import ChangeBilling
from billing_assets.domain.problems import BILLED_ELSEWHERE
from billing_assets.domain.runs import Outcome
from billing_assets.domain.term_days import TermDayCount
from billing_assets.frames.change_balances import ChangeBook, change_balances
from billing_assets.frames.change_portions import covered_planned, first_part_portions
from billing_assets.frames.columns import DUE_SCHEMA, TERM_SCHEMA
from billing_assets.frames.dated_rows import is_valid_on
from billing_assets.frames.rounding import divide_half_up, wide

_TERM = "policy_term_id"
_FROM_TERM = [name for name in DUE_SCHEMA if name in TERM_SCHEMA]
_FROM_PLAN = ("payment_plan_id", "minimum_payment_days", "plan_sha256")
_DATES = ("billing_date", "due_date")
_IS_PREMIUM = pl.col("charge_kind") == PREMIUM.charge_kind
_BILLED = [Outcome.INVOICED.value, Outcome.ZERO.value]

NOTHING_LEFT = "nothing_left"
"""Why an installment is recorded as zero of which changes have taken all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDue:
    """What is due with the changes, and what is given back: ``returns`` as ``change_credits`` takes it."""

    due: pl.DataFrame
    returns: pl.DataFrame


def changed_due(
    due: pl.DataFrame,
    terms: pl.DataFrame,
    plans: pl.DataFrame,
    planned: pl.DataFrame,
    book: ChangeBook,
    as_of: date,
    *,
    is_open: bool,
    is_settling: bool,
) -> ChangedDue:
    """Return what a run of ``as_of`` has due of the terms of a shard, those with changes among them.

    ``due`` is what is due by installments, ``terms`` those that have changes, ``planned`` all their
    installments that are billed here with ``is_open``. Where the company is closed (``is_open``), only plans
    that hold the sending settle; where ``is_settling`` is false, nothing does but what an installment of this
    run carries.

    >>> from billing_assets.frames.columns import ANSWERED_SCHEMA, CHANGE_SCHEMA, DOCUMENTED_LINE_SCHEMA
    >>> from billing_assets.frames.columns import CHARGED_TAX_SCHEMA, PLAN_SCHEMA, SETTLED_SCHEMA
    >>> term = {"policy_term_id": 7, "plan_code": "yearly", "premium_minor": 1200_00}
    >>> term |= {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> plan = {"plan_code": "yearly", "change_billing": "now", "valid_from": date(1990, 1, 1)}
    >>> plan |= {"day_count": "actual_term"}
    >>> ended = {"policy_term_id": 7, "change_number": 1, "change_kind": "cancellation"}
    >>> ended |= {"change_date": date(2024, 7, 2), "method_code": "pro_rata"}
    >>> billed = {"policy_term_id": 7, "revision": 0, "charge_kind": "premium", "net_minor": 1200_00}
    >>> billed |= {"credited_net_minor": 0, "corrected_net_minor": 0}
    >>> book = ChangeBook(
    ...     changes=pl.DataFrame([ended], schema=CHANGE_SCHEMA),
    ...     lines=pl.DataFrame([billed], schema=DOCUMENTED_LINE_SCHEMA),
    ...     taxes=pl.DataFrame(schema=CHARGED_TAX_SCHEMA),
    ...     zeros=pl.DataFrame(schema=SETTLED_SCHEMA),
    ...     answered=pl.DataFrame(schema=ANSWERED_SCHEMA),
    ... )
    >>> whole = {"policy_term_id": 7, "installment_number": 1, "net_minor": 1200_00, "is_open": False}
    >>> days = {"period_from_date": date(2024, 1, 1), "period_to_date": date(2025, 1, 1)}
    >>> found = changed_due(
    ...     pl.DataFrame(schema=DUE_SCHEMA),
    ...     pl.DataFrame([term], schema=TERM_SCHEMA),
    ...     pl.DataFrame([plan], schema=PLAN_SCHEMA),
    ...     pl.DataFrame(
    ...         [whole | {"period_from_date": date(2024, 1, 1), "period_to_date": date(2025, 1, 1)}]
    ...     ),
    ...     book,
    ...     date(2024, 7, 10),
    ...     is_open=True,
    ...     is_settling=True,
    ... )
    >>> found.returns.rows()
    [(7, 60000, 0)]
    """
    rows = _plan_rows(terms, plans)
    counted = _with_day_count(terms, rows)
    planned = covered_planned(planned, book.changes, counted)
    balances = change_balances(counted, planned, book)
    named = _named(terms, rows, balances, book).with_columns(
        is_settled=pl.lit(is_settling) & (pl.lit(is_open) | pl.col("holds_sending"))
    )
    ended = _with_ends(due, balances)
    carried = _carriers(ended, planned, balances)
    sound = named.filter(pl.col("hold_code").is_null() & ~pl.col("is_short"))
    spread, rest = _spread(sound, carried)
    kept, shares = _without_taken(ended, spread)
    portions = _portions(rest, planned, book)
    whole = _at_once(portions, carried, as_of)
    lines = _numbered(
        pl.concat([_shaped(shares), whole, _refused(named, book, as_of)], how="diagonal"), terms
    )
    order = (
        *("policy_number", "due_date", _TERM, "payer_number"),
        pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind,
        "installment_number",
        ~_IS_PREMIUM,
        "revision",
        "charge_number",
    )
    returns = sound.filter("is_settled", pl.col("back_minor") > 0)
    return ChangedDue(
        due=pl.concat([kept, lines]).sort(order),
        returns=returns.select(_TERM, "back_minor", revision="change_number"),
    )


def _plan_rows(terms: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Return what the plan row of each term says of its changes; a term without one has no row."""
    rows = plans.select(
        *("plan_code", *_FROM_PLAN, "change_billing", "day_count", "valid_from", "valid_to"),
        holds_sending=pl.col("holiday_behaviour") == HolidayBehaviour.HOLD_SENDING.value,
    )
    return (
        terms.select(_TERM, "plan_code", "effective_date")
        .join(rows, on="plan_code")
        .filter(is_valid_on(pl.col("effective_date")))
        .select(_TERM, *_FROM_PLAN, "change_billing", "day_count", "holds_sending")
    )


def _with_day_count(terms: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add how the plan row of each term counts its days; without a row calendar days count."""
    named = rows.select(_TERM, "day_count")
    return terms.join(named, on=_TERM, how="left", maintain_order="left").with_columns(
        pl.col("day_count").fill_null(TermDayCount.ACTUAL_TERM.value)
    )


def _named(terms: pl.DataFrame, rows: pl.DataFrame, balances: pl.DataFrame, book: ChangeBook) -> pl.DataFrame:
    """Return the balances with their hold and the plan row of their term, but those that were answered.

    ``is_begun``: something of the term was documented. A term without a plan row says so by its charge for
    the whole term, and has none here.
    """
    of_terms = terms.select(_TERM, "hold_code").join(rows, on=_TERM)
    answered = book.answered.rename({"revision": "change_number"})
    begun = book.lines.select(_TERM, is_begun=pl.lit(value=True)).unique()
    return (
        balances.join(of_terms, on=_TERM)
        .join(answered, on=[_TERM, "change_number"], how="anti")
        .join(begun, on=_TERM, how="left")
        .with_columns(pl.col("is_begun").fill_null(value=False))
    )


def _with_ends(due: pl.DataFrame, balances: pl.DataFrame) -> pl.DataFrame:
    """Record as zero, without their fee, installments beyond cover, and all of a term that owes no more."""
    ends = balances.group_by(_TERM).agg(pl.col("off_date").first(), pl.col("is_ended").any())
    beyond = (pl.col("period_to_date") > pl.col("off_date")).fill_null(value=False)
    code = pl.when(pl.col("off_date").is_not_null()).then(pl.lit("cancelled")).otherwise(pl.lit(NOTHING_LEFT))
    is_ended = pl.col("is_ended").fill_null(value=False) | beyond
    marked = due.join(ends, on=_TERM, how="left", maintain_order="left")
    return _as_zero(marked, is_ended, code).select(due.columns)


def _as_zero(due: pl.DataFrame, is_zero: pl.Expr, code: pl.Expr) -> pl.DataFrame:
    """Record what would be billed as zero where ``is_zero``, without its fee."""
    is_hit = is_zero & pl.col("outcome").is_in(_BILLED)
    return due.filter(_IS_PREMIUM | ~is_hit).with_columns(
        outcome=pl.when(is_hit).then(pl.lit(Outcome.ZERO.value)).otherwise("outcome"),
        reason_code=pl.when(is_hit).then(code).otherwise("reason_code"),
        net_minor=pl.when(is_hit).then(0).otherwise("net_minor"),
    )


def _without_taken(due: pl.DataFrame, spread: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record installments as zero of which a share takes all; return what is due and the other shares."""
    is_taken = (pl.col("change_number") == 0) & (pl.col("net_minor") + pl.col("carrier_minor") == 0)
    taken = spread.filter(is_taken, pl.col("carrier_minor") > 0)
    key = [_TERM, "installment_number"]
    marks = taken.select(*key, is_taken=pl.lit(value=True)).unique()
    marked = due.join(marks, on=key, how="left", maintain_order="left")
    is_zero = pl.col("is_taken").fill_null(value=False)
    left = spread.join(taken.select(*key, "change_number"), on=[*key, "change_number"], how="anti")
    return _as_zero(marked, is_zero, pl.lit(NOTHING_LEFT)).select(due.columns), left


def _carriers(due: pl.DataFrame, planned: pl.DataFrame, balances: pl.DataFrame) -> pl.DataFrame:
    """Return the installments of this run that can carry lines of changes, with their share of what is open.

    ``carrier_to_minor`` of ``open_minor`` are planned up to the end of the installment. A term of which
    nothing is open has one row without an installment.
    """
    ended = balances.filter("is_ended").select(_TERM).unique()
    opened = planned.filter("is_open").join(ended, on=_TERM, how="anti").sort(_TERM, "installment_number")
    shares = opened.select(
        _TERM,
        "installment_number",
        carrier_minor="net_minor",
        carrier_to_minor=pl.col("net_minor").cum_sum().over(_TERM),
        open_minor=pl.col("net_minor").sum().over(_TERM),
    )
    now = due.filter(_IS_PREMIUM, pl.col("outcome").is_in(_BILLED)).select(
        *(_TERM, "installment_number", *_DATES, "period_from_date", "period_to_date"),
        is_carried=pl.lit(value=True),
    )
    return shares.join(now, on=[_TERM, "installment_number"], how="left")


def _spread(sound: pl.DataFrame, carried: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines that installments of this run carry a share of, and the parts that none shares."""
    is_spread = (pl.col("change_billing") == ChangeBilling.SPREAD.value) & (pl.col("change_number") > 0)
    is_shared = (pl.col("less_minor") > 0) | ((pl.col("more_minor") > 0) & is_spread)
    with_open = carried.filter(pl.col("open_minor") > 0)
    shared = sound.filter(is_shared).join(with_open.select(_TERM).unique(), on=_TERM, how="semi")
    amount = wide(pl.col("more_minor") - pl.col("less_minor"))
    to, before = pl.col("carrier_to_minor"), pl.col("carrier_to_minor") - pl.col("carrier_minor")
    share = divide_half_up(amount * to, pl.col("open_minor")) - divide_half_up(
        amount * before, pl.col("open_minor")
    )
    start = pl.max_horizontal("period_from_date", "part_from_date")
    is_inside = start < pl.col("period_to_date")
    lines = (
        shared.join(with_open.filter("is_carried"), on=_TERM)
        .with_columns(
            net_minor=share,
            period_from_date=pl.when(is_inside).then(start).otherwise("part_from_date"),
            period_to_date=pl.when(is_inside).then("period_to_date").otherwise("part_to_date"),
        )
        .sort(_TERM, "change_number", "installment_number")
    )
    return lines, sound.join(shared, on=[_TERM, "change_number"], how="anti")


def _portions(rest: pl.DataFrame, planned: pl.DataFrame, book: ChangeBook) -> pl.DataFrame:
    """Return what is billed of parts that no installment shares, by period, with ``waits_for_last``.

    Part 0 has a portion for each of its periods; what a cancellation leaves of a period that is not billed by
    an installment any more waits for the last one that is.
    """
    more = rest.filter(pl.col("more_minor") > 0)
    first = more.filter(pl.col("change_number") == 0)
    portions = first_part_portions(first, planned, book.lines)
    days = ("period_from_date", "period_to_date")
    of_first = first.join(portions, on=_TERM).with_columns(waits_for_last=~pl.col("is_closed"))
    of_others = more.filter(pl.col("change_number") > 0).with_columns(
        net_minor="more_minor",
        period_from_date="part_from_date",
        period_to_date="part_to_date",
        waits_for_last=pl.lit(value=False),
    )
    names = [*more.columns, "net_minor", *days, "waits_for_last"]
    return pl.concat([of_first.select(names), of_others.select(names)], how="vertical_relaxed")


def _at_once(portions: pl.DataFrame, carried: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return a line for each portion that is billed whole: now, or with an installment, if one is left.

    A term of which nothing was documented yet has its first bill before anything is added to it.
    """
    number = pl.col("installment_number")
    of_terms = carried.with_columns(is_last=number == number.max().over(_TERM))
    by_date = of_terms.filter("is_carried").sort(*_DATES, "installment_number")
    next_one = by_date.unique(_TERM, keep="first", maintain_order=True)
    last_one = by_date.filter("is_last")
    left = carried.select(_TERM, is_left=pl.lit(value=True)).unique()
    waits_for_next = (pl.col("change_billing") == ChangeBilling.NEXT.value) | ~pl.col("is_begun")
    waits = (waits_for_next | pl.col("waits_for_last")) & pl.col("is_left").fill_null(value=False)
    carrier = {
        name: pl.when("waits_for_last").then(f"last_{name}").otherwise(f"next_{name}") for name in _DATES
    }
    dated = portions.join(left, on=_TERM, how="left")
    for prefix, rows in (("next", next_one), ("last", last_one)):
        dates = {f"{prefix}_{name}": name for name in _DATES}
        dated = dated.join(rows.select(_TERM, **dates), on=_TERM, how="left")
    lines = (
        dated.with_columns(**carrier)
        .filter((waits & pl.col("due_date").is_not_null()) | (pl.col("is_settled") & ~waits))
        .with_columns(**{name: pl.when(waits).then(name).otherwise(pl.lit(as_of)) for name in _DATES})
        .sort(_TERM, "change_number", "period_from_date")
    )
    return _shaped(lines)


def _refused(named: pl.DataFrame, book: ChangeBook, as_of: date) -> pl.DataFrame:
    """Return a charge for each part that is owed and cannot be settled: its term is held, or it failed.

    That a part was billed elsewhere is said once, until its term has another change: a person was told.
    """
    is_held = pl.col("hold_code").is_not_null()
    is_lost = pl.col("more_minor").is_null() | pl.col("back_minor").is_null()
    is_owed = (pl.col("more_minor") > 0) | (pl.col("back_minor") > 0) | is_lost
    failed = pl.when(is_lost).then(pl.lit("amount_out_of_range")).otherwise(pl.lit(BILLED_ELSEWHERE))
    told = book.told.select(_TERM, change_number="revision", is_told=pl.lit(value=True))
    marked = named.join(told, on=[_TERM, "change_number"], how="left")
    is_new = pl.col("is_short") & pl.col("is_told").is_null()
    rows = marked.filter(pl.col("is_settled") & is_owed & (is_held | is_new | is_lost)).with_columns(
        net_minor=(pl.col("more_minor") - pl.col("back_minor")).fill_null(0),
        outcome=pl.when(is_held).then(pl.lit(Outcome.HELD.value)).otherwise(pl.lit(Outcome.FAILED.value)),
        reason_code=pl.when(is_held).then("hold_code").otherwise(failed),
        period_from_date="part_from_date",
        period_to_date="part_to_date",
        **{name: pl.lit(as_of) for name in _DATES},
    )
    return _shaped(rows)


def _shaped(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines in one form; those that are to be billed have no reason."""
    if "outcome" not in lines.columns:
        lines = lines.with_columns(
            outcome=pl.lit(Outcome.INVOICED.value), reason_code=pl.lit(None, pl.String)
        )
    return lines.select(
        *(_TERM, "change_number", "last_number", "period_from_date", "period_to_date", *_DATES, *_FROM_PLAN),
        *("outcome", "reason_code"),
        pl.col("net_minor").cast(pl.Int64),
    )


def _numbered(rows: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Return the lines as charges; those of a part are numbered on from the lines that it has.

    A share that comes to nothing is none, and a part that begins as the term ends has no period and no line.
    """
    place = pl.int_range(1, pl.len() + 1).over(_TERM, "change_number")
    return (
        rows.filter((pl.col("net_minor") != 0) | (pl.col("outcome") != Outcome.INVOICED.value))
        .filter(pl.col("period_from_date") < pl.col("period_to_date"))
        .with_columns(
            installment_number=pl.col("last_number") + place,
            installment_count=pl.lit(1),
            charge_kind=pl.lit(PREMIUM_CHANGE.charge_kind),
            revision="change_number",
            charge_number=pl.lit(0),
            split_number=pl.lit(0),
            payer_number=pl.lit(0),
        )
        .join(terms.select(_FROM_TERM), on=_TERM, how="left", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in DUE_SCHEMA.items())
    )
