"""``billing`` called in this process, as a person types it.

Belongs here: the call itself. Does not belong here: the store and the environment that it meets
(``conftest``).

The command line is built once: a hundred commands and their options take longer than most of them do.
"""

from functools import cache
from unittest.mock import patch

from typer.main import get_command
from typer.testing import CliRunner, Result

from billing_assets.cli.main import app
from billing_assets.cli.output import WANTS_JSON

_command_of = cache(get_command)


def call_billing(*words: str) -> Result:
    """Return what ``billing`` printed and how it ended."""
    WANTS_JSON.set(False)
    with patch("typer.testing._get_command", _command_of):
        return CliRunner().invoke(app, list(words))
