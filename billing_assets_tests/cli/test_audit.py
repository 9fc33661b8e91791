"""`billing audit`: every check by id and statement; 1 where one is broken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from billing_assets.domain.checks import CHECKS
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing


def test_every_check_is_named_and_holds(ask: Callable[..., Any], billing: Billing, book: Path) -> None:
    ask("run", "2024-01-31", "--no-deliver")
    document = ask("audit")
    assert document["is_clean"]
    assert {check["check_id"] for check in document["checks"]} == set(CHECKS)
    assert "no offender" in billing("audit", "2024-01-31").stdout


def test_a_broken_invariant_ends_with_1_and_names_offenders(
    ask: Callable[..., Any], billing: Billing, book: Path, store: Database
) -> None:
    ask("run", "2024-01-31", "--no-deliver")
    engine = create_engine(store.engine.url)
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        connection.execute(
            text("update billing.invoice set net_minor = net_minor + 1, total_minor = total_minor + 1")
        )
    engine.dispose()
    document = ask("audit", code=1)
    broken = {check["check_id"]: check for check in document["checks"] if check["offender_count"]}
    assert broken["I01"]["offender_count"] == 30
    shown = billing("audit", "--offenders", code=1).stdout
    assert "30 offenders" in shown
    assert "INV-0000" in shown
