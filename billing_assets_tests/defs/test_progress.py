"""Progress in the log is thin enough to read."""

from billing_assets.defs.progress import LogProgress


def test_a_stage_of_unknown_length_is_said_once() -> None:
    lines: list[str] = []
    progress = LogProgress(lines.append)
    for waited in range(50):
        progress("waiting for another run of this company", waited, 0)
    assert lines == ["waiting for another run of this company"]


def test_a_long_stage_takes_about_ten_lines_and_the_next_one_begins_anew() -> None:
    lines: list[str] = []
    progress = LogProgress(lines.append)
    for done in range(1, 10_001):
        progress("delivering", done, 10_000)
    progress("printing", 0, 5)
    assert lines[0] == "delivering: 1 of 10,000"
    assert lines[-2:] == ["delivering: 10,000 of 10,000", "printing: 0 of 5"]
    assert len(lines) == 12
