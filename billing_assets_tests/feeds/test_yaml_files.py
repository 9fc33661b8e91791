"""A YAML file that cannot be read is refused with the file, the line and the reason."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.yaml_files import read_yaml_file


def read(path: Path) -> object:
    return read_yaml_file(path, code="settings_unreadable", kind="settings", see="the page has every key")


def test_dates_numbers_and_texts_come_as_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("day: 2024-02-29\nrows: 3\nname: Ann\n")
    assert read(path) == {"day": date(2024, 2, 29), "rows": 3, "name": "Ann"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("cut_over_date: 2025-02-30", "'2025-02-30' is no date that exists"),
        ("cut_over_date: 2025-01-31 25:00:00", "'2025-01-31 25:00:00' is no date that exists"),
        ("2025-13-01: a key", "'2025-13-01' is no date that exists"),
        (f"rows: {'9' * 5_000}", f"'{'9' * 40}' is no number that exists"),
        ("name: twice", "'name' is given twice"),
        ("name: [unclosed", "expected ',' or ']'"),
    ],
    ids=["date", "hour", "key", "number", "twice", "unclosed"],
)
def test_what_yaml_cannot_read_is_refused_with_file_and_line(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"name: demo\n{line}\n")
    with pytest.raises(BillingError) as caught:
        read(path)
    assert caught.value.code == "settings_unreadable"
    assert caught.value.found.startswith("settings settings.yaml: ")
    assert reason in caught.value.found
    assert "line " in caught.value.found
    assert caught.value.todo == "correct the YAML; the page has every key"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"name: \xff\n", "it is not UTF-8"), (b"[" * 5_000, "it is nested too deeply")],
    ids=["bytes", "depth"],
)
def test_what_is_no_yaml_at_all_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(BillingError, match=reason):
        read(path)


def test_a_missing_file_says_why_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match=r"settings none\.yaml: No such file"):
        read(tmp_path / "none.yaml")
