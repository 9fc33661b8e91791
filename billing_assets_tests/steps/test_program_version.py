"""A formula that is changed makes another version of the program, whoever forgets to say so."""

import shutil
from pathlib import Path

import pytest

import billing_assets
from billing_assets.steps.program_version import FLOORS, program_sha256, text_sha256

PACKAGE = Path(billing_assets.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for floor in FLOORS:
        shutil.copytree(PACKAGE / floor, tmp_path / floor)
    return tmp_path


def test_the_same_text_is_the_same_version(copy: Path) -> None:
    assert text_sha256(copy, FLOORS) == program_sha256()


@pytest.mark.parametrize("module", ["frames/taxes.py", "domain/taxes/spain.py", "store/invoices.py"])
def test_another_text_or_name_is_another_version(copy: Path, module: str) -> None:
    path = copy / module
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2", 1), encoding="utf-8")
    changed = text_sha256(copy, FLOORS)
    assert changed != program_sha256()
    path.rename(path.with_name("other.py"))
    assert text_sha256(copy, FLOORS) not in {changed, program_sha256()}


def test_what_only_shows_or_asks_is_no_formula() -> None:
    assert not {"cli", "defs", "documents"} & set(FLOORS)
