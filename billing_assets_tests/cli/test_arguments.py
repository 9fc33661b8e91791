"""Dates on the command line."""

from datetime import date

import pytest
import typer

from billing_assets.cli.arguments import iso_date


def test_an_iso_date_is_read() -> None:
    assert iso_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2025-1-2", "20250102", "02.01.2025", "2025-W01-1", "today", "", "2025-02-29"]
)
def test_nothing_else_is_guessed(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        iso_date(text)
