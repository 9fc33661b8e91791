"""Each line of a console block in how-to pages, tutorials and explanations runs, in order, in its own folder.

A block marked ``console`` holds commands after ``$ ``. They run as the page's reader runs them: the examples
beside them, a fresh store, a mailbox to send to. Those of the tutorial are started as programs; those of the
other pages are called in this process, which spares each of them the time to start.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.store.connection import Database
from billing_assets_tests.command_line import call_billing

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("how-to", "tutorials", "explanation")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(f"docs/{folder}/*.md"))
# Their steps change files too: tests of their own run every command of them, in a copy of the program.
CHANGING_FILES = ("add-a-payment-plan", "add-a-tax", "close-a-day")
# Its commands call a server: a test of its own starts one.
WITH_A_SERVER = ("bill-from-your-own-system",)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """Return the commands of a page's console blocks, in order."""
    blocks = CONSOLE.findall(page.read_text(encoding="utf-8"))
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def call(command: str, folder: Path) -> str:
    """Call one documented command in this process, or start it where it is not ours; it must end well.

    Returns what it printed.
    """
    words = shlex.split(command)
    if words[0] != "billing":
        return start(command, folder)
    result = call_billing(*words[1:])
    assert result.exit_code == 0, f"$ {command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def start(command: str, folder: Path) -> str:
    """Start one documented command as a program and return what it printed; it must end well."""
    words = shlex.split(command)
    program = Path(sys.executable).parent / words[0]
    done = subprocess.run(
        [str(program) if program.exists() else words[0], *words[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def surroundings(patch: pytest.MonkeyPatch, folder: Path, database: Database) -> None:
    """Let the program find this store and its files in ``folder``, and nothing that this machine has set."""
    patch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("BILLING_") and "TEST" not in name]:
        patch.delenv(name)
    patch.setenv("BILLING_HOME", str(folder / ".billing"))
    url = database.engine.url.render_as_string(hide_password=False)
    patch.setenv("BILLING_DATABASE_URL", url)
    patch.setenv("BILLING_PRINT_WORKERS", "1")
    patch.setenv("NO_COLOR", "1")


# They take about a minute each.
LONG = ("a-first-quarter", "bill-a-date")
SHOWN = [
    pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in LONG else [])
    for page in PAGES
    if page.stem not in {*CHANGING_FILES, *WITH_A_SERVER}
]


@pytest.mark.long
@pytest.mark.parametrize("page", SHOWN)
def test_every_command_of_a_page_runs_in_order(
    page: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_tutorial = page.parent.name == "tutorials"
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        surroundings(monkeypatch, tmp_path, database)
        monkeypatch.setenv("BILLING_SMTP_PORT", str(mailbox.port))
        if is_tutorial:
            monkeypatch.delenv("BILLING_PRINT_WORKERS")
        for command in commands(page):
            (start if is_tutorial else call)(command, tmp_path)


@pytest.mark.parametrize("stem", [*CHANGING_FILES, *WITH_A_SERVER])
def test_a_page_that_is_left_out_here_has_a_test_of_its_own(stem: str) -> None:
    (page,) = [page for page in PAGES if page.stem == stem]
    own = Path(__file__).with_name(f"test_{stem.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert page.name in own
    assert "commands(PAGE)" in own


def test_there_are_pages_with_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 20


def test_the_readme_names_exactly_the_two_commands_a_newcomer_needs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert blocks == ["make demo\nmake test\n"]
    for target in ("demo", "test", "ui"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_link_between_the_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), ROOT / "examples" / "README.md"]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
