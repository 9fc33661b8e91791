"""What a run would issue, shown before it does: figures, the bills before, policies that stand out.

Belongs here: a rehearsal for people. Does not belong here: deciding on it (``approvals``), running (``run``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from billing_assets.cli.output import Screen, amount, count_of, styled
from billing_assets.domain.runs import OUTCOME_REASONS, Outcome

if TYPE_CHECKING:
    from billing_assets.store.run_listings import RunDetail

_FIGURES = [
    *("product", "place", "currency", ">installments", ">net", ">tax", ">total"),
    *(">before", ">total before"),
]
_SHOWN_OUTLIERS = 20


def show_rehearsal(screen: Screen, detail: "RunDetail") -> None:
    """Show what a run that has not begun would issue, why it is held, and what was decided on it."""
    rehearsal = detail.rehearsal
    if rehearsal is None:
        return
    _show_decision(screen, detail)
    if detail.held_reasons:
        screen.say(styled("[bold red]held for approval[/bold red]"))
        for reason in detail.held_reasons:
            screen.say(f"  {reason['found']}")
    if not rehearsal["due_count"]:
        screen.say("Nothing is due.")
        return
    _show_figures(screen, rehearsal)
    _show_comparisons(screen, rehearsal)
    _show_credits(screen, rehearsal)
    _show_rest(screen, rehearsal)
    _show_untaxed(screen, rehearsal)
    _show_outliers(screen, rehearsal)
    screen.say(styled("\n[dim]hash of what was shown  {}[/dim]", detail.plan_sha256))


def _show_decision(screen: Screen, detail: "RunDetail") -> None:
    decision = detail.decision
    if decision is not None:
        done = "rejected" if detail.state == "rejected" else "approved"
        screen.say(f"{done} by {decision.decided_by}: {decision.reason}")


def _show_figures(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    rows = [
        [
            *(row["product_code"], row["place_code"], row["currency"], f"{row['charge_count']:,}"),
            *(amount(row[name], row["currency"]) for name in ("net_minor", "tax_minor", "total_minor")),
            f"{row['before_count']:,}" if row["before_count"] else "-",
            amount(row["before_minor"], row["currency"]) if row["before_count"] else "-",
        ]
        for row in rehearsal["figures"]
    ]
    if rows:
        screen.heading("To be invoiced")
        screen.table(_FIGURES, rows)


def _show_comparisons(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    """Show what is compared with the bounds: what has bills before it, without what is caught up late."""
    rows = []
    for row in rehearsal["comparisons"]:
        currency, count, before = row["currency"], row["charge_count"], row["before_count"]
        total, total_before = row["total_minor"], row["before_minor"]
        counts = [f"{count:,}", f"{before:,}", change_words(count, before)]
        totals = [amount(total, currency), amount(total_before, currency), change_words(total, total_before)]
        rows.append([currency, *counts, *totals])
    if not rows:
        screen.say("There are no bills before these to compare with.")
        return
    screen.heading("Beside the bills before")
    columns = ["currency", ">installments", ">before", ">change", ">total", ">before", ">change"]
    screen.table(columns, rows)


def _show_rest(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    rows = [
        [
            *(row["outcome"], f"{row['charge_count']:,}", row["currency"]),
            *(
                amount(row["net_minor"], row["currency"]),
                OUTCOME_REASONS.get(row["reason_code"], row["reason_code"]),
            ),
        ]
        for row in rehearsal["charges"]
        if not Outcome(row["outcome"]).has_document
    ]
    if rows:
        screen.heading("Not to be invoiced")
        screen.table(["outcome", ">charges", "currency", ">net", "reason"], rows, wrap=["reason"])


def _show_untaxed(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    """Show on which charges no tax row falls; rehearsals of before do not know."""
    for row in rehearsal.get("untaxed", ()):
        count, kind = count_of(row["charge_count"], "charge"), row["charge_kind"].replace("_", " ")
        place = row["place_code"]
        screen.say(f"No tax rule covers {row['line_of_business']} in {place} ({kind}): {count}.")
        screen.hint(f"the rows there are: billing rules taxes --place {place}")


def _show_credits(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    """Show what changes of policies give back by credit notes, before tax."""
    rows = [
        [row["currency"], f"{row['charge_count']:,}", amount(-row["net_minor"], row["currency"])]
        for row in rehearsal["charges"]
        if row["outcome"] == Outcome.CREDITED
    ]
    if rows:
        screen.heading("To be given back")
        screen.table(["currency", ">lines", ">net"], rows)


def _show_outliers(screen: Screen, rehearsal: Mapping[str, Any]) -> None:
    found = rehearsal["outliers"][:_SHOWN_OUTLIERS]
    if not found:
        return
    screen.heading("Policies that stand out")
    rows = [
        [row["policy_number"], row["currency"], amount(row["last_minor"], row["currency"]), _new_bill(row)]
        for row in found
    ]
    screen.table(["policy", "currency", ">last bill", ">this bill"], rows)
    rest = rehearsal["outlier_count"] - len(found)
    if rest:
        screen.say(f"and {count_of(rest, 'policy')} more")


def _new_bill(row: Mapping[str, Any]) -> str:
    return amount(row["bill_minor"], row["currency"])


def change_words(now: int, before: int) -> str:
    """Return by how much ``now`` is above or below ``before``, in percent, cut to a tenth.

    >>> change_words(121, 100), change_words(2, 3), change_words(5, 0)
    ('+21.0 %', '-33.3 %', '-')
    """
    if before <= 0:
        return "-"
    tenths = abs(now - before) * 1_000 // before
    return f"{'-' if now < before else '+'}{tenths // 10:,}.{tenths % 10} %"
