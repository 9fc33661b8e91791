"""A step that nobody watches tells nobody."""

import pytest

from billing_assets.steps.run_ports import silent


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent("planning", 1, 2)
    assert capsys.readouterr() == ("", "")
