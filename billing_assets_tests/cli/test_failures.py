"""How a command ends: messages and exit codes, for people and for programs."""

import json
from pathlib import Path
from typing import Annotated

import pytest
import typer
from polars.exceptions import PanicException
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner, Result

from billing_assets.cli.failures import EXIT_CODES, ExitCode, GuardedGroup, UnfinishedError
from billing_assets.cli.interrupts import Interrupted
from billing_assets.cli.output import WANTS_JSON
from billing_assets.domain.errors import BillingError


def ended_by(error: BaseException, *, is_json: bool = False) -> Result:
    app = typer.Typer(cls=GuardedGroup)

    @app.callback()
    def top() -> None:
        WANTS_JSON.set(is_json)

    @app.command("run")
    def broken() -> None:
        raise error

    return CliRunner().invoke(app, ["run"])


REFUSAL = BillingError("book_missing", "there is no book [draft]", "import one")


def test_a_refusal_says_what_was_found_and_what_to_do_with_its_code() -> None:
    result = ended_by(REFUSAL)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error  there is no book [draft] (book_missing)\nto do  import one\n"


def test_for_a_program_an_error_is_the_one_document_on_stdout() -> None:
    result = ended_by(REFUSAL, is_json=True)
    error = {"code": "book_missing", "found": "there is no book [draft]", "todo": "import one"}
    assert (result.exit_code, json.loads(result.stdout), result.stderr) == (3, {"error": error}, "")


def test_a_value_of_the_wrong_kind_is_told_with_the_value_and_no_library_s_words() -> None:
    app = typer.Typer(cls=GuardedGroup)

    @app.callback()
    def top() -> None:
        WANTS_JSON.set(False)

    @app.command("show")
    def show(year: Annotated[int, typer.Argument(min=1950)]) -> None:
        raise AssertionError(year)

    for value, words in (("INV-1", "'INV-1' is not a whole number"), ("25", "'25' is less than 1950")):
        result = CliRunner().invoke(app, ["show", value])
        assert (result.exit_code, words in result.stderr, "Input" in result.stderr) == (2, True, False)


def test_an_interruption_says_how_to_go_on() -> None:
    result = ended_by(Interrupted("go on like this"))
    assert (result.exit_code, result.stderr) == (130, "stopped  interrupted\nto do  go on like this\n")
    assert ended_by(KeyboardInterrupt()).exit_code == 130


def test_an_outage_is_no_crash() -> None:
    result = ended_by(OperationalError("select secret", {}, Exception("server closed the connection")))
    assert result.exit_code == 3
    assert "store_lost" in result.stderr
    assert "secret" not in result.stderr


def test_our_own_mistake_is_logged_without_values_and_named_shortly(home: Path) -> None:
    result = ended_by(ValueError("Jane Roe"))
    assert result.exit_code == 70
    (log,) = (home / "logs").iterdir()
    assert str(log) in result.stderr
    assert "Jane" not in result.stderr + log.read_text()
    assert "Traceback" not in result.stderr
    assert "in broken" in log.read_text()


def test_the_panic_of_a_library_is_a_mistake_of_ours_too(home: Path) -> None:
    result = ended_by(PanicException("Jane Roe"), is_json=True)
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (70, "crashed")
    (log,) = (home / "logs").iterdir()
    assert "Jane" not in result.stdout + result.stderr + log.read_text()


def test_an_exit_that_was_asked_for_is_no_mistake() -> None:
    assert ended_by(SystemExit(5)).exit_code == 5


def test_a_home_that_cannot_be_written_does_not_hide_the_crash(home: Path) -> None:
    home.write_text("a file, no folder")
    result = ended_by(ValueError("x"))
    assert result.exit_code == 70
    assert "no crash log could be written" in result.stderr


def test_what_was_done_before_an_error_stands_beside_it() -> None:
    unfinished = UnfinishedError({"dates": ["2025-01-01"]})
    unfinished.__cause__ = REFUSAL
    result = ended_by(unfinished, is_json=True)
    assert json.loads(result.stdout)["dates"] == ["2025-01-01"]
    assert result.exit_code == 3


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_has_words(code: ExitCode) -> None:
    assert EXIT_CODES[code]
