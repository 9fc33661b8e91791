"""`billing company`: recording and showing who bills."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.cli.company import read_yaml
from billing_assets.domain.errors import BillingError
from billing_assets_tests.cli.conftest import Billing, write_company


def test_settings_are_recorded_once_and_shown(ask: Callable[..., Any], store: object, tmp_path: Path) -> None:
    write_company(tmp_path / "company.yaml")
    file = str(tmp_path / "company.yaml")
    assert ask("company", "set", file) == {"company_code": "alondra", "is_changed": True}
    assert ask("company", "set", file) == {"company_code": "alondra", "is_changed": False}
    assert ask("company", "show")["name"] == "Alondra Seguros, S.A."
    assert ask("company", "list")["companies"] == [
        {"company_code": "alondra", "name": "Alondra Seguros, S.A."}
    ]


def test_without_a_company_the_list_says_what_to_do(billing: Billing, store: object) -> None:
    assert "billing company set" in billing("company", "list").stderr


def test_without_a_company_other_commands_say_what_to_do(ask: Callable[..., Any], store: object) -> None:
    error = ask("invoices", "list", code=3)["error"]
    assert error["code"] == "company_unclear"
    assert "billing company set" in error["todo"]


def test_a_second_company_is_named_as_one_and_then_every_command_asks_which(
    billing: Billing, ask: Callable[..., Any], store: object, tmp_path: Path
) -> None:
    path = tmp_path / "company.yaml"
    write_company(path)
    assert "company alondra: recorded\n" in billing("company", "set", str(path)).stdout
    path.write_text(path.read_text().replace("company_code: alondra", "company_code: alonda"))
    second = billing("company", "set", str(path))
    assert "company alonda: recorded as a new company, beside alondra" in second.stdout
    assert "BILLING_COMPANY=alonda" in second.stderr
    error = ask("invoices", "list", code=3)["error"]
    assert error["found"] == "there are 2 companies: alonda, alondra"
    assert error["todo"] == "say which is meant: BILLING_COMPANY=alonda"


def test_a_wrong_setting_is_named(ask: Callable[..., Any], store: object, tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text("company_code: x\nfax: 1\n")
    assert "'fax'" in ask("company", "set", str(tmp_path / "company.yaml"), code=3)["error"]["found"]


def test_a_zone_beside_the_one_that_dagster_counts_in_is_refused(
    ask: Callable[..., Any], store: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_company(tmp_path / "company.yaml")
    monkeypatch.setenv("BILLING_TIME_ZONE", "Europe/London")
    error = ask("company", "set", str(tmp_path / "company.yaml"), code=3)["error"]
    assert error["code"] == "time_zone_differs"
    assert "BILLING_TIME_ZONE=Europe/Madrid" in error["todo"]
    monkeypatch.setenv("BILLING_COMPANY", "another")
    assert ask("company", "set", str(tmp_path / "company.yaml"))["is_changed"]


def test_a_date_that_does_not_exist_is_refused_with_its_line(ask: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text("name: Alondra\ncut_over_date: 2025-02-30\n")
    error = ask("company", "set", str(path), code=3)["error"]
    assert error["code"] == "company_unreadable"
    assert "company.yaml: '2025-02-30' is no date that exists in line 2" in error["found"]


@pytest.mark.parametrize("content", [None, "- a list", "a: [", "\x00"])
def test_a_file_without_settings_is_refused(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BillingError, match="company_unreadable"):
        read_yaml(path)
