"""The tests mirror the package: who looks for the test of a file knows where it is.

Belongs here: rules that compare the two trees by their paths.
Does not belong here: what a test contains.
"""

import ast
from collections.abc import Collection
from pathlib import PurePosixPath

from billing_assets_tests.house.tree import PACKAGE, TESTS, Fault, FunctionNode, Source

# Alembic's own folder is tested as a whole, by migrating.
WITHOUT_MIRROR = (f"{PACKAGE}/store/migrations",)


def has_public_behaviour(source: Source) -> bool:
    """Whether a file offers a public function, or a public class with a method or property of its own.

    Plain rows, names and protocols have nothing to run; they are tested where they are used.
    """
    return any(_is_public_behaviour(node) for node in source.tree.body)


def _is_public_behaviour(node: ast.stmt) -> bool:
    if isinstance(node, FunctionNode):
        return not node.name.startswith("_")
    if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
        return False
    if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases):
        return False
    return any(isinstance(member, FunctionNode) for member in node.body)


def accepted_tests(path: str) -> list[str]:
    """Where the test of a package file may stand: its mirror, or the one test of its family.

    A member of a family (`domain/taxes/spain.py`) joins the family's test by existing, so
    `domain/test_taxes.py`, `domain/taxes/test_taxes.py` or `contracts/test_taxes.py` serve all of them.
    """
    inner = PurePosixPath(path).relative_to(PACKAGE)
    places = [PurePosixPath(TESTS) / inner.parent / f"test_{inner.stem}.py"]
    if len(inner.parts) > 2:
        family = inner.parent.name
        places.append(PurePosixPath(TESTS) / inner.parent.parent / f"test_{family}.py")
        places.append(PurePosixPath(TESTS) / inner.parent / f"test_{family}.py")
        places.append(PurePosixPath(TESTS) / "contracts" / f"test_{family}.py")
    return [place.as_posix() for place in places]


def without_test(source: Source, paths: Collection[str]) -> list[Fault]:
    """Package files with public behaviour and no test module among `paths`."""
    is_exempt = PurePosixPath(source.path).stem in {"__init__", "__main__"} or source.is_in(*WITHOUT_MIRROR)
    if is_exempt or not has_public_behaviour(source):
        return []
    accepted = accepted_tests(source.path)
    if any(place in paths for place in accepted):
        return []
    return [Fault(source.path, 1, f"has no test; write {accepted[0]}")]


def folders_without_init(paths: Collection[str]) -> list[Fault]:
    """Folders of tests that pytest could not tell apart by name, for want of an `__init__.py`."""
    folders = {PurePosixPath(path).parent for path in paths if path.endswith(".py")}
    return [
        Fault(folder.as_posix(), 1, "has no __init__.py")
        for folder in sorted(folders)
        if (folder / "__init__.py").as_posix() not in paths
    ]
