"""A missing real part is named to a newcomer and refused in CI."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from billing_assets_tests import conftest


@pytest.fixture
def _without_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.PARTS, "chromium", (lambda: False, "no Chromium on the PATH"))


@pytest.mark.usefixtures("_without_chromium")
def test_a_missing_part_skips_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs chromium: no Chromium on the PATH"):
        conftest.real_part("chromium")


@pytest.mark.usefixtures("_without_chromium")
def test_a_missing_part_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no real part may be missing"):
        conftest.real_part("chromium")


def test_an_unknown_part_is_no_skip() -> None:
    with pytest.raises(KeyError):
        conftest.missing_parts(("chromiun",))


def test_a_part_that_is_here_lets_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.PARTS, "chromium", (lambda: True, ""))
    conftest.real_part("chromium")


def test_of_the_variants_of_a_test_of_the_steps_the_first_is_no_repetition() -> None:
    names = ("steps/test_a.py::test_x[1]", "steps/test_a.py::test_x[2]", "steps/test_a.py::test_y")
    other = ("store/test_a.py::test_x[1]", "store/test_a.py::test_x[2]")
    items: Any = [SimpleNamespace(nodeid=each, path=Path(each.partition("::")[0])) for each in names + other]
    assert [item.nodeid for item in conftest.repetitions(items)] == ["steps/test_a.py::test_x[2]"]
