"""How a command ends: exit codes, and what a person or a program is told when it could not do its work.

Belongs here: the table of exit codes, the one place that turns an exception into a message.
Does not belong here: raising (everywhere), the wording of an error (where it is raised).
"""

import os
import select
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from billing_assets.cli.interrupts import ended_by_signals
from billing_assets.cli.output import HAS_DOCUMENT, WANTS_JSON, Screen, as_json, styled
from billing_assets.domain.errors import BillingError


class ExitCode(IntEnum):
    """How a command ended; ``EXIT_CODES`` says each in words."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    REFUSED = 3
    ATTENTION = 4
    HELD = 5
    CRASHED = 70
    INTERRUPTED = 130
    UNREAD = 141


EXIT_CODES: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.DONE: "done; also where there was nothing to do",
        ExitCode.FOUND: (
            "`billing audit` found offenders; `billing replay` found differences; `billing runs "
            "certificate` shows a run that is not complete; `billing db status` found no server; what "
            "`billing ui` had started ended with an error"
        ),
        ExitCode.USAGE: "the command line is wrong: an unknown command or option, a date that is not one",
        ExitCode.REFUSED: (
            "the command could not do its work and says what to do about it; nothing is half done, and the "
            "same command goes on once that is put right"
        ),
        ExitCode.ATTENTION: (
            "`billing run`, `billing deliver` or `billing notify` did its work, and somebody has to look: a "
            "charge of the date failed or is held and was not billed since, or a message was refused, waits "
            "for another try, or may or may not have arrived; `billing notifications channels test` got no "
            "test message through; a charge that `billing retry` tried failed again"
        ),
        ExitCode.HELD: (
            "a run exceeds a safety bound, or is no more what was approved, and is held for approval: "
            "nothing of it was issued; the other dates of the command were billed; `billing runs approve` or "
            "`billing runs reject` decides on it"
        ),
        ExitCode.CRASHED: "a mistake of the program; a crash log was written, and the message says where",
        ExitCode.INTERRUPTED: (
            "interrupted by Ctrl-C or SIGTERM; the same command goes on where it stopped (`billing ui` and "
            "`billing mailbox` end with 0: they run until they are interrupted)"
        ),
        ExitCode.UNREAD: "whoever read the output stopped reading, as in `billing runs | head -1`",
    }
)
"""Exit code -> words."""

HELD_CODES = frozenset({"run_held", "run_changed_since"})
"""Errors that say that a run waits for a person."""

_GO_ON = "the same command goes on where it stopped"


class UnfinishedError(Exception):
    """A command that had done part of its work; ``document`` is what --json prints beside the error.

    It is raised ``from`` the exception that ended the work.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__("unfinished")
        self.document = document


ORDER = (
    *("company", "calendar", "import", "rates", "db", "users", "api-keys", "endpoints", "subscriptions"),
    *("run", "schedules", "holds", "inbox", "events", "retry", "deliver", "statuses", "notify"),
    *("payments", "suspense", "requests"),
    *("audit", "audit-log", "replay"),
    *("runs", "invoices", "ledger", "explain", "quote", "deliveries"),
    *("notifications", "problems", "rules", "templates", "office", "api", "months"),
    *("demo", "ui", "mailbox"),
)
"""Commands as the help lists them; each has to have its place here."""


class GuardedGroup(TyperGroup):
    """The top of the command line: whatever goes wrong below ends with a message and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - Typer's own signature
        """Return the commands in the order of a first day's work."""
        return sorted(self.commands, key=ORDER.index)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 - Typer's own signature
    ) -> Any:  # noqa: ANN401 - Typer's own signature
        """Read the command line and run the command; every ending that is not in ``invoke`` is here."""
        given = list(sys.argv[1:] if args is None else args)
        WANTS_JSON.set("--json" in given)
        HAS_DOCUMENT.set(False)
        with ended_by_signals():
            try:
                code = super().main(
                    given,
                    prog_name,
                    complete_var,
                    standalone_mode and not WANTS_JSON.get(),
                    windows_expand_args,
                    **extra,
                )
            except TyperException as error:
                tell_usage(error)
                code = ExitCode.USAGE
            except SystemExit as end:
                # Typer and Rich end with 1 where nobody reads any more; that is the code of a finding.
                if not isinstance(end.__context__, BrokenPipeError):
                    raise
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                code = ExitCode.UNREAD
            sys.exit(int(code or ExitCode.DONE))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own signature
        """Run the command; see ``EXIT_CODES`` for how it may end."""
        try:
            return super().invoke(ctx)
        except TyperException as error:
            _say_in_own_words(error)
            raise
        except (typer.Exit, typer.Abort, SystemExit):
            raise
        # Also what is no Exception: the panic of a library in Rust derives from BaseException.
        except BaseException as error:
            if isinstance(error, BrokenPipeError) and _is_unread():
                raise
            raise typer.Exit(tell(error)) from error


def _say_in_own_words(error: TyperException) -> None:
    """Give the error of a value that pydantic refused the program's words, and the value."""
    from pydantic import ValidationError

    from billing_assets.wiring.value_faults import fault_words

    if isinstance(error.__cause__, ValidationError):
        error.message = "; ".join(fault_words(fault) for fault in error.__cause__.errors())


def _is_unread() -> bool:
    """Tell whether nobody reads stdout any more; other pipes may break as well, and that is a fault."""
    waiting = select.poll()
    try:
        waiting.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(event & select.POLLERR for _, event in waiting.poll(0))


def tell_usage(error: TyperException) -> None:
    """Print, for a program, what is wrong with the command line."""
    context = getattr(error, "ctx", None)
    found = {
        "code": "usage",
        "found": " ".join(error.format_message().split()),
        "todo": f"see how it is used: {context.command_path if context else 'billing'} --help",
    }
    sys.stdout.write(as_json({"error": found}))
    sys.stdout.flush()


def tell(error: BaseException) -> ExitCode:
    """Print what ended a command and return its exit code."""
    document: Mapping[str, Any] = {}
    if isinstance(error, UnfinishedError) and error.__cause__ is not None:
        document, error = error.document, error.__cause__
    screen = Screen()
    if isinstance(error, KeyboardInterrupt):
        code, words = ExitCode.INTERRUPTED, ("interrupted", "interrupted", str(error) or _GO_ON)
    elif (refusal := _as_refusal(error)) is not None:
        code = ExitCode.HELD if refusal.code in HELD_CODES else ExitCode.REFUSED
        words = (refusal.code, refusal.found, refusal.todo)
    else:
        code, words = ExitCode.CRASHED, ("crashed", *_crash(error))
    if screen.is_json and not HAS_DOCUMENT.get():
        found = {"code": words[0], "found": words[1], "todo": words[2]}
        sys.stdout.write(as_json({**document, "error": found}))
        sys.stdout.flush()
    else:
        _print(screen, code, *words)
    return code


def _print(screen: Screen, code: ExitCode, word: str, found: str, todo: str) -> None:
    if code is ExitCode.INTERRUPTED:
        screen.aside(styled("[yellow]stopped[/yellow]  interrupted"))
    else:
        screen.aside(styled("[bold red]error[/bold red]  {} [dim]({})[/dim]", found, word))
    screen.aside(styled("[bold]to do[/bold]  {}", todo))


def _as_refusal(error: BaseException) -> BillingError | None:
    """Return what a person can put right, or None where the program is at fault."""
    if isinstance(error, BillingError):
        return error
    from billing_assets.wiring.outages import is_outage, safe_summary

    if is_outage(error):
        return BillingError("store_lost", safe_summary(error), f"see that the server is up; {_GO_ON}")
    return None


def _crash(error: BaseException) -> tuple[str, str]:
    from billing_assets.wiring.crash_log import write_crash_log

    # The settings may be what is broken, so the folder is read as they would read it.
    home = Path(os.environ.get("BILLING_HOME") or ".billing")
    name = type(error).__name__
    try:
        path = write_crash_log(home, error)
    except OSError as problem:
        return f"{name}: a mistake of the program", f"no crash log could be written ({problem.strerror})"
    return f"{name}: a mistake of the program", f"report it with {path}, which holds no values of your data"
