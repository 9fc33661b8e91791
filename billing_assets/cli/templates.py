"""``billing templates``: the kinds of document, and what each looks like in each language.

Belongs here: the commands. Does not belong here: the pages and their words (``templates/``), printing them
(``wiring.template_previews``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.invoices import write_file
from billing_assets.cli.output import Screen, count_of, styled
from billing_assets.cli.own_templates import COMMANDS

if TYPE_CHECKING:
    from billing_assets.wiring.template_previews import Preview

app = typer.Typer(
    no_args_is_help=True,
    help="See what documents look like in each language, and bring templates of your own.",
)
for _name, _act, _example in COMMANDS:
    app.command(_name, epilog=_example)(_act)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--templates", metavar="FOLDER", help="Folder of templates; that of the settings if left out."
    ),
]
_OUT_HELP = "File to write: .pdf, .html, or .txt for the e-mail; KIND.LANGUAGE.pdf here if left out."


@app.command("list", epilog="billing templates list")
def listed(templates: Folder = None, as_json: Json = False) -> None:
    """List the kinds of document with the languages that they have words in.

    The version is that of the files: a word that is changed makes another.
    Documents that were issued keep theirs.
    """
    from billing_assets.wiring.template_previews import template_rows

    screen = Screen(as_json)
    rows = template_rows(_folder(templates))
    screen.document({"templates": rows})
    screen.table(
        ["kind", "title", "languages", "version"],
        [[row.kind, row.title, " ".join(row.languages), row.template_sha256[:12]] for row in rows],
    )


@app.command(
    "preview",
    epilog="billing templates preview reminder --language de\n\n"
    "billing templates preview statement --language fr --out statement.html\n\n"
    "billing templates preview 1 --invoice INV-00000001 --out look.pdf",
)
def previewed(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="As 'billing templates list' has it; or ID of an own one."),
    ],
    language: Annotated[
        str, typer.Option("--language", metavar="TAG", help="As de or fr-CA; that of the sample if left out.")
    ] = "",
    templates: Folder = None,
    invoice: Annotated[
        str,
        typer.Option("--invoice", metavar="NUMBER", help="With an own one: this document, not the sample."),
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=_OUT_HELP)] = None,
    as_json: Json = False,
) -> None:
    """Print the sample of a kind of document, or by an own template. Nothing is stored, sent or numbered.

    People and amounts of the samples are invented.
    """
    from billing_assets.wiring.template_previews import preview

    screen = Screen(as_json)
    ending = out.suffix.lower() if out else ".pdf"
    if kind.isdecimal():
        made = _own_preview(screen, int(kind), language, invoice, ending)
    else:
        made = preview(_folder(templates), kind, language, ending)
    path = out or Path(f"{made.kind}.{made.language}.pdf")
    write_file(path, made.content)
    screen.document({"kind": made.kind, "language": made.language, "title": made.title, "file": path})
    screen.say(styled("[bold]{}[/bold] ({}, {}) is in {}", made.title, made.kind, made.language, path))
    if made.missing_characters:
        screen.warn(f"no font can draw: {' '.join(made.missing_characters)}")


@app.command("copy", epilog="billing templates copy our-templates")
def copied(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is not there yet.")],
    as_json: Json = False,
) -> None:
    """Copy the shipped templates into a folder of your own, to change words and pages there.

    Let BILLING_TEMPLATES_DIR name the folder, and what is issued from then on is printed by it.
    """
    from billing_assets.wiring.template_previews import copy_templates

    screen = Screen(as_json)
    count = copy_templates(folder)
    screen.document({"folder": folder, "file_count": count})
    screen.say(styled("{} in [bold]{}[/bold]", count_of(count, "file"), folder))
    screen.hint(f"look at them with 'billing templates preview KIND --templates {folder}'")


def _own_preview(screen: Screen, template_id: int, language: str, number: str, ending: str) -> "Preview":
    """Return what an own template makes of its sample, or of an issued document."""
    from billing_assets.wiring.template_previews import enclosed_preview

    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        desk = TemplateDesk(opened.billing)
        kind = desk.row(template_id).template.document_kind
        return enclosed_preview(
            lambda forms: desk.preview(template_id, forms, language, number), f"{kind}-{template_id}", ending
        )


def _folder(given: Path | None) -> Path | None:
    from billing_assets.wiring.settings import read_settings

    return given or read_settings().templates_dir
