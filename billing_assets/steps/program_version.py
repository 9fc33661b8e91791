"""Which formulas these are: a hash of the program's own text.

Belongs here: that hash. Does not belong here: what rests on it (``price_plan``).

A date is known to have nothing new to bill by what it rests on, the formulas among it. Whoever changes one
need not remember to say so: its text is another.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
FLOORS = ("domain", "frames", "steps", "store")
"""The floors whose text decides what is due: rules, formulas, their order, and what is read for them."""


@cache
def program_sha256() -> str:
    """Return the hash of the text of all modules that decide what is due."""
    return text_sha256(_PACKAGE, FLOORS)


def text_sha256(package: Path, floors: Iterable[str]) -> str:
    """Return the hash of the modules of floors, by their names and their text.

    >>> text_sha256(_PACKAGE, ("domain",)) == text_sha256(_PACKAGE, ("frames",))
    False
    """
    found = sha256()
    for floor in floors:
        for path in sorted((package / floor).rglob("*.py")):
            found.update(f"{path.relative_to(package).as_posix()}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
