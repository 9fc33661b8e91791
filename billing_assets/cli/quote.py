"""``billing quote``: what a change of a policy would come to, before anybody decides on it.

Belongs here: the question and the table. Does not belong here: the arithmetic (``frames.earned_premium``).
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.output import Screen, amount, styled
from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.term_days import TermDayCount

if TYPE_CHECKING:
    from billing_assets.store.quoted_terms import QuotedTerm
    from billing_assets.wiring.quotes import CancellationQuote

app = typer.Typer(no_args_is_help=True, help="See what a change would come to; nothing is written.")

_DAY_HELP = "First day without cover."
_METHOD_HELP = f"Only by this method: {', '.join(CANCELLATION_METHODS)}."


@app.command(
    "cancellation",
    epilog="billing quote cancellation MOT-1003 --on 2025-05-01\n\n"
    "billing quote cancellation MOT-1003 --on 2025-05-01 --method pro_rata --json",
)
def cancellation(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Number of the policy.")],
    day: Annotated[date, typer.Option("--on", parser=iso_date, metavar="DATE", help=_DAY_HELP)],
    method: Annotated[str, typer.Option("--method", metavar="CODE", help=_METHOD_HELP)] = "",
    elsewhere: Annotated[
        str,
        typer.Option("--billed-elsewhere", metavar="AMOUNT", help="Billed before the cut-over, without tax."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Say what a term has earned if it is cancelled, by each method, beside what was billed.

    Premium without tax. What was billed beyond the earned premium would be given back, what is missing would
    be billed. Many laws allow nothing but pro rata: have counsel confirm the method.
    """
    if method and method not in CANCELLATION_METHODS:
        raise typer.BadParameter(
            f"'{method[:20]}' is no method; it is one of {', '.join(CANCELLATION_METHODS)}",
            param_hint="--method",
        )
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.wiring.quotes import quote_cancellation

        term, quotes = quote_cancellation(desk, policy, day, (method,) if method else (), elsewhere)
    screen.document({"term": term, "cancellation_date": day, "quotes": quotes})
    _show_term(screen, term, day, quotes[0].earned_minor + quotes[0].unearned_minor)
    screen.table(
        ["method", ">earned", ">unearned", "then", ">premium", "what it is"],
        [[*_cells(quote, term), CANCELLATION_METHODS[quote.method_code].meaning] for quote in quotes],
        wrap=["what it is"],
    )
    if quotes[0].balance_minor is None:
        screen.hint(
            f"what was due before {term.cut_over_date} was billed elsewhere: say it by --billed-elsewhere"
        )
    _hint(screen, term)


@app.command("endorsement", epilog="billing quote endorsement MOT-1003 --from 2025-05-01 --premium 480.00")
def endorsement(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Number of the policy.")],
    day: Annotated[
        date, typer.Option("--from", parser=iso_date, metavar="DATE", help="First day of the new premium.")
    ],
    premium: Annotated[
        str,
        typer.Option("--premium", metavar="AMOUNT", help="New premium of the whole term, without tax."),
    ],
    as_json: Json = False,
) -> None:
    """Say what another premium comes to for the days that are left of the term.

    The difference between the new and the old premium of the whole term, times the days left out of the days
    of the term, rounded once.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.wiring.quotes import quote_endorsement

        term, quote = quote_endorsement(desk, policy, day, premium)
    screen.document({"term": term, "change_date": day, "quote": quote})
    screen.say(styled("[bold]{}[/bold], changed from {}", term.policy_number, day))
    owed = "additional premium" if quote.change_minor >= 0 else "return premium"
    written, old, new, change = (
        f"{amount(value, term.currency)} {term.currency}"
        for value in (
            quote.written_minor,
            term.premium_minor,
            quote.new_premium_minor,
            abs(quote.change_minor),
        )
    )
    screen.facts(
        [
            ("term", f"{term.effective_date} to {term.expiration_date}"),
            ("premium", f"{old}, then {new} for the whole term"),
            ("days left", f"{quote.days_left} of {quote.term_days}{_counted(term)}"),
            (owed, change),
            ("the term then comes to", written),
        ]
    )
    _hint(screen, term)


def _hint(screen: Screen, term: "QuotedTerm") -> None:
    if term.charge_count:
        screen.hint(
            "its premium is made of several charges, and a change does not say which of them it is of: bill "
            "or credit the difference by hand"
        )
    if term.payer_count:
        screen.hint(
            "it has several payers, and a change does not say whose it is: bill or credit the difference by "
            "hand"
        )
    screen.hint("premium without tax; nothing was written")


def _show_term(screen: Screen, term: "QuotedTerm", day: date, premium_minor: int) -> None:
    """Show a term, its premium with the changes that it has, and what was billed of it."""
    screen.say(styled("[bold]{}[/bold], cancelled on {}", term.policy_number, day))
    days, in_force = term.days.whole, term.days.before(day)
    of_days = f"{in_force} of {days} days in force{_counted(term)}"
    screen.facts(
        [
            ("term", f"{term.effective_date} to {term.expiration_date}: {of_days}"),
            ("premium", f"{amount(premium_minor, term.currency)} {term.currency}"),
            ("billed", f"{amount(term.billed_net_minor, term.currency)} {term.currency}"),
        ]
    )


def _counted(term: "QuotedTerm") -> str:
    """Say how the plan counts days, where it is not by the calendar."""
    is_named = term.day_count is not TermDayCount.ACTUAL_TERM
    return f" (the plan counts {term.day_count.value})" if is_named else ""


def _cells(quote: "CancellationQuote", term: "QuotedTerm") -> list[Any]:
    balance = quote.balance_minor
    then = "bill" if balance and balance > 0 else "give back" if balance else "even"
    return [
        quote.method_code,
        amount(quote.earned_minor, term.currency),
        amount(quote.unearned_minor, term.currency),
        "?" if balance is None else then,
        "" if balance is None else amount(abs(balance), term.currency),
    ]
