"""Crash logs say where, never what."""

from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.crash_log import crash_text, write_crash_log


def failed() -> Exception:
    """An error with a cause that quotes a name, both as raised."""
    try:
        try:
            int("Jane Roe")
        except ValueError as error:
            raise BillingError("x", "found", "do") from error
    except BillingError as error:
        return error
    raise AssertionError("unreachable")


def test_the_log_names_lines_and_causes_without_values() -> None:
    text = crash_text(failed())
    assert text.index("ValueError") < text.index("which led to") < text.index("found (x): do")
    assert "test_crash_log.py" in text
    assert "Jane" not in text


def test_each_crash_has_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = write_crash_log(tmp_path, failed())
    assert path.parent == tmp_path / "logs"
    assert path.stat().st_mode & 0o777 == 0o600
