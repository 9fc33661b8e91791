"""An asset is fresh by the deadline of the company, or by how long ago it was made."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.definitions.freshness_evaluator import FRESHNESS_EVALUATORS_BY_POLICY_TYPE
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time

from billing_assets.definitions import build_definitions
from billing_assets.defs.freshness import FAIL_WINDOW, WARN_WINDOW
from billing_assets.wiring.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MADE = datetime(2026, 2, 3, 5, 0, tzinfo=UTC)


def state_of(settings: Settings, at: datetime, made_at: datetime | None = MADE) -> FreshnessState:
    """What Dagster's own evaluator says at an instant of invoices that were made at another."""
    node = build_definitions(settings).resolve_asset_graph().get(dg.AssetKey("invoices"))
    with dg.DagsterInstance.ephemeral() as instance:
        if made_at is not None:
            with freeze_time(made_at):
                made = dg.AssetMaterialization("invoices", partition="2026-02-03")
                instance.report_runless_asset_event(made)
        assert node.freshness_policy is not None
        evaluator = FRESHNESS_EVALUATORS_BY_POLICY_TYPE[type(node.freshness_policy)]()
        with freeze_time(at):
            looked = evaluator.evaluate_freshness(LoadingContextForTest(instance), node)
            return asyncio.run(looked)


@pytest.mark.parametrize(
    ("since", "state"),
    [
        (WARN_WINDOW - timedelta(minutes=1), FreshnessState.PASS),
        (WARN_WINDOW, FreshnessState.WARN),
        (FAIL_WINDOW, FreshnessState.FAIL),
    ],
)
def test_without_a_deadline_one_missed_night_warns_and_two_fail(
    since: timedelta, state: FreshnessState
) -> None:
    assert state_of(Settings(_env_file=None), MADE + since) is state


def test_with_a_deadline_each_day_is_due_by_it_in_the_zone_of_the_company() -> None:
    settings = Settings(_env_file=None, run_deadline="07:00", time_zone="Europe/Madrid")
    next_deadline = datetime(2026, 2, 4, 6, 0, tzinfo=UTC)
    assert state_of(settings, MADE + timedelta(hours=2)) is FreshnessState.PASS
    assert state_of(settings, next_deadline - timedelta(minutes=1)) is FreshnessState.PASS
    assert state_of(settings, next_deadline + timedelta(minutes=1)) is FreshnessState.FAIL
    made_at = next_deadline - timedelta(hours=1)
    assert state_of(settings, next_deadline + timedelta(minutes=1), made_at) is FreshnessState.PASS


def test_what_was_never_made_is_not_known() -> None:
    assert state_of(Settings(_env_file=None), MADE, made_at=None) is FreshnessState.UNKNOWN


def test_the_daemon_is_told_to_look(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert "FRESHNESS_DAEMON" in instance.get_required_daemon_types()
        assert instance.get_settings("freshness") == {"enabled": True}
