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


def test_of_a_module_of_the_steps_every_third_test_is_among_few_and_its_variants_are_not() -> None:
    names = ("a::x[1]", "a::x[2]", "a::y", "a::z", "a::x[3]", "a::u", "b::x", "b::y[1]")
    of_steps = [f"steps/test_{each.replace('::', '.py::test_')}" for each in names]
    other = ["store/test_a.py::test_x[1]", "store/test_a.py::test_x[2]"]
    items: Any = [
        SimpleNamespace(nodeid=each, path=Path(each.partition("::")[0])) for each in of_steps + other
    ]
    left_out = {item.nodeid for item in conftest.left_out_of_few(items)}
    assert [each for each in of_steps if each not in left_out] == [of_steps[0], of_steps[5], of_steps[6]]
    assert left_out.isdisjoint(other)
