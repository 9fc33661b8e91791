"""`billing schedules`: kept, shown, changed and retired without an engineer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing

NIGHTLY = (
    *("schedules", "add", "nightly", "--activity", "invoice_run", "--every", "daily", "--at", "06:00"),
    *(
        "--from",
        "2024-01-01",
        "--calendar",
        "ES",
        "--roll",
        "following",
        "--owner",
        "billing team",
        "--note",
        "the daily run",
    ),
)


def test_without_a_schedule_it_says_how_to_add_one(billing: Billing, book: Path) -> None:
    result = billing("schedules")
    assert "nothing starts by itself" in result.stdout
    assert "billing schedules add" in result.stderr


def test_a_dry_run_shows_when_it_would_fire_and_keeps_nothing(billing: Billing, book: Path) -> None:
    shown = billing(*NIGHTLY, "--dry-run").stdout
    assert "It would fire:" in shown
    assert "06:00" in shown
    assert "nothing starts by itself" in billing("schedules").stdout


class TestANightlyRun:
    @pytest.fixture(autouse=True)
    def nightly(self, billing: Billing, book: Path) -> None:
        assert "Schedule 'nightly' is kept." in billing(*NIGHTLY).stdout

    def test_it_is_listed_with_its_next_firing(self, ask: Callable[..., Any]) -> None:
        [listed] = ask("schedules")["schedules"]
        assert (listed["schedule_code"], listed["state"], listed["last"]) == ("nightly", "active", None)
        assert listed["at_times"] == "06:00"
        assert len(listed["next"]) == 1

    def test_it_shows_what_it_says_and_its_next_firings(
        self, billing: Billing, ask: Callable[..., Any]
    ) -> None:
        shown = billing("schedules", "show", "nightly", "--next", "3").stdout
        for words in ("nightly", "invoice_run", "following", "fires (Europe/Madrid)"):
            assert words in shown
        assert len(ask("schedules", "show", "nightly", "--next", "3")["next"]) == 3

    def test_a_change_is_a_revision_with_its_note(self, billing: Billing, ask: Callable[..., Any]) -> None:
        billing(
            *("schedules", "edit", "nightly", "--at", "07:15", "--calendar", "none", "--roll", "none"),
            *("--note", "the book comes later", "--by", "bea"),
        )
        shown = ask("schedules", "show", "nightly")
        assert (shown["revision"], shown["at_times"], shown["calendar_code"]) == (2, "07:15", "")
        assert [each["revised_by"] for each in shown["revisions"]][1] == "bea"

    def test_retired_it_has_no_next_firing(self, billing: Billing, ask: Callable[..., Any]) -> None:
        billing("schedules", "retire", "nightly", "--note", "another system bills")
        [listed] = ask("schedules")["schedules"]
        assert (listed["state"], listed["next"]) == ("retired", [])

    def test_nothing_was_due_yet(self, billing: Billing, ask: Callable[..., Any]) -> None:
        assert "Nothing was due yet." in billing("schedules", "firings").stdout
        assert ask("schedules", "firings") == {"firings": [], "before": None}

    def test_what_is_wrong_is_said_field_by_field(self, billing: Billing) -> None:
        result = billing(*NIGHTLY[:2], "late", *NIGHTLY[3:], "--zone", "Mars", "--lead", "x", code=3)
        assert "time_zone: 'Mars' write a time zone of IANA" in result.stderr
        assert "lead_days: 'x' write a whole number" in result.stderr

    def test_a_selection_is_kept_shown_and_emptied(self, billing: Billing, ask: Callable[..., Any]) -> None:
        billing(
            *("schedules", "edit", "nightly", "--product", "motor,home", "--place", "ES", "--place", "GB"),
            *("--payer-group", "fleet", "--note", "these go first"),
        )
        shown = ask("schedules", "show", "nightly")
        lists = [shown[name] for name in ("product_codes", "place_codes", "plan_codes", "payer_groups")]
        assert lists == ["home, motor", "ES, GB", "", "fleet"]
        assert "payer_groups" in billing("schedules", "show", "nightly").stdout
        billing("schedules", "edit", "nightly", "--product", "none", "--note", "all products")
        assert ask("schedules", "show", "nightly")["product_codes"] == ""

    def test_a_template_that_there_is_not_is_refused_with_what_to_do(self, billing: Billing) -> None:
        refused = billing("schedules", "edit", "nightly", "--template", "winter", "--note", "n", code=3)
        assert "no template of invoices is called 'winter'" in refused.stderr
        assert "billing templates add FOLDER --name winter" in refused.stderr
