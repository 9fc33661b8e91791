"""What every test shares: which real parts a test may need, and what happens where one is missing.

Belongs here: the `needs` marker and the parts it knows, how random examples are drawn, what comes first.
Does not belong here: fixtures of one floor (they stand in that floor's own conftest.py).

A newcomer without the part sees one line that says what was not tested. In CI (the variable CI is set, as
`.ci/run` does) a missing part fails the test, so that nothing is skipped in silence for months.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Read when Polars is first imported. There is a worker for each core, and books of a few rows are priced in
# half the time where their queries are not handed to further threads.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# Fixtures of every floor: of each there is one in a session, however many floors ask.
pytest_plugins = ("billing_assets_tests.databases", "billing_assets_tests.closed_months")

# The same examples on every machine, however slow or busy it is.
settings.register_profile("steady", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("steady")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
POSTGRES15_BIN = Path("/usr/lib/postgresql/15/bin")

# A real book that is not part of the project: it lies in a folder beside it, or where BILLING_PORTFOLIO says.
PORTFOLIO = Path(
    os.environ.get("BILLING_PORTFOLIO")
    or Path(__file__).resolve().parents[2] / "shared" / "data" / "motor_portfolio.csv"
)

PARTS: dict[str, tuple[Callable[[], bool], str]] = {
    "chromium": (
        lambda: any(shutil.which(name) for name in CHROMIUM_NAMES),
        "no Chromium on the PATH; install it, or run .ci/run",
    ),
    "database_url": (
        lambda: bool(os.environ.get("BILLING_TEST_DATABASE_URL")),
        "BILLING_TEST_DATABASE_URL names no server; set it, or run .ci/run",
    ),
    "portfolio": (
        PORTFOLIO.exists,
        f"no motor portfolio at {PORTFOLIO}; BILLING_PORTFOLIO names the file",
    ),
    "postgres15": (
        (POSTGRES15_BIN / "initdb").exists,
        f"no PostgreSQL 15 in {POSTGRES15_BIN}; apt-get install postgresql-15, or run .ci/run",
    ),
    "root": (
        lambda: os.geteuid() == 0,
        "not root, so no second OS user can be played; run as root, in a container say",
    ),
}


def missing_parts(names: tuple[str, ...]) -> list[str]:
    """Say which of the named real parts this machine lacks, one sentence each.

    Raises:
        KeyError: a name that `PARTS` does not know, so that a slip of the pen never becomes a skip.
    """
    return [f"needs {name}: {reason}" for name in names for is_here, reason in [PARTS[name]] if not is_here()]


def real_part(*names: str) -> None:
    """Skip the running test where a named real part is missing; fail it there when CI is set."""
    missing = missing_parts(names)
    if missing and os.environ.get("CI"):
        pytest.fail("In CI no real part may be missing. " + "; ".join(missing), pytrace=False)
    if missing:
        pytest.skip("; ".join(missing))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a second server be asked by a part of the tests of the steps: most of what they do is no SQL."""
    parser.addoption(
        "--few-steps",
        action="store_true",
        help="of each module of the steps take every third test, without the variants of a test",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the portfolio first: what stands last may go to another worker, which would bill it anew."""
    items.sort(key=lambda item: item.path.parent.name != "portfolio")
    if config.getoption("--few-steps"):
        left_out = left_out_of_few(items)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def left_out_of_few(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests of the steps that stand between the first, the fourth, ... test of their module."""
    seen: dict[Path, list[str]] = {}
    left_out = []
    for item in items:
        if item.path.parent.name != "steps":
            continue
        name, names = item.nodeid.partition("[")[0], seen.setdefault(item.path, [])
        if name in names or len(names) % 3:
            left_out.append(item)
        if name not in names:
            names.append(name)
    return left_out


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Honour `@pytest.mark.needs("chromium", ...)`."""
    names = [str(name) for mark in item.iter_markers("needs") for name in mark.args]
    real_part(*names)
