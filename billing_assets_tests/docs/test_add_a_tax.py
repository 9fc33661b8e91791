"""The steps of the page on taxes, taken in a copy of the program: a row is added and a new rate is billed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from billing_assets.store.connection import Database
from billing_assets_tests.docs.test_commands import ROOT, commands

PAGE = ROOT / "docs" / "how-to" / "add-a-tax.md"
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
    return folder


def change(program: Path, page: Path, files: list[str]) -> None:
    """Make a page's changes, which are to these files, in the copy."""
    edits = DIFF.findall(page.read_text(encoding="utf-8"))
    assert sorted({path for path, _ in edits}) == files
    for path, lines in edits:
        file = program / path
        file.write_text(changed(file.read_text(encoding="utf-8"), lines.splitlines()), encoding="utf-8")


def run(program: Path, database: Database, line: str) -> str:
    """Run `billing` of the copy with the words of a line and return what it printed; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "billing_assets.cli", *shlex.split(line)],
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
    assert done.returncode == 0, f"$ billing {line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_rate_that_is_added_in_one_file_is_billed_from_its_first_day(
    database: Database, tmp_path: Path
) -> None:
    program = copied_program(tmp_path)
    shown: dict[str, str] = {}
    for line in commands(PAGE):
        if line == "billing db upgrade":
            change(program, PAGE, ["billing_assets/domain/taxes/united_kingdom.py"])
        shown[line] = run(program, database, line.removeprefix("billing "))
    assert "13 %" in shown["billing rules taxes --place GB --on 2025-04-01"]
    found = json.loads(run(program, database, "invoices list --policy HOM-2001 --json"))
    rates = {}
    for row in found["invoices"]:
        invoice: dict[str, Any] = json.loads(
            run(program, database, f"invoices show {row['invoice_number']} --json")
        )
        (tax,) = invoice["taxes"]
        rates[invoice["tax_point_date"]] = tax["rate_ppm"]
    assert rates == {"2025-01-20": 120_000, "2025-04-20": 130_000}
