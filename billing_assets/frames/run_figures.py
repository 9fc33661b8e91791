"""What a run comes to before it issues: figures, the bills before, policies that stand out.

Belongs here: the figures of priced drafts, set beside those of earlier runs.
Does not belong here: prices (``invoices``), when a figure holds a run (``domain.safety_bounds``).
"""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from billing_assets.domain.charges import CHARGE_KINDS, PREMIUM, PREMIUM_CHANGE
from billing_assets.domain.safety_bounds import Comparison
from billing_assets.frames.arrangements import is_uneven
from billing_assets.frames.columns import FIGURE_SCHEMA
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.rounding import exact_sum, wide

_KEY = [name for name in FIGURE_SCHEMA if name not in {"charge_count", "net_minor", "tax_minor"}]
_SLOT = ["plan_code", "place_code", "period_from_date"]
"""What a bill and the one before it share: the plan, the place, and the day between their periods."""

_PREMIUM_KINDS = [kind.charge_kind for kind in CHARGE_KINDS.values() if kind.is_premium]
_MOST = 2**62
_SHORTEST_MONTH_DAYS = 28
_SHOWN = ["product_code", "currency", "place_code"]
_REASON_KEY = ["outcome", "reason_code", "currency"]
_PLAN_OF = ["payment_plan_id", "plan_code"]


def figures_of(drafts: Drafts, plans: pl.DataFrame, run_dates: tuple[date, date] | None) -> pl.DataFrame:
    """Return the figures (``FIGURE_SCHEMA``) of the lines of ``drafts``.

    ``run_dates`` are those of the first and the last run before. A charge is comparable where no run up to
    the last was to bill it, and where the bill before it, one period earlier, was for one since the first.
    A plan that arranges its installments (a down payment, weights) has no two alike and is not compared.

    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA, PLAN_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "product_code": "car",
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "billing_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> figures = figures_of(drafts, pl.DataFrame(schema=PLAN_SCHEMA), None)
    >>> figures.select("product_code", "is_comparable", "charge_count", "net_minor", "tax_minor").row(0)
    ('car', False, 1, 104, 12)
    """
    first, last = run_dates or (date.max, date.max)
    is_comparable = (pl.col("billing_date") > last) & _was_billed_since(first)
    return _summed(
        drafts.lines.lazy()
        .join(plans.lazy().select(*_PLAN_OF, is_uneven=is_uneven()), on="payment_plan_id", how="left")
        .with_columns(
            pl.col("plan_code").fill_null(""),
            is_last=pl.col("installment_number") == pl.col("installment_count"),
            is_comparable=is_comparable.fill_null(value=False)
            & ~pl.col("is_uneven").fill_null(value=False)
            & (pl.col("charge_kind") != PREMIUM_CHANGE.charge_kind),
            # A fee beside a premium, a further charge line and the line of a further payer are part of the
            # amount of an installment, and none themselves.
            charge_count=_counted(drafts.lines, [PREMIUM.charge_kind]).cast(pl.Int64),
        )
        .select(*FIGURE_SCHEMA)
    )


def _counted(rows: pl.DataFrame, kinds: Sequence[str]) -> pl.Expr:
    """Return the expression that is true on one row of each installment, of these kinds of charge."""
    is_first = pl.col("charge_kind").is_in(kinds) & (pl.col("split_number").fill_null(0) == 0)
    of_payer = is_first & (pl.col("payer_number").fill_null(0) > 0)
    if not rows.select(of_payer.any()).item():
        return is_first
    # Any payer may be the first who has a part of it.
    number = pl.when(of_payer).then(pl.struct("policy_term_id", "installment_number"))
    return is_first & (~of_payer | number.is_first_distinct())


def _was_billed_since(first: date) -> pl.Expr:
    """Tell whether the date one period before the billing date is not before ``first``.

    A period of four weeks or more is one of months, as many as come nearest to its days.
    """
    day, days = (
        pl.col("billing_date"),
        (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days(),
    )
    months = 12 * day.dt.year() + day.dt.month() - (days + 15) // 30
    is_since = 31 * (months - 12 * first.year - first.month) + day.dt.day() >= first.day
    return (
        pl.when(days < _SHORTEST_MONTH_DAYS).then(day - pl.duration(days=days) >= first).otherwise(is_since)
    )


def add_figures(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the figures of all parts, one row per key, sorted.

    >>> add_figures([]).height
    0
    """
    return _summed(pl.concat([pl.LazyFrame(schema=FIGURE_SCHEMA), *(part.lazy() for part in parts)])).sort(
        *_KEY
    )


def _summed(rows: pl.LazyFrame) -> pl.DataFrame:
    sums = [exact_sum(pl.col(name)).alias(name) for name in ("charge_count", "net_minor", "tax_minor")]
    # A sum beyond Int64 is no credible one; it is capped, so that it still stands out.
    narrow = pl.col("charge_count", "net_minor", "tax_minor").clip(-_MOST, _MOST).cast(pl.Int64)
    return rows.group_by(_KEY).agg(sums).with_columns(narrow).select(*FIGURE_SCHEMA).collect()


def before_of(figures: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return of ``earlier`` figures the bills before those of ``figures`` that can be compared.

    These are of the same plan and place, their periods ended where the others begin, and lasted about as
    long: a fifth more or less. ``period_from_date`` becomes the day between them.

    >>> row = dict.fromkeys(FIGURE_SCHEMA) | {
    ...     "plan_code": "monthly",
    ...     "place_code": "ES",
    ...     "is_comparable": True,
    ... }
    >>> days = [date(2024, month, 1) for month in (1, 2, 3)]
    >>> old = pl.DataFrame(
    ...     [row | {"period_from_date": days[0], "period_to_date": days[1], "charge_count": 9}],
    ...     schema=FIGURE_SCHEMA,
    ... )
    >>> new = pl.DataFrame(
    ...     [row | {"period_from_date": days[1], "period_to_date": days[2]}], schema=FIGURE_SCHEMA
    ... )
    >>> before_of(new, old)["charge_count"].to_list()
    [9]
    """
    slots = _slots(figures)
    old_days = (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days()
    candidates = earlier.lazy().with_columns(old_days=old_days, period_from_date="period_to_date")
    lasted_as_long = (5 * pl.col("old_days") <= 6 * pl.col("period_days")) & (
        6 * pl.col("old_days") >= 5 * pl.col("period_days")
    )
    return (
        candidates.join(slots.lazy(), on=_SLOT, how="inner")
        .filter(lasted_as_long)
        .select(*FIGURE_SCHEMA)
        .collect()
    )


def _slots(figures: pl.DataFrame) -> pl.DataFrame:
    """Return plan, place and first day of the periods that can be compared, and how long they last.

    Cover that ends early cuts a period short, so the longest one speaks for all that begin with it.
    """
    days = (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days()
    return (
        figures.group_by(_SLOT)
        .agg(period_days=days.max(), is_comparable=pl.col("is_comparable").sort_by(days).last())
        .filter(pl.col("is_comparable"))
        .drop("is_comparable")
    )


def compared_days(figures: pl.DataFrame) -> list[date]:
    """Return the first days of the periods that can be compared, ascending.

    >>> compared_days(add_figures([]))
    []
    """
    return _slots(figures)["period_from_date"].unique().sort().to_list()


def comparisons_of(figures: pl.DataFrame, before: pl.DataFrame) -> tuple[Comparison, ...]:
    """Return the run beside the bills before (:func:`before_of`), one row per currency.

    Of the run only what has a bill before it in its plan and place is compared.

    >>> comparisons_of(pl.DataFrame(schema=FIGURE_SCHEMA), pl.DataFrame(schema=FIGURE_SCHEMA))
    ()
    """
    now = figures.join(_slots(figures), on=_SLOT, how="semi").join(before, on=_SLOT, how="semi")
    total = wide(pl.col("net_minor")) + wide(pl.col("tax_minor"))
    parts = (
        (now, {"charge_count": pl.col("charge_count"), "total_minor": total}),
        (before, {"before_count": pl.col("charge_count"), "before_minor": total}),
        (
            before.filter(pl.col("is_last")),
            {"ended_count": pl.col("charge_count"), "ended_minor": total},
        ),
    )
    sums: dict[str, dict[str, int]] = {}
    for frame, named in parts:
        rows = frame.group_by("currency").agg(value.sum().alias(name) for name, value in named.items())
        for row in rows.iter_rows(named=True):
            sums.setdefault(row["currency"], {}).update(
                {name: int(value) for name, value in row.items() if name != "currency"}
            )
    names = [name for _, named in parts for name in named]
    return tuple(
        Comparison(currency=currency, **{name: row.get(name, 0) for name in names})
        for currency, row in sorted(sums.items())
    )


def shown_figures(figures: pl.DataFrame, before: pl.DataFrame) -> list[dict[str, object]]:
    """Return the figures by product, currency and place, each beside the bills before.

    >>> shown_figures(pl.DataFrame(schema=FIGURE_SCHEMA), pl.DataFrame(schema=FIGURE_SCHEMA))
    []
    """
    now = figures.group_by(_SHOWN).agg(
        exact_sum(pl.col(name)).alias(name) for name in ("charge_count", "net_minor", "tax_minor")
    )
    then = before.group_by(_SHOWN).agg(
        before_count=exact_sum(pl.col("charge_count")),
        before_minor=exact_sum(pl.col("net_minor") + pl.col("tax_minor")),
    )
    rows = now.join(then, on=_SHOWN, how="full", coalesce=True).sort(*_SHOWN)
    counted = [name for name in rows.columns if name not in _SHOWN]
    filled = rows.with_columns(pl.col(counted).fill_null(0)).with_columns(
        total_minor=pl.col("net_minor") + pl.col("tax_minor")
    )
    return filled.to_dicts()


def unbilled_terms(drafts: Drafts, settled: pl.DataFrame) -> pl.Series:
    """Return the ``policy_term_id`` of the lines of terms that were never billed.

    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> unbilled_terms(NO_DRAFTS, pl.DataFrame(schema={"policy_term_id": pl.Int64})).len()
    0
    """
    terms = drafts.lines.select("policy_term_id")
    return terms.join(settled, on="policy_term_id", how="anti").to_series()


def first_bills(
    drafts: Drafts, plans: pl.DataFrame, settled: pl.DataFrame, last_bills: pl.DataFrame
) -> pl.DataFrame:
    """Return the bills of terms that were never billed and have a last bill before them.

    A bill is a document, or where a term has several payers those of all of them together.
    With what :func:`outliers_of` compares; a policy of one term, new to the book, has nothing before it.

    A term that was billed before needs no look: its installments are equal parts of one premium, and one
    whose premium the book has changed since is held. Neither does one whose plan arranges its installments:
    a down payment is no measure for what follows, and what came before none for it.

    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> from billing_assets.frames.columns import PLAN_SCHEMA
    >>> first_bills(
    ...     NO_DRAFTS,
    ...     pl.DataFrame(schema=PLAN_SCHEMA),
    ...     pl.DataFrame(schema={"policy_term_id": pl.Int64}),
    ...     pl.DataFrame(schema={"policy_term_id": pl.Int64}),
    ... ).columns
    ['bill_index', 'policy_term_id', 'policy_number', 'plan_code', 'currency', 'period_days', 'bill_minor']
    """
    followed = drafts.lines.lazy().join(last_bills.lazy(), on="policy_term_id", how="semi")
    lines = followed.join(settled.lazy(), on="policy_term_id", how="anti").with_columns(
        is_counted=_counted(drafts.lines, [PREMIUM.charge_kind])
    )
    # A bill of several policies counts for each of them by its own lines.
    total = exact_sum(pl.col("net_minor")) + exact_sum(pl.col("tax_minor"))
    days = (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days()
    bills = (
        lines.group_by("bill_index")
        .agg(
            pl.col("policy_term_id", "policy_number", "payment_plan_id", "currency").first(),
            period_days=days.filter("is_counted").sum(),
            bill_minor=total.clip(-_MOST, _MOST).cast(pl.Int64),
        )
        .filter(pl.col("period_days") > 0)
    )
    return (
        bills.join(plans.lazy().select(*_PLAN_OF, is_uneven=is_uneven()), on="payment_plan_id", how="left")
        .filter(~pl.col("is_uneven").fill_null(value=False))
        .select(
            "bill_index",
            "policy_term_id",
            "policy_number",
            "plan_code",
            "currency",
            "period_days",
            "bill_minor",
        )
        .collect()
    )


def outliers_of(bills: pl.DataFrame, last_bills: pl.DataFrame, times: int) -> pl.DataFrame:
    """Return policies whose bill is more than ``times`` their last one in the same currency.

    ``bills`` come from :func:`first_bills`, ``last_bills`` have ``LAST_BILL_SCHEMA``. Where plan and currency
    are the same and the last bill was for fewer days, it counts as if it had been for as many: the part of
    a month with which a term begins is no measure for the months that follow. One row per policy, its
    largest bill: ``policy_number``, ``currency``, ``last_minor``, ``bill_minor``.

    >>> bills = pl.DataFrame(
    ...     {
    ...         "policy_term_id": [7, 8],
    ...         "policy_number": ["P-7", "P-8"],
    ...         "plan_code": "yearly",
    ...         "currency": "EUR",
    ...         "period_days": 365,
    ...         "bill_minor": [300, 301],
    ...     }
    ... )
    >>> last = pl.DataFrame(
    ...     {
    ...         "policy_term_id": [7, 8],
    ...         "plan_code": "yearly",
    ...         "currency": "EUR",
    ...         "period_days": 365,
    ...         "total_minor": 100,
    ...     }
    ... )
    >>> outliers_of(bills, last, 3).rows()
    [('P-8', 'EUR', 100, 301)]
    """
    both = bills.join(last_bills, on=["policy_term_id", "currency"], how="inner", suffix="_last")
    is_shorter = (pl.col("plan_code") == pl.col("plan_code_last")) & (
        pl.col("period_days_last") < pl.col("period_days")
    )
    new, old = wide(pl.col("bill_minor")), wide(pl.col("total_minor")) * times
    is_over = (
        pl.when(is_shorter)
        .then(new * pl.col("period_days_last") > old * pl.col("period_days"))
        .otherwise(new > old)
    )
    return (
        both.filter(is_over & (pl.col("total_minor") > 0))
        .sort("policy_number", "bill_minor", descending=[False, True])
        .unique("policy_number", keep="first", maintain_order=True)
        .select("policy_number", "currency", "bill_minor", last_minor="total_minor")
        .select("policy_number", "currency", "last_minor", "bill_minor")
    )


def largest_outliers(outliers: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return the first ``count`` policies that stand out, those that grew by the most times first.

    >>> rows = pl.DataFrame(
    ...     {"policy_number": ["A", "B"], "currency": "EUR", "last_minor": [10, 1], "bill_minor": [40, 9]}
    ... )
    >>> largest_outliers(rows, 1)["policy_number"].to_list()
    ['B']
    """
    times = pl.col("bill_minor") // pl.max_horizontal("last_minor", pl.lit(1))
    return outliers.sort(times, "bill_minor", "policy_number", descending=[True, True, False]).head(count)


def reasons_of(drafts: Drafts) -> pl.DataFrame:
    """Return count and net of the charges by outcome, reason and currency; see :func:`add_reasons`.

    ``due_installment_count`` counts an installment once, whatever lines, payers and fee it has; so it does a
    line of a change, and one that is given back.

    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> reasons_of(NO_DRAFTS).columns
    ['outcome', 'reason_code', 'currency', 'charge_count', 'due_installment_count', 'net_minor']
    """
    is_due = _counted(drafts.charges, _PREMIUM_KINDS)
    counts = {"charge_count": pl.lit(1), "due_installment_count": is_due.cast(pl.Int64)}
    return _reasons(drafts.charges.lazy().select(*_REASON_KEY, "net_minor", **counts))


def add_reasons(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the counts and sums of all parts (:func:`reasons_of`), sorted.

    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> add_reasons([reasons_of(NO_DRAFTS)]).height
    0
    """
    return _reasons(pl.concat(part.lazy() for part in parts)).sort(*_REASON_KEY, nulls_last=False)


def _reasons(rows: pl.LazyFrame) -> pl.DataFrame:
    summed = ("charge_count", "due_installment_count", "net_minor")
    sums = [exact_sum(pl.col(name)).alias(name) for name in summed]
    return rows.group_by(_REASON_KEY).agg(sums).collect()
