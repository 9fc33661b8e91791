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
from typer.testing import CliRunner

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.main import app
from billing_assets.cli.output import WANTS_JSON
from billing_assets.store.connection import Database

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("how-to", "tutorials", "explanation")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(f"docs/{folder}/*.md"))
# Their steps change files too: tests of their own run every command of them, in a copy of the program.
CHANGING_FILES = ("add-a-payment-plan", "add-a-tax", "close-a-day")
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """Return the commands of a page's console blocks, in order."""
    blocks = CONSOLE.findall(page.read_text(encoding="utf-8"))
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def call(command: str, folder: Path) -> None:
    """Call one documented command in this process, or start it where it is not ours; it must end well."""
    words = shlex.split(command)
    if words[0] != "billing":
        start(command, folder)
        return
    WANTS_JSON.set(False)
    result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, f"$ {command}\n{result.stdout}\n{result.stderr}"


def start(command: str, folder: Path) -> None:
    """Start one documented command as a program; it must end well."""
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


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.stem not in CHANGING_FILES], ids=lambda page: page.stem
)
def test_every_command_of_a_page_runs_in_order(
    page: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_tutorial = page.parent.name == "tutorials"
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name in ("workspace.yaml", "dagster.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        monkeypatch.chdir(tmp_path)
        for name in [name for name in os.environ if name.startswith("BILLING_") and "TEST" not in name]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("BILLING_HOME", str(tmp_path / ".billing"))
        url = database.engine.url.render_as_string(hide_password=False)
        monkeypatch.setenv("BILLING_DATABASE_URL", url)
        monkeypatch.setenv("BILLING_SMTP_PORT", str(mailbox.port))
        monkeypatch.setenv("NO_COLOR", "1")
        if not is_tutorial:
            monkeypatch.setenv("BILLING_PRINT_WORKERS", "1")
        for command in commands(page):
            (start if is_tutorial else call)(command, tmp_path)


@pytest.mark.parametrize("stem", CHANGING_FILES)
def test_a_page_whose_steps_change_files_has_a_test_of_its_own(stem: str) -> None:
    (page,) = [page for page in PAGES if page.stem == stem]
    own = Path(__file__).with_name(f"test_{stem.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert page.name in own
    assert "in commands(PAGE)" in own


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
