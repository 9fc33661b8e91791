"""Published cases that lie beside the project, as facts to agree with.

Belongs here: reading them. Does not belong here: any comparison.
"""

import json
from typing import Any

import pytest

from billing_assets_tests.house.tree import ROOT

ORACLE_DIR = ROOT.parent / "shared" / "oracle"


def oracle_cases(name: str, *kinds: str) -> list[dict[str, Any]]:
    """Return the cases of a file, of those kinds where any are named; skip where the file is not there."""
    path = ORACLE_DIR / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the published cases of {path.name} do not lie beside the project")
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    found = [case for case in cases if not kinds or case["kind"] in kinds]
    assert found
    return found
