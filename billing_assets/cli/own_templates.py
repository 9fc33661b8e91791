"""``billing templates`` for the company's own: added, tested, approved, active from a date.

Belongs here: those commands. Does not belong here: the shipped templates (``templates``), which act may
follow which (``domain.company_templates``).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, iso_date, name_of, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, instant, styled
from billing_assets.cli.selections import Places, Products
from billing_assets.domain.template_choice import scope_from

if TYPE_CHECKING:
    from billing_assets.domain.company_templates import CompanyTemplate, TemplateEvent
    from billing_assets.wiring.template_desk import TemplateRow

_Id = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the version, as 'billing templates own' has it.")
]
_Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="What it is for, or why; kept for ever.")]
_From = Annotated[
    date, typer.Option("--from", parser=iso_date, metavar="DATE", help="The first issue date, as 2027-01-01.")
]
_Until = Annotated[
    date | None,
    typer.Option("--from", parser=iso_date, metavar="DATE", help="The first issue date without it; today."),
]


def own(as_json: Json = False) -> None:
    """List the company's own templates: which version stands where, and which prints today."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        rows = TemplateDesk(opened.billing).rows()
    screen.document({"templates": [_record(row) for row in rows]})
    if not rows:
        screen.say("The company has no templates of its own; the shipped ones print everything.")
        return
    screen.table(
        [
            *(">template", "kind", "name", ">version", "state", "prints", "for"),
            *("files", "note", "added by", "added (UTC)"),
        ],
        [_cells(row) for row in rows],
        wrap=["note", "for"],
    )


def add(
    path: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder, or a .tar, .tar.gz or .zip.")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="invoice or credit_note.")] = "invoice",
    name: Annotated[
        str,
        typer.Option(
            "--name", metavar="NAME", help="Print for those runs and schedules alone that ask for this name."
        ),
    ] = "",
    note: _Note = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Keep the files of a template as a new version, a draft. It prints nothing yet.

    All of KIND/ and _shared/ is kept, with labels, fonts and pictures, as it is now.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        template = TemplateDesk(opened.billing).add(path, kind, name=name, note=note, by=name_of(by))
    screen.document({"template": template})
    number = template.template_id
    screen.say(styled("template [bold]{}[/bold]: {}, version {}", number, kind, template.version_number))
    screen.hint(f"test it: billing templates test {number}")


def try_out(
    template_id: _Id,
    real_count: Annotated[
        int,
        typer.Option("--invoices", metavar="COUNT", help="Issued documents of each language to render."),
    ] = 2,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Render the sample in each language, and issued documents, as PDF, web page and e-mail. Nothing is sent.

    Looked at: PDF/UA-1 and PDF/A-3a, labels of every language, characters that no font has, the number of
    the document. What is found is kept with the version.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.waiting("rendering"):
        from billing_assets.wiring.template_desk import TemplateDesk

        found = TemplateDesk(opened.billing).test(template_id, by=name_of(by), real_count=real_count)
    screen.document({"template_id": template_id, "is_passed": found.is_passed, **found.as_json()})
    if found.findings:
        rows = [[each.document, each.code, each.found] for each in found.findings]
        screen.table(["document", "code", "found"], rows, wrap=["found"])
    rendered = f"samples in {' '.join(found.languages)}, {count_of(len(found.documents), 'issued document')}"
    screen.say(f"template {template_id}: {'passed' if found.is_passed else 'failed'} ({rendered})")
    if not found.is_passed:
        raise typer.Exit(ExitCode.ATTENTION)
    screen.hint(f"somebody else approves it: billing templates approve {template_id} --note ...")


def approve(template_id: _Id, note: _Note = "", by: By = "", as_json: Json = False) -> None:
    """Approve a version that has passed its test. Whoever added it cannot."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        template = TemplateDesk(opened.billing).approve(template_id, note=note, by=name_of(by))
    _said(screen, template, f"template {template_id} is approved")
    screen.hint(f"let it print: billing templates activate {template_id} --from DATE --note ...")


def activate(
    template_id: _Id,
    from_date: _From,
    products: Products = None,
    places: Places = None,
    languages: Annotated[
        list[str] | None,
        typer.Option(
            "--language",
            metavar="TAG",
            help="Only for payers of this language, as es or en-GB; also several.",
        ),
    ] = None,
    note: _Note = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let an approved version print what is issued from a date on. What was issued keeps its template.

    Of several that fit a document the one prints that names more of product, place and language.
    """
    screen = Screen(as_json)
    asked = {"product_codes": products, "place_codes": places, "languages": languages}
    scope = scope_from({listed: ",".join(given or ()) for listed, given in asked.items()})
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        template = TemplateDesk(opened.billing).activate(
            template_id, from_date, scope=scope, note=note, by=name_of(by)
        )
    only = f", for {scope.words()}" if scope.words() else ""
    _said(screen, template, f"template {template_id} prints what is issued from {from_date} on{only}")


def retire(
    template_id: _Id, from_date: _Until = None, note: _Note = "", by: By = "", as_json: Json = False
) -> None:
    """Let a version print nothing that is issued from a date on; the one before it prints again, if any."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        template = TemplateDesk(opened.billing).retire(template_id, from_date, note=note, by=name_of(by))
    _said(screen, template, f"template {template_id} is retired from {template.events[-1].from_date} on")


def show(template_id: _Id, as_json: Json = False) -> None:
    """Show a version: its hash, and everything that was done with it."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.template_desk import TemplateDesk

        row = TemplateDesk(opened.billing).row(template_id)
    template = row.template
    screen.document({"template": _record(row)})
    screen.say(
        styled(
            "template [bold]{}[/bold]: {}, version {}, {}; files {}",
            template_id,
            " ".join(filter(None, (template.document_kind, template.template_name))),
            template.version_number,
            row.state.value,
            template.content_sha256[:12],
        )
    )
    rows = [["add", template.added_by, instant(template.added_at), "", template.note]]
    rows += [_event(event) for event in template.events]
    screen.table(["act", "by", "at (UTC)", "result", "note"], rows, wrap=["note", "result"])


COMMANDS = (
    ("own", own, "billing templates own"),
    (
        "add",
        add,
        (
            'billing templates add our-templates --kind invoice --note "new logo" --by ana\n\n'
            'billing templates add letters.zip --name winter --note "for the schedule of December" --by ana'
        ),
    ),
    ("test", try_out, "billing templates test 1 --invoices 3"),
    ("show", show, "billing templates show 1"),
    ("approve", approve, 'billing templates approve 1 --note "looked at all languages" --by luis'),
    (
        "activate",
        activate,
        (
            'billing templates activate 1 --from 2027-01-01 --note "new year" --by luis\n\n'
            "billing templates activate 2 --from 2027-01-01 --product car,van --place ES --language es "
            '--note "cars in Spain" --by luis'
        ),
    ),
    ("retire", retire, 'billing templates retire 1 --note "old address" --by luis'),
)
"""Name, function and example of each command, for the group that they belong to."""


def _event(event: "TemplateEvent") -> list[str]:
    result = "; ".join(
        filter(None, (f"from {event.from_date}" if event.from_date else "", event.scope.words()))
    )
    if event.is_passed is not None:
        findings = event.result.get("findings", [])
        codes = sorted({str(each["code"]) for each in findings}) if isinstance(findings, list) else []
        result = "passed" if event.is_passed else f"failed: {', '.join(codes)}"
    return [event.act.value, event.acted_by, instant(event.acted_at), result, event.note]


def _said(screen: Screen, template: "CompanyTemplate", words: str) -> None:
    screen.document({"template": template})
    screen.say(words)


def _record(row: "TemplateRow") -> dict[str, object]:
    return {"template": row.template, "state": row.state.value, "prints": row.prints}


def _cells(row: "TemplateRow") -> list[str]:
    template = row.template
    return [
        str(template.template_id),
        template.document_kind,
        template.template_name,
        str(template.version_number),
        row.state.value,
        "yes" if row.prints else "",
        template.scope.words(),
        template.content_sha256[:12],
        template.note,
        template.added_by,
        instant(template.added_at),
    ]
