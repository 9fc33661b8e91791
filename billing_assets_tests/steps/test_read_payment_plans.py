"""The step says what it kept, and asks for a note and a name before it looks at the file."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.plan_files import PlanFiles
from billing_assets.steps.read_payment_plans import read_payment_plans
from billing_assets.store.connection import Database
from billing_assets.store.plan_rows import SqlPlanStore
from billing_assets.wiring.build import utc_now
from billing_assets_tests.store.intake import with_company

ROWS = """plan_code,frequency_code,lead_days,valid_from,source
a,monthly,1,2025-01-01,board
b,weekly,2,2025-01-01,board
"""


def test_a_file_is_kept_once(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "plans.csv"
    path.write_text(ROWS, encoding="utf-8")
    store, reader = SqlPlanStore(with_company(database), utc_now), PlanFiles()
    first = read_payment_plans(path, "a test", "ana", reader=reader, store=store)
    assert first.facts == {
        "file_name": "plans.csv",
        "plan_count": 2,
        "new_count": 2,
        "ended_count": 0,
        "unchanged_count": 0,
    }
    again = read_payment_plans(path, "a test", "ana", reader=reader, store=store)
    assert (again.facts["new_count"], again.facts["unchanged_count"]) == (0, 2)
    assert set(again.seconds) == {"read", "write"}
    with pytest.raises(BillingError) as caught:
        read_payment_plans(path, " ", "ana", reader=reader, store=store)
    assert caught.value.code == "note_missing"
