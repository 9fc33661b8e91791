"""Rules are added, changed as versions, listed in words and removed."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets.cli.failures import ExitCode
from billing_assets_tests.cli.conftest import Billing

ADD = ("notifications", "rules", "add")
LIST = ("notifications", "rules", "list")


@pytest.fixture(autouse=True)
def _channel(store: object, billing: Billing) -> None:
    billing("notifications", "channels", "add", "ops", "--to", "ops@example.com")


def test_a_rule_is_listed_in_words(billing: Billing) -> None:
    assert "nobody is told anything" in billing(*LIST).stdout
    billing(
        *(*ADD, "night", "--channel", "ops", "--event", "run_late", "--event", "run_failed"),
        *("--minimum-count", "5", "--minimum-amount", "1000.00 EUR"),
        *("--digest", "daily", "--at", "07:30", "--quiet", "22:00-07:00", "--quiet-but", "error"),
        *("--zone", "Europe/Madrid", "--by", "ana"),
    )
    listed = " ".join(billing(*LIST).stdout.split())
    for words in ("run late", "from 5 on", "1,000.00", "daily at 07:30", "ana"):
        assert words in listed


def test_a_changed_rule_is_its_next_version_and_a_removed_one_is_gone(ask: Callable[..., Any]) -> None:
    assert ask(*ADD, "ops", "--channel", "ops")["version_number"] == 1
    assert ask(*ADD, "ops", "--channel", "ops", "--severity", "error")["version_number"] == 2
    (rule,) = ask(*LIST)["rules"]
    assert (rule["minimum_severity"], rule["version_number"]) == ("error", 2)
    assert ask("notifications", "rules", "remove", "ops")["is_removed"]
    assert ask(*LIST)["rules"] == []


@pytest.mark.parametrize("amount", ["1000", "x EUR", "1000.00 XYZ", "1.001 EUR"])
def test_a_minimum_amount_needs_its_currency(billing: Billing, amount: str) -> None:
    result = billing(*ADD, "a", "--channel", "ops", "--minimum-amount", amount, code=ExitCode.USAGE)
    assert "1000.00 EUR" in result.stderr


def test_what_cannot_be_a_rule_is_refused(billing: Billing) -> None:
    assert "no channel 'x'" in billing(*ADD, "a", "--channel", "x", code=ExitCode.REFUSED).stderr
    half = billing(*ADD, "a", "--channel", "ops", "--quiet", "22:00", code=ExitCode.REFUSED)
    assert "both their beginning and their end" in half.stderr
    company = billing(*ADD, "a", "--channel", "ops", "--company", "x", code=ExitCode.REFUSED)
    assert "no company 'x'" in company.stderr
    assert "no rule 'a'" in billing("notifications", "rules", "remove", "a", code=ExitCode.REFUSED).stderr
