"""The steps of the page on taxes, taken in a copy of the program: a row is added and a new rate is billed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.docs.test_commands import ROOT, commands

PAGE = ROOT / "docs" / "how-to" / "add-a-tax.md"
# Says of each command how it ended and what it printed.
_RUNNER = """
import json, sys
from billing_assets_tests.command_line import call_billing
results = [call_billing(*words) for words in json.load(sys.stdin)]
json.dump([(each.exit_code, each.stdout, each.stderr) for each in results], sys.stdout)
"""
DIFF = re.compile(r"^```diff\n(\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def changed(text: str, lines: list[str]) -> str:
    """Return `text` with the lines of a diff: what it shows must stand there once."""
    old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    assert text.count(old) == 1
    return text.replace(old, new)


def copied_program(folder: Path) -> Path:
    """Return the folder with a copy of the program as it is shipped."""
    for name in ("billing_assets", "templates", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    tests = folder / "billing_assets_tests"
    tests.mkdir()
    for name in ("__init__.py", "command_line.py"):
        shutil.copy(ROOT / tests.name / name, tests / name)
    return folder


def change(program: Path, page: Path, files: list[str]) -> None:
    """Make a page's changes, which are to these files, in the copy."""
    edits = DIFF.findall(page.read_text(encoding="utf-8"))
    assert sorted({path for path, _ in edits}) == files
    for path, lines in edits:
        file = program / path
        file.write_text(changed(file.read_text(encoding="utf-8"), lines.splitlines()), encoding="utf-8")


def run_all(program: Path, database: Database, lines: Sequence[str]) -> list[str]:
    """Run `billing` of the copy with the words of each line and return what it printed; all must end well.

    One process runs them all: each would take longer to start than to do its work.
    """
    words = [shlex.split(line.removeprefix("billing ")) for line in lines]
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER],
        input=json.dumps(words),
        cwd=program,
        env={
            **os.environ,
            "PYTHONPATH": str(program),
            "BILLING_HOME": str(program / ".billing"),
            "BILLING_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "BILLING_PRINT_WORKERS": "1",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    for line, (code, printed, told) in zip(lines, results, strict=True):
        assert code == 0, f"$ {line}\n{printed}\n{told}"
    return [printed for _, printed, _ in results]


def run_page(program: Path, database: Database, page: Path, edited_before: str, file: str) -> list[str]:
    """Run every command of a page, whose change to a file of the program is made before one of them."""
    lines = commands(page)
    first = run_all(program, database, lines[: lines.index(edited_before)])
    change(program, page, [file])
    return first + run_all(program, database, lines[lines.index(edited_before) :])


@pytest.mark.long
def test_a_rate_that_is_added_in_one_file_is_billed_from_its_first_day(
    database: Database, tmp_path: Path
) -> None:
    program = copied_program(tmp_path)
    file = "billing_assets/domain/taxes/united_kingdom.py"
    shown = dict(
        zip(commands(PAGE), run_page(program, database, PAGE, "billing db upgrade", file), strict=True)
    )
    assert "13 %" in shown["billing rules taxes --place GB --on 2025-04-01"]
    (found,) = run_all(program, database, ["billing invoices list --policy HOM-2001 --json"])
    numbers = [row["invoice_number"] for row in json.loads(found)["invoices"]]
    rates = {}
    for text in run_all(program, database, [f"billing invoices show {each} --json" for each in numbers]):
        invoice: dict[str, Any] = json.loads(text)
        (tax,) = invoice["taxes"]
        rates[invoice["tax_point_date"]] = tax["rate_ppm"]
    assert rates == {"2025-01-20": 120_000, "2025-04-20": 130_000}
