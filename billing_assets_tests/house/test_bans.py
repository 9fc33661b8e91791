"""No clock, no chance, no float and no print where they do harm; each library has one door."""

import pytest

from billing_assets_tests.house import bans
from billing_assets_tests.house.tree import PACKAGE, Source, report, sources


def planted(text: str, place: str = "domain/planted.py") -> Source:
    return Source(f"{PACKAGE}/{place}", text)


@pytest.mark.parametrize(
    "text",
    [
        "print('x')",
        "import datetime\nx = datetime.datetime.now()",
        "import datetime as dt\nx = dt.date.today()",
        "from datetime import datetime\nx = datetime.utcnow()",
        "from datetime import date as day\nx = day.today()",
        "from datetime import datetime\nfactory = datetime.now",
        "import time\nx = time.time()",
        "from time import time\nx = time()",
        "import uuid\nx = uuid.uuid4()",
        "x = round(1)",
        "x = sum(map(round, [1]))",
        "x = eval('1')",
        "x = float('1')",
        "import polars as pl\nx = pl.col('a').cast(pl.Float64)",
    ],
)
def test_a_banned_name_is_found_under_any_alias(text: str) -> None:
    assert bans.banned_names(planted(text))


@pytest.mark.parametrize(
    "text",
    [
        "x = clock.now()",
        "import time\nx = time.perf_counter()",
        "def seconds(x: float) -> float:\n    return x",
        "import datetime\nx = datetime.date(2024, 1, 1)",
    ],
)
def test_what_only_looks_like_a_banned_name_passes(text: str) -> None:
    assert not bans.banned_names(planted(text))


def test_the_clock_is_read_in_wiring_alone() -> None:
    clock = "from datetime import datetime\nx = datetime.now()"
    assert not bans.banned_names(planted(clock, "wiring/clock.py"))
    assert bans.banned_names(planted(clock, "store/runs.py"))


def test_a_float_literal_is_found_on_the_floors_of_money_only() -> None:
    assert bans.float_literals(planted("x = 0.08"))
    assert bans.float_literals(planted("x = 1e6", "frames/taxes.py"))
    assert not bans.float_literals(planted("x = 80_000"))
    assert not bans.float_literals(planted("timeout = 0.5", "channels/email.py"))


def test_rounding_a_column_is_found_outside_the_file_that_rounds() -> None:
    text = "x = column.round(2)"
    assert bans.column_rounding(planted(text, "frames/taxes.py"))
    assert not bans.column_rounding(planted(text, "frames/rounding.py"))


def test_a_library_comes_in_by_its_door_only() -> None:
    assert bans.back_doors(planted("import holidays", "frames/taxes.py"))
    assert bans.back_doors(planted("from holidays import country_holidays", "steps/planned.py"))
    assert not bans.back_doors(planted("import holidays", "frames/calendars.py"))


@pytest.mark.parametrize(
    "text", ["import polars", "from pydantic import BaseModel", "import os", "from time import sleep"]
)
def test_the_domain_importing_the_world_is_found(text: str) -> None:
    assert bans.beyond_standard_library(planted(text))
    assert not bans.beyond_standard_library(planted(text, "steps/planned.py"))


def test_the_domain_importing_itself_and_the_pure_library_passes() -> None:
    assert not bans.beyond_standard_library(planted("import re\nfrom billing_assets.domain.money import PPM"))


def test_no_banned_name_is_used() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in bans.banned_names(source)]
    assert not faults, report(faults)


def test_no_float_literal_stands_near_money() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in bans.float_literals(source)]
    assert not faults, report(faults)


def test_one_file_rounds_columns() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in bans.column_rounding(source)]
    assert not faults, report(faults)


def test_every_library_with_a_door_comes_in_by_it() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in bans.back_doors(source)]
    assert not faults, report(faults)


def test_the_domain_is_standard_library_only() -> None:
    faults = [fault for source in sources(PACKAGE) for fault in bans.beyond_standard_library(source)]
    assert not faults, report(faults)
