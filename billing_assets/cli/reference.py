"""The reference pages of commands, settings and shipped taxes, written from the program itself.

Belongs here: what `docs/reference/cli.md`, `exit-codes.md`, `settings.md` and `taxes.md` say. A test compares
the files with what these functions return; ``python -m billing_assets.cli.reference docs/reference`` writes
them anew.
Does not belong here: help texts and descriptions (where each option and setting is declared).
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

from billing_assets.cli.failures import EXIT_CODES
from billing_assets.cli.main import app
from billing_assets.domain.places import PLACES
from billing_assets.domain.tax_rule import TaxPoint, TaxRule, rate_words
from billing_assets.domain.taxes import shipped_tax_rules

_GENERATED = "<!-- Written by `python -m billing_assets.cli.reference docs/reference`; do not edit. -->"


def reference_pages() -> Mapping[str, str]:
    """Return file name -> Markdown of every generated page.

    >>> sorted(reference_pages())
    ['cli.md', 'exit-codes.md', 'settings.md', 'taxes.md']
    """
    return {
        "cli.md": cli_page(),
        "exit-codes.md": exit_codes_page(),
        "settings.md": settings_page(),
        "taxes.md": taxes_page(),
    }


def cli_page() -> str:
    """Return the page of all commands, each with arguments, options and examples."""
    intro = (
        "Every command takes `--json` (one JSON document on stdout, nothing else; amounts are integers of "
        "the minor unit beside their currency) and `--help`. Results go to stdout; progress, hints and "
        "errors to stderr. `NO_COLOR` switches colours off. How a command ends: [exit codes](exit-codes.md); "
        "what the program reads from the environment: [settings](settings.md)."
    )
    parts = ["# The command line", _GENERATED, intro]
    for path, command in _commands("billing", get_command(app)):
        parts += _command_parts(path, command)
    return "\n\n".join(parts) + "\n"


def exit_codes_page() -> str:
    """Return the page of exit codes."""
    pipe = "\\|"  # a plain one would end the cell
    rows = [f"| {code.value} | {words.replace('|', pipe)} |" for code, words in EXIT_CODES.items()]
    table = "\n".join(["| code | meaning |", "|---|---|", *rows])
    json_note = (
        'With `--json` an error is a document too: `{"error": {"code", "found", "todo"}}`. `code` is stable; '
        "beside it stands what was done before the error, where a command had done part of its work."
    )
    return f"# Exit codes\n\n{_GENERATED}\n\n{table}\n\n{json_note}\n"


def settings_page() -> str:
    """Return the page of settings: variable, kind, default, meaning."""
    from billing_assets.wiring.settings import Settings

    schema = Settings.model_json_schema(by_alias=False)["properties"]
    rows = [
        "| "
        + " | ".join(
            [
                f"`BILLING_{name.upper()}`",
                _kind(schema[name]),
                _default(field.default),
                field.description or "",
            ]
        )
        + " |"
        for name, field in Settings.model_fields.items()
    ]
    intro = "Read from the environment, or from a file `.env` in the folder that a command is started in."
    table = "\n".join(["| variable | kind | default | meaning |", "|---|---|---|---|", *rows])
    return f"# Settings\n\n{_GENERATED}\n\n{intro}\n\n{table}\n"


def taxes_page() -> str:
    """Return the page of the shipped tax rows, place by place, with what each place leaves out."""
    rules = shipped_tax_rules()
    parts = ["# Taxes", _GENERATED, _TAXES_INTRO]
    for place_code in sorted({rule.place_code for rule in rules}):
        own = sorted(
            (rule for rule in rules if rule.place_code == place_code),
            key=lambda rule: (rule.line_of_business, rule.tax_code, rule.valid_from),
        )
        rows = [_tax_row(rule) for rule in own]
        head = "| line of business | tax | rate | falls on | from | until | source |"
        parts += [
            f"## {PLACES[place_code].name} (`{place_code}`)",
            "\n".join([head, "|---" * 7 + "|", *rows]),
        ]
    return "\n\n".join(parts) + "\n"


_TAXES_INTRO = (
    "**Have counsel confirm these rows before you bill by them.** They are starting values with their "
    "sources; the law of your product may differ. A row that names a line of business replaces the rows for "
    "any line (`*`) of its place. *Left out* means that the law is not shipped for that line, or not as a "
    "whole: a line that such a row falls on fails with `no_tax_rule` and is not billed; so does a line "
    "without any row. A row holds from its first day until the day before its end; the first day is the one "
    "from which the row is shipped, the law may be older. The day that counts is the first of the billing "
    "period, or, where the table says so, the day on which the policy term begins. What else is not shipped "
    "stands at the head of each file in `billing_assets/domain/taxes`. The arithmetic: [how an amount comes "
    "about](../explanation/calculation.md#tax); a row of your own: [add a tax](../how-to/add-a-tax.md)."
)


def _tax_row(rule: TaxRule) -> str:
    day = "" if rule.tax_point is TaxPoint.PERIOD else " (by the term)"
    reason = f"<br>on the invoice: {rule.exemption_reason}" if rule.exemption_reason else ""
    cells = [
        f"`{rule.line_of_business}`",
        f"`{rule.tax_code}`",
        rate_words(rule),
        rule.charge_kinds.replace(" ", ", ").replace("_", " "),
        f"{rule.valid_from}{day}",
        str(rule.valid_to or ""),
        f"{rule.source}{reason}",
    ]
    return f"| {' | '.join(cells)} |"


def main(folder: Path) -> None:
    """Write every page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in reference_pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer's command
    yield path, command
    if not hasattr(command, "commands"):
        return
    for name in command.list_commands(None):
        yield from _commands(f"{path} {name}", command.commands[name])


def _command_parts(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - Typer's command
    is_group = hasattr(command, "commands")
    # A group that only gathers its commands has nothing to say that they do not.
    yield f"{'##' if path.count(' ') < 2 else '###'} `{path}{' ...' if is_group else ''}`"  # noqa: PLR2004 - depth
    yield _plain(command.help or "")
    rows = [_option(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        yield "\n".join(["| argument or option | meaning |", "|---|---|", *rows])
    if command.epilog and path != "billing":
        lines = [line.strip() for line in _plain(command.epilog).split("\n\n")]
        yield "\n".join(["```", *lines, "```"])


def _option(parameter: Any) -> str:  # noqa: ANN401 - Typer's parameter
    is_argument = parameter.param_type_name == "argument"
    metavar = parameter.metavar or ""
    names = metavar if is_argument else ", ".join(parameter.opts) + (f" {metavar}" if metavar else "")
    needed = " (required)" if parameter.required and not is_argument else ""
    default = parameter.default
    shown = f" Default: {default}." if isinstance(default, int) and not isinstance(default, bool) else ""
    return f"| `{names}`{needed} | {_plain(parameter.help or '')}{shown} |".replace("||", "| |")


def _plain(text: str) -> str:
    return text.replace("[bold]", "").replace("[/bold]", "").strip()


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value)
    of = schema.get("anyOf", [schema])[0]
    words = {"integer": "whole number", "string": "text"}.get(of.get("type", ""), "text")
    words = {"path": "path", "date": "date", "password": "secret"}.get(of.get("format", ""), words)
    if "minimum" in of:
        words += f" {of['minimum']} to {of['maximum']}"
    return words


def _default(value: object) -> str:
    text = "" if value is None else str(value)
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
