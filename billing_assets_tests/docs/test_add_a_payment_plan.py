"""The steps of the page on payment plans, taken beside copied examples: an added row bills a policy."""

import json
import shutil
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.docs.test_add_a_tax import change
from billing_assets_tests.docs.test_commands import ROOT, call, commands, surroundings

PAGE = ROOT / "docs" / "how-to" / "add-a-payment-plan.md"


@pytest.mark.long
def test_a_plan_that_is_added_as_a_row_bills_a_policy_and_is_replaced_by_another(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    surroundings(monkeypatch, tmp_path, database)
    monkeypatch.setenv("BILLING_ISSUE_ON", "billing_date")
    shown: dict[str, str] = {}
    for line in commands(PAGE):
        if line.startswith("billing import policies"):
            change(tmp_path, PAGE, ["examples/policies.yaml"])
        shown[line] = call(line, tmp_path)
    found = json.loads(call("billing invoices list --policy MOT-1001 --json", tmp_path))
    assert [(row["due_date"], row["net_minor"]) for row in found["invoices"]] == [("2025-01-27", 122_50)]
    halved = json.loads(call("billing invoices list --policy MOT-1003 --json", tmp_path))["invoices"]
    # Half of 372.00 for six months: 90 of 180 days, and not 90 of 181 (184.97).
    assert [row["net_minor"] for row in halved] == [186_00]
    told = call(f"billing explain {halved[0]['invoice_number']} --language es", tmp_path)
    assert "90 de los 180 días" in " ".join(told.split())
    (quoted,) = [text for line, text in shown.items() if line.startswith("billing quote")]
    assert "330 of 360 (the plan counts thirty_360)" in " ".join(quoted.split())
    (explained,) = [text for line, text in shown.items() if line.startswith("billing explain")]
    assert "20% of the premium as a down payment" in " ".join(explained.split())
    plans = json.loads(call("billing rules plans list --plan fifth_down --json", tmp_path))["plans"]
    assert [(row["lead_days"], row["valid_to"], row["recorded_by"]) for row in plans] == [
        (10, "2025-07-01", "Ana Ruiz"),
        (20, None, "Ana Ruiz"),
    ]


def test_the_page_shows_the_file_that_it_imports() -> None:
    example = (ROOT / "examples" / "payment_plans.csv").read_text(encoding="utf-8")
    assert f"```csv\n{example}```" in PAGE.read_text(encoding="utf-8")
