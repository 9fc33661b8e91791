"""Words that may not stand in any text of the project, code or not.

Belongs here: what a plain search over the text finds.
Does not belong here: rules that have to understand Python (`shape`, `bans`).
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from billing_assets_tests.house.tree import Fault


@dataclass(frozen=True)
class Word:
    """A pattern that may not occur, and what to do about it."""

    pattern: re.Pattern[str]
    reason: str


# A letter in brackets keeps a pattern from matching itself.
WORDS = (
    Word(re.compile(r"\bT[O]DO\b|\bFI[X]ME\b|[#/]\s*X[X]X\b"), "finish it, or write it down as an issue"),
    Word(
        re.compile(
            r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s\.org|deb\.deb[i]an\.org"
            r"|proxy\.gol[a]ng\.org|repo1?\.m[a]ven|crates\.i[o]\b"
        ),
        "names a package registry's host; whoever installs chooses theirs",
    ),
    Word(
        re.compile(
            r"(?<![\w.])/(?:r[o]ot/\w|(?:h[o]me|U[s]ers)/\w\w|w[o]rk/\w|f[a]rm/)|/tmp/c[o]ntract|\.\./s[h]ared/"
        ),
        "names a path of one machine",
    ),
    Word(re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE), "is left over from a merge"),
)

BANNED_FOLDERS = frozenset(
    {"common", "helper", "helpers", "manager", "managers", "misc", "service", "services"}
) | {
    "util",
    "utils",
}

EMAIL = re.compile(
    r"(?<![\w:/.@+%-])[\w.+%-]+@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9])(?![\w-])",
    re.IGNORECASE,
)
# xn--zckzah is `.test` in Japanese, reserved like it; `.eml` ends the name of a kept message.
FICTIONAL_DOMAIN = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org|eml))?|invalid|localhost|test|xn--zckzah)$", re.IGNORECASE
)
# Licences of others name their authors, and must.
THIRD_PARTY = re.compile(r"(?:^|/)(?:LICENSE|OFL|NOTICE|COPYING)[^/]*$|/fonts?/", re.IGNORECASE)


def banned_words(path: str, text: str) -> list[Fault]:
    """Places where a banned word stands."""
    return [
        Fault(path, _line_of(text, match.start()), f"'{match.group().strip()}' {word.reason}")
        for word in WORDS
        for match in word.pattern.finditer(text)
    ]


def real_addresses(path: str, text: str) -> list[Fault]:
    """E-mail addresses that could be somebody's; the value itself is not repeated."""
    if THIRD_PARTY.search(path):
        return []
    return [
        Fault(path, _line_of(text, match.start()), "an e-mail address outside example.com, .org, .net")
        for match in EMAIL.finditer(text)
        if not FICTIONAL_DOMAIN.search(match[1])
    ]


def vague_folders(path: str) -> list[Fault]:
    """Folders and files named after no noun of the business."""
    names = [*PurePosixPath(path).parts[:-1], PurePosixPath(path).stem]
    return [
        Fault(path, 1, f"'{name}' says nothing; name the noun") for name in names if name in BANNED_FOLDERS
    ]


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
