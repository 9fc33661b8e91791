"""What a command prints: tables and sentences for people, one JSON document for programs.

Belongs here: consoles, tables, amounts as people read them, JSON, progress bars.
Does not belong here: errors and exit codes (``failures``), what is in a table (the commands).

Results go to stdout, everything else (progress, hints, errors) to stderr. Without a terminal there is no
colour, no progress bar (but a line now and then) and no line broken to fit a screen.

Every text is plain, whatever it holds: nothing in it is markup, and a control character is shown instead of
reaching the terminal. Who wants colours says so with :func:`styled`.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import Box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from billing_assets.domain.money import plain_amount

if TYPE_CHECKING:
    from billing_assets.domain.runs import CurrencyTotal

PIPE_WIDTH = 200
"""Columns where there is no terminal: wide enough that no cell is broken."""

SECONDS_BETWEEN_LINES = 10
"""Without a terminal, progress is a line so often: who reads the log of long work sees that it goes on."""

WANTS_JSON: ContextVar[bool] = ContextVar("wants_json", default=False)
"""Whether --json was given anywhere on the command line."""

HAS_DOCUMENT: ContextVar[bool] = ContextVar("has_document", default=False)
"""Whether the one document is on stdout already."""


class Screen:
    """Where one command prints to.

    With ``is_json`` the methods for people print nothing on stdout, and :meth:`document` prints the one
    document.
    """

    def __init__(self, is_json: bool = False) -> None:
        """Print for a program where --json was given, for a person otherwise."""
        self.is_json = is_json or WANTS_JSON.get()
        self.out = _console(is_stderr=False)
        self.err = _console(is_stderr=True)

    def document(self, value: object) -> None:
        """Print ``value`` as JSON; nothing happens where a person is reading."""
        if self.is_json:
            sys.stdout.write(as_json(value))
            sys.stdout.flush()
            HAS_DOCUMENT.set(True)

    def say(self, text: str = "") -> None:
        """Print a line for people; without a text, an empty one."""
        if not self.is_json:
            self.out.print(_shown(text), soft_wrap=not self.out.is_terminal)

    def indented(self, text: str, columns: int = 2) -> None:
        """Print a paragraph for people, every line of it so many columns to the right."""
        if self.is_json:
            return
        if self.out.is_terminal:
            self.out.print(Padding(_shown(text), (0, 0, 0, columns)))
        else:
            self.out.print(" " * columns, _shown(text), sep="", soft_wrap=True)

    def hint(self, text: str) -> None:
        """Print, apart from the result, a line on what to do next."""
        if not self.is_json:
            self.aside(text, "dim")

    def warn(self, text: str) -> None:
        """Print a warning apart from the result; programs see it too, on stderr."""
        self.aside(text, "yellow")

    def aside(self, text: str, style: str = "") -> None:
        """Print a line apart from the result, whoever reads."""
        shown = _shown(text)
        shown.stylize(style)
        self.err.print(shown, soft_wrap=not self.err.is_terminal)

    def facts(self, rows: Sequence[tuple[str, object]]) -> None:
        """Print names and values in two columns."""
        if self.is_json:
            return
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in rows:
            grid.add_row(_shown(name), _shown(_words(value)))
        self.out.print(grid)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        footer: Sequence[object] | None = None,
        wrap: Sequence[str] = (),
    ) -> None:
        """Print a table; a column ``>name`` is aligned to the right, one in ``wrap`` may take more lines."""
        if self.is_json:
            return
        table = Table(
            box=_LINES,
            show_edge=False,
            pad_edge=False,
            header_style="bold",
            show_footer=footer is not None,
        )
        ends = footer if footer is not None else [""] * len(columns)
        for column, end in zip(columns, ends, strict=True):
            name = column.removeprefix(">")
            is_wide = name in wrap
            table.add_column(
                _shown(name),
                footer=_cell(end),
                footer_style="bold",
                justify="right" if column.startswith(">") else "left",
                no_wrap=not is_wide,
                overflow="fold" if is_wide else "ellipsis",
                ratio=1 if is_wide and self.out.is_terminal else None,
            )
        for row in rows:
            table.add_row(*map(_cell, row))
        self.out.print(table)

    def heading(self, text: str) -> None:
        """Print a heading with an empty line above it."""
        self.say()
        self.say(styled("[bold]{}[/bold]", text))

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str, int, int], None]]:
        """Yield what a step tells its progress to: a bar on stderr, or a line now and then in a file.

        Both tell, for each stage of the work, how fast it goes and how long it still takes.
        """
        if self.is_json:
            yield lambda _stage, _done, _total: None
            return
        if not self.err.is_terminal:
            yield _spoken(self, title)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        pace = Pace()
        with Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
            console=self.err,
            transient=True,
        ) as bars:
            task = bars.add_task(visible(title), total=None, pace="")

            def tell(stage: str, done: int, total: int) -> None:
                told = pace.told(stage, done, total, time.monotonic())
                text = visible(f"{title}  {stage}")
                bars.update(task, description=text, completed=done, total=total or None, pace=told)
                # A stage that is done does not stop the clock: it is that of the whole work.
                bars.tasks[task].finished_time = None

            yield tell

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show ``text`` beside something that turns, for work that counts nothing."""
        if not self.err.is_terminal or self.is_json:
            yield
            return
        with self.err.status(_shown(text)):
            yield


def _spoken(screen: Screen, title: str) -> Callable[[str, int, int], None]:
    """Return what tells progress in plain lines, the first after some seconds: short work says nothing."""
    told_at, pace = time.monotonic(), Pace()

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal told_at
        speed = pace.told(stage, done, total, time.monotonic())
        if time.monotonic() - told_at >= SECONDS_BETWEEN_LINES:
            told_at = time.monotonic()
            counted = f"{title}  {stage}  {done} of {total}" if total else f"{title}  {stage}"
            screen.hint(f"{counted}  {speed}".rstrip())

    return tell


class Pace:
    """How fast a stage of the work goes, and how long it still takes at that speed."""

    def __init__(self) -> None:
        """Begin with no stage."""
        self._stage = ""
        self._first_done = 0
        self._began_at = 0.0

    def told(self, stage: str, done: int, total: int, at: float) -> str:
        """Return the pace of a stage that has ``done`` of ``total`` at a second; empty until it is known.

        >>> pace = Pace()
        >>> [pace.told("invoicing", done, 120, at) for done, at in ((0, 50.0), (30, 60.0))]
        ['', '3.0/s, 0:00:30 left']
        """
        if stage != self._stage or done < self._first_done:
            self._stage, self._first_done, self._began_at = stage, done, at
        made, seconds = done - self._first_done, at - self._began_at
        if not made or not seconds or not total:
            return ""
        left = timedelta(seconds=int((total - done) * seconds / made))
        return f"{made / seconds:.1f}/s, {left} left"


class Markup(str):
    """A text with colours, made by :func:`styled`; its line breaks are meant."""

    __slots__ = ()


def styled(markup: str, *values: object) -> Markup:
    r"""Return ``markup`` with ``values`` in the place of its ``{}``, each as plain text unless styled itself.

    >>> styled("[bold]{}[/bold]  {}", "P[/b]1", styled("[red]{}[/red]", "failed"))
    '[bold]P\\[/b]1[/bold]  [red]failed[/red]'
    """
    return Markup(markup.format(*map(_as_markup, values)))


def visible(text: str) -> str:
    r"""Return ``text`` with every character that could steer a terminal, or break a line, written out.

    >>> print(visible("\x1b[31mred\x1b]0;title\x07\n\u202e"))
    \x1b[31mred\x1b]0;title\x07\n\u202e
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def as_json(value: object) -> str:
    r"""Return ``value`` as indented JSON: dates as ISO 8601, amounts as integers beside their currency.

    >>> print(as_json({"billing_date": date(2025, 1, 2), "total_minor": 1250, "currency": "EUR"}), end="")
    {
      "billing_date": "2025-01-02",
      "total_minor": 1250,
      "currency": "EUR"
    }
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    # What JSON itself lets through is written as it writes the rest.
    return _STEERING_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def amount(amount_minor: int, currency: str) -> str:
    """Return an amount with grouped digits, as a column of a table has it.

    >>> amount(123456789, "EUR"), amount(-1050, "JPY"), amount(5, "KWD")
    ('1,234,567.89', '-1,050', '0.005')
    """
    whole, point, fraction = plain_amount(abs(amount_minor), currency).partition(".")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{int(whole):,}{point}{fraction}"


def total_rows(totals: "Sequence[CurrencyTotal]") -> list[list[str]]:
    """Return the rows (outcome, currency, charges, net) of control totals.

    >>> from billing_assets.domain.runs import CurrencyTotal, Outcome
    >>> total_rows([CurrencyTotal(outcome=Outcome.ZERO, currency="EUR", charge_count=2, net_minor=0)])
    [['zero', 'EUR', '2', '0.00']]
    """
    return [
        [
            total.outcome.value,
            total.currency,
            f"{total.charge_count:,}",
            amount(total.net_minor, total.currency),
        ]
        for total in totals
    ]


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it needs one.

    >>> count_of(1, "invoice"), count_of(1200, "invoice"), count_of(2, "delivery"), count_of(9, "day")
    ('1 invoice', '1,200 invoices', '2 deliveries', '9 days')
    """
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeou" else f"{noun}s"
    return f"{number:,} {plural}"


def instant(at: datetime | str | None) -> str:
    """Return an instant to the minute, in UTC.

    >>> instant("2025-01-02T03:04:05.678+00:00"), instant(None)
    ('2025-01-02 03:04', '')
    """
    if at is None:
        return ""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment:%Y-%m-%d %H:%M}"


def state_cell(state: str) -> Markup:
    """Return a state in the colour of what it asks for.

    >>> state_cell("failed")
    '[red]failed[/red]'
    """
    colour = _COLOURS.get(state)
    return styled(f"[{colour}]{{}}[/{colour}]" if colour else "{}", state)


# C0, DEL and C1, line and paragraph separators, marks that turn the direction of writing, halves of a pair.
_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_STEERING = re.compile(rf"[\x00-\x1f{_UNSEEN}]")
_STEERING_IN_JSON = re.compile(f"[{_UNSEEN}]")

# A line below the header and one above the footer, nothing else.
_LINES = Box("    \n    \n ── \n    \n    \n ── \n    \n    \n")

_COLOURS: Mapping[str, str] = {
    "sent": "green",
    "finalised": "green",
    "ok": "green",
    "queued": "yellow",
    "sending": "yellow",
    "running": "yellow",
    "planned": "yellow",
    "held": "red",
    "rejected": "yellow",
    "failed": "red",
    "unknown": "red",
    "returned": "red",
}


def _words(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _cell(value: object) -> Text:
    return _shown("" if value is None else value)


def _shown(value: object) -> Text:
    """Return a text for Rich in which nothing is read as markup or as the name of an emoji."""
    if isinstance(value, Markup):
        return Text.from_markup(value, emoji=False)
    return Text(visible(str(value)))


def _as_markup(value: object) -> str:
    return value if isinstance(value, Markup) else escape(visible(str(value)))


def _console(*, is_stderr: bool) -> Console:
    console = Console(stderr=is_stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=is_stderr, highlight=False, width=PIPE_WIDTH)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (date, datetime, clock_time)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
