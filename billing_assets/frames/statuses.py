"""From what was recorded to what other systems are told: kinds, running amounts, order.

Belongs here: the formula of each status, and what is open of an invoice after each.
Does not belong here: reading what was recorded, drawing numbers, writing (``store.statuses``).

What is open follows from the facts in the order in which they are told, beginning with what was told last: a
fact that is committed late is told late, and the last event of an invoice still says what is open of it.
"""

import polars as pl

from billing_assets.domain.statuses import FactKind, StatusKind

EVENT_COLUMNS = (
    "event_kind",
    "fact_kind",
    "fact_id",
    "fact_turn",
    "invoice_id",
    "invoice_number",
    "policy_numbers",
    "related_number",
    "currency",
    "total_minor",
    "amount_minor",
    "open_minor",
    "due_date",
    "occurred_date",
    "channel",
    "reason_code",
)
"""Columns of an event, but for its number, its company and when it was told."""


def status_events(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the event of each fact, in the order in which they are told: ``EVENT_COLUMNS``.

    Facts have those columns but for kind and amounts, and: ``source_number``, the order in which they were
    written; ``fact_state``, what it is: ``issued``, ``credited``, ``payment``, ``write_off``, ``sent`` or
    ``failed``; ``change_minor``, what it adds to what is open of the invoice. ``policy_numbers`` is an array
    as the store writes it. ``told_open_minor`` and ``is_past_due`` say where the invoice stood by what was
    told before, null where nothing was.

    >>> names = ("invoice_number", "policy_numbers", "related_number", "currency", "due_date")
    >>> fact = dict.fromkeys((*names, "fact_turn", "occurred_date", "channel", "reason_code"))
    >>> fact |= {"fact_kind": "allocation", "fact_state": "payment", "source_number": 1, "invoice_id": 5}
    >>> fact |= {"told_open_minor": 100, "total_minor": 100}
    >>> rows = [fact | {"fact_id": number, "change_minor": -amount} for number, amount in ((7, 60), (8, 40))]
    >>> status_events(pl.DataFrame(rows)).select("event_kind", "amount_minor", "open_minor").rows()
    [('part_paid', 60, 40), ('paid', 40, 0)]
    """
    ordered = facts.sort("source_number", "fact_id")
    running = pl.col("change_minor").cum_sum().over("invoice_id")
    moved = ordered.with_columns(
        open_minor=pl.col("told_open_minor").fill_null(0) + running,
        amount_minor=pl.when(pl.col("fact_kind") == FactKind.DELIVERY.value)
        .then("total_minor")
        .otherwise(pl.col("change_minor").abs()),
    )
    return moved.with_columns(event_kind=_kind()).select(EVENT_COLUMNS)


def past_due_events(accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the event of each account whose due date is over and of which something is open.

    ``accounts`` have the columns of a fact that name an invoice, ``told_open_minor``, ``past_due_count`` and
    the day as ``occurred_date``; those that fell due first come first.

    >>> row = {"invoice_id": 5, "told_open_minor": 40, "past_due_count": 0, "due_date": None}
    >>> names = ("invoice_number", "policy_numbers", "currency", "total_minor", "occurred_date")
    >>> told = past_due_events(pl.DataFrame([row | dict.fromkeys(names)]))
    >>> told.select("event_kind", "fact_turn", "amount_minor", "open_minor").rows()
    [('past_due', 1, 40, 40)]
    """
    return (
        accounts.sort("due_date", "invoice_id")
        .with_columns(
            event_kind=pl.lit(StatusKind.PAST_DUE.value),
            fact_kind=pl.lit(FactKind.DUE.value),
            fact_id="invoice_id",
            fact_turn=pl.col("past_due_count") + 1,
            related_number=pl.lit(""),
            amount_minor="told_open_minor",
            open_minor="told_open_minor",
            channel=pl.lit(""),
            reason_code=pl.lit(""),
        )
        .select(EVENT_COLUMNS)
    )


def accounts_after(events: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Return where each invoice of ``events`` stands after them: one row each, the last event's.

    Of what is settled nothing is past due: should it be open again, that is told once more.

    >>> names = ("invoice_number", "policy_numbers", "currency", "total_minor", "due_date")
    >>> events = pl.DataFrame([dict.fromkeys(names) | {"invoice_id": 5, "open_minor": 0}])
    >>> facts = pl.DataFrame({"invoice_id": [5], "is_past_due": [True]})
    >>> accounts_after(events, facts).select("open_minor", "is_past_due").rows()
    [(0, False)]
    """
    names = ("invoice_number", "policy_numbers", "currency", "total_minor", "open_minor", "due_date")
    last = events.group_by("invoice_id", maintain_order=True).agg(
        *(pl.col(name).last() for name in names),
        lowest_minor=pl.col("open_minor").min(),
    )
    known = facts.group_by("invoice_id").agg(pl.col("is_past_due").first().fill_null(value=False))
    return (
        last.join(known, on="invoice_id", how="left", maintain_order="left")
        .with_columns(is_past_due=pl.col("is_past_due") & (pl.col("lowest_minor") > 0))
        .drop("lowest_minor")
    )


def _kind() -> pl.Expr:
    """Return the kind of event that a fact makes, by what it is and what it leaves open."""
    state, change = pl.col("fact_state"), pl.col("change_minor")
    plain = {
        "issued": StatusKind.ISSUED,
        "credited": StatusKind.CREDITED,
        "sent": StatusKind.DELIVERED,
        "failed": StatusKind.UNDELIVERABLE,
        "write_off": StatusKind.WRITTEN_OFF,
    }
    paid = pl.when(pl.col("open_minor") > 0).then(pl.lit(StatusKind.PART_PAID.value))
    return (
        pl.when((pl.col("fact_kind") == FactKind.ALLOCATION.value) & (change > 0))
        .then(pl.lit(StatusKind.UNPAID_AGAIN.value))
        .when(state == "payment")
        .then(paid.otherwise(pl.lit(StatusKind.PAID.value)))
        .otherwise(state.replace_strict({word: kind.value for word, kind in plain.items()}, default=None))
    )
