"""``billing explain``: why an invoice is what it is, amount by amount, in words to be read aloud.

Belongs here: one argument, and the layout. Does not belong here: the formulas (``domain.explanations``), the
words (``documents.explanations``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.failures import UnfinishedError
from billing_assets.cli.output import Screen, styled
from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import split_line_number

if TYPE_CHECKING:
    from billing_assets.documents.explanations import ExplanationView, Told

EPILOG = (
    "billing explain INV-00000001\n\n"
    "billing explain INV-00000001:1\n\n"
    "billing explain INV-00000001 --language es"
)


def explain(
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER[:LINE]", help="Number of the invoice, as printed on it; of one line with :LINE."
        ),
    ],
    language: Annotated[
        str,
        typer.Option("--language", metavar="TAG", help="de, en, es or fr; the payer's language if left out."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Say why each amount and date of an invoice is what it is, in the customer's language.

    Term, plan, share, days, taxes, rounding, dates and number: each with its figures and its row. All of it
    is worked out again from these figures; where a result is not what the invoice says, the command names
    it and ends with the error explanation_differs.
    """
    screen = Screen(as_json)
    document_number, line_number = split_line_number(number)
    if line_number is None and ":" in document_number:
        line = document_number.rpartition(":")[2]
        raise typer.BadParameter(
            f"'{line[:20]}' is not the number of a line; write it as INV-00000001:1",
            param_hint="NUMBER[:LINE]",
        )
    with open_desk(screen) as desk:
        view = desk.explain(document_number, line_number, language, is_checked=False)
    from billing_assets.documents.explanations import record
    from billing_assets.domain.explained_documents import require_match

    try:
        require_match(view.explanation)
    except BillingError as error:
        raise UnfinishedError(record(view)) from error
    screen.document(record(view))
    _show(screen, view)


def _show(screen: Screen, view: "ExplanationView") -> None:
    screen.say(styled("[bold]{}[/bold]", view.title))
    screen.say(view.recipient)
    if view.sharing:
        screen.say(view.sharing)
    for section in view.sections:
        screen.heading(section.heading)
        for told in section.results:
            if not told.is_plain:
                _show_result(screen, told)
    screen.say()
    screen.say(styled("[green]{}[/green]", view.closing))


def _show_result(screen: Screen, told: "Told") -> None:
    screen.say()
    screen.indented(styled("{}  [bold]{}[/bold]", told.title, told.value))
    for text in (*told.reasons, told.figures, told.rounding):
        if text:
            screen.indented(text, 4)
    for text in told.sources:
        screen.indented(styled("[dim]{}[/dim]", text), 4)
