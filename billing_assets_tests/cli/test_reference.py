"""The generated reference pages are up to date and complete."""

from pathlib import Path

import pytest

from billing_assets.cli.failures import EXIT_CODES
from billing_assets.cli.reference import cli_page, exit_codes_page, main, reference_pages, settings_page
from billing_assets.wiring.settings import Settings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(reference_pages()))
def test_a_page_says_what_the_program_does(name: str) -> None:
    """If this fails: python -m billing_assets.cli.reference docs/reference."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == reference_pages()[name]


def test_every_setting_stands_in_its_page() -> None:
    for name in Settings.model_fields:
        assert f"`BILLING_{name.upper()}`" in settings_page()


def test_every_exit_code_stands_in_its_page() -> None:
    for code in EXIT_CODES:
        assert f"| {code.value} |" in exit_codes_page()


def test_every_command_has_json_and_an_example() -> None:
    sections = cli_page().split("\n\n##")[1:]
    commands = [section for section in sections if " ...`" not in section.splitlines()[0]]
    assert len(commands) >= 20
    for section in commands:
        assert "`--json`" in section, section
        assert "```" in section, section


def test_the_pages_are_written_into_a_folder(tmp_path: Path) -> None:
    main(tmp_path / "reference")
    assert sorted(path.name for path in (tmp_path / "reference").iterdir()) == sorted(reference_pages())
