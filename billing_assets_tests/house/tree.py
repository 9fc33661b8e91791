"""The files of this project as the style rules see them.

Belongs here: finding files, parsing each once, and the form in which a rule reports what it found.
Does not belong here: any rule.
"""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGE = "billing_assets"
TESTS = "billing_assets_tests"

# Made by tools or by the program, never by a person.
NOT_OURS = frozenset(
    {
        ".git",
        "__pycache__",
        "build",
        "dist",
        "history",
        "htmlcov",
        "logs",
        "node_modules",
        "schedules",
        "storage",
    }
)
TEXT_SUFFIXES = frozenset(
    {"", ".cfg", ".css", ".html", ".ini", ".j2", ".json", ".mako", ".md", ".py", ".sh", ".sql", ".toml"}
    | {".txt", ".typ", ".xml", ".yaml", ".yml"}
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Fault:
    """One place that breaks a rule, printed as `path:line: message`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the project root, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def functions(self) -> list[FunctionNode]:
        """Every function and method, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, FunctionNode)]

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """Numbers of the lines that hold code: no blank line, no line of comment alone."""
        silent = {
            tokenize.COMMENT,
            tokenize.NL,
            tokenize.NEWLINE,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENDMARKER,
        }
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in silent:
                lines.update(range(token.start[0], token.end[0] + 1))
        return frozenset(lines)

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of the places or stands below one of them."""
        return any(self.path == place or self.path.startswith(place + "/") for place in places)


@cache
def text_files() -> tuple[Path, ...]:
    """Every text file of the project, sorted; hidden folders count only where they are ours (.ci)."""
    return tuple(sorted(_walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        is_foreign = path.name in NOT_OURS and (folder == ROOT or path.name == "__pycache__")
        if is_foreign or path.is_symlink() or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            if not path.name.startswith(".") or path.name == ".ci":
                yield from _walk(path)
        elif path.suffix in TEXT_SUFFIXES:
            yield path


@cache
def sources(*places: str) -> tuple[Source, ...]:
    """The Python files below the named folders."""
    found = (
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in text_files()
        if path.suffix == ".py"
    )
    return tuple(source for source in found if source.is_in(*places))


def report(faults: Iterable[Fault]) -> str:
    """One line for each fault, to be shown by the assertion that found them."""
    return "\n".join(str(fault) for fault in faults)
