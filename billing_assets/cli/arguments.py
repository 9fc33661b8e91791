"""Arguments that many commands share.

Belongs here: dates, --json and limits, each with its one help text. Does not belong here: arguments of one
command.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from getpass import getuser
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.interrupts import keep_handlers
from billing_assets.cli.output import Screen
from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.errors import BillingError

if TYPE_CHECKING:
    from billing_assets.wiring.desk import Desk

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def iso_date(text: str) -> date:
    """Return the date written as YYYY-MM-DD; no other form is guessed.

    >>> iso_date("2025-01-31")
    datetime.date(2025, 1, 31)
    """
    if _ISO.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(f"there is no day {text}") from None
    raise typer.BadParameter(f"'{text[:20]}' is not a date; write it as 2025-01-31")


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many rows.")]
_NEXT_PAGE = "Go on below this row of the list: the next page."
Before = Annotated[int | None, typer.Option("--before", metavar="ID", help=_NEXT_PAGE)]
BeforeNumber = Annotated[str, typer.Option("--before", metavar="NUMBER", help=_NEXT_PAGE)]
Day = Annotated[date, typer.Argument(parser=iso_date, metavar="DATE", help="Billing date, as 2025-01-31.")]
OfDate = Annotated[
    date | None, typer.Option("--date", parser=iso_date, metavar="DATE", help="Only of this billing date.")
]
Policy = Annotated[str, typer.Option("--policy", metavar="NUMBER", help="Only of this policy.")]
Payer = Annotated[str, typer.Option("--payer", metavar="KEY", help="Only of the payer with this key.")]
AnyDay = Annotated[
    date | None,
    typer.Argument(
        parser=iso_date, metavar="DATE", help="Billing date, as 2025-01-31; every date if left out."
    ),
]

Note = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="Why; kept for ever, for whoever asks later.")
]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who decides; the login on this machine if left out.")
]


NoDeliver = Annotated[
    bool,
    typer.Option("--no-deliver", help="Make the documents, send nothing; 'billing deliver' sends them."),
]


def state_in(states: Sequence[str]) -> Callable[[str], str]:
    """Return the check of an option that names one of these states; left out it is empty.

    >>> state_in(("open", "done"))("done")
    'done'
    """

    def check(text: str) -> str:
        if text and text not in states:
            raise typer.BadParameter(f"'{text[:20]}' is no state; it is one of {', '.join(states)}")
        return text

    return check


def of_state(states: Sequence[str]) -> object:
    """Return the option that leaves of a list those rows that are in one of these states."""
    words = f"Only those that are {', '.join(states)}."
    return typer.Option("--state", callback=state_in(states), metavar="STATE", help=words)


def name_of(given: str) -> str:
    """Return the name of whoever decides: the one that is given, or the login on this machine."""
    if given.strip():
        return given
    try:
        return getuser()
    except (ImportError, KeyError, OSError) as error:
        raise BillingError("name_missing", "this login has no name", "say who decides: --by NAME") from error


def text_of(path: Path, unreadable: BillingError) -> str:
    """Return the text of a file that keeps something off the command line, or raise ``unreadable``."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable from error


def login_actor() -> Actor:
    """Return whoever works at this command line, for the audit log.

    >>> login_actor().kind
    <ActorKind.LOGIN: 'login'>
    """
    try:
        name = getuser()
    except (ImportError, KeyError, OSError):
        name = f"uid {os.getuid()}"
    return Actor(kind=ActorKind.LOGIN, name=name)


def hint_next_page(screen: Screen, before: int | str | None) -> None:
    """Say how the list goes on below its last row; ``before`` is None where it does not."""
    if before is not None:
        screen.hint(f"the next page: add --before {quote(str(before))}")


@contextmanager
def open_desk(screen: Screen, **settings: object) -> "Iterator[Desk]":
    """Open the store of the settings; an embedded server that does not run is started for the block."""
    with ExitStack() as stack:
        with screen.waiting("opening the store"):
            from billing_assets.wiring.desk import Desk
            from billing_assets.wiring.opening import open_billing
            from billing_assets.wiring.settings import read_settings

            keep_handlers()
            billing = stack.enter_context(open_billing(read_settings(**settings), login_actor()))
        yield Desk(billing)
