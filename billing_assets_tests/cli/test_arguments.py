"""Dates and names on the command line."""

from datetime import date

import pytest
import typer

from billing_assets.cli import arguments
from billing_assets.cli.arguments import iso_date, name_of
from billing_assets.domain.errors import BillingError


def test_an_iso_date_is_read() -> None:
    assert iso_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2025-1-2", "20250102", "02.01.2025", "2025-W01-1", "today", "", "2025-02-29"]
)
def test_nothing_else_is_guessed(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        iso_date(text)


def test_whoever_decides_is_the_login_unless_somebody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ana")
    assert (name_of(""), name_of(" "), name_of("maria")) == ("ana", "ana", "maria")


def test_a_login_without_a_name_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(arguments, "getuser", nobody)
    with pytest.raises(BillingError) as caught:
        name_of("")
    assert caught.value.code == "name_missing"
