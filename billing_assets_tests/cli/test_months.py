"""``billing months`` tells people and programs what is away, what can go, and why not."""

import json
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing


@pytest.fixture(autouse=True)
def found(closed_store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    url = closed_store.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("BILLING_DATABASE_URL", url)


@pytest.mark.long
def test_months_are_listed_detached_and_attached(billing: Billing, tmp_path: Path) -> None:
    shown = billing("months", "list").stdout
    assert "2020-02" in shown
    assert "can go" in shown
    assert "it ended less than 36 months before the last finished run" in " ".join(shown.split())
    shown = billing("months", "detach", "2020-02", "--to", str(tmp_path / "month")).stdout
    assert "2020-02  detached" in shown
    assert (
        "was detached before"
        in billing("months", "detach", "2020-02", "--to", str(tmp_path / "month")).stdout
    )
    rows = json.loads(billing("months", "list", "--json").stdout)["months"]
    assert [row["month"] for row in rows if row["is_detached"]] == ["2020-02"]
    assert rows[0]["content_sha256"][:12] in billing("months", "list").stdout
    assert "2020-02  attached: 11 documents" in billing("months", "attach", str(tmp_path / "month")).stdout
    facts = json.loads(billing("months", "attach", str(tmp_path / "month"), "--json").stdout)
    assert (facts["month"], facts["is_repeat"]) == ("2020-02", 1)


def test_a_month_that_stays_says_why(billing: Billing, tmp_path: Path) -> None:
    result = billing("months", "detach", "2024-03", "--to", str(tmp_path / "month"), code=3)
    assert "month_not_closed" in result.stderr
    rows = json.loads(billing("months", "list", "--closed-for", "60", "--json").stdout)["months"]
    assert not any(row["can_be_detached"] for row in rows)
    assert "60 months" in rows[0]["obstacles"][0]["words"]


@pytest.mark.parametrize("arguments", [("2020-2",), ("2020-02", "--closed-for", "12")])
def test_another_form_of_a_month_and_a_short_bound_are_refused(
    arguments: tuple[str, ...], billing: Billing, tmp_path: Path
) -> None:
    billing("months", "detach", *arguments, "--to", str(tmp_path / "month"), code=2)


def test_a_store_that_billed_nothing_says_so(store: Database, billing: Billing, book: Path) -> None:
    assert "Nothing was billed." in billing("months", "list").stdout
