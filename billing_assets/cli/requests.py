"""``billing requests``: documents that payers ask for.

Belongs here: the commands. Does not belong here: what answers a request (``steps.answer_requests``), what a
letter says (``domain.account_statements``).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    Before,
    By,
    Json,
    Limit,
    Note,
    hint_next_page,
    iso_date,
    name_of,
    of_state,
    open_desk,
)
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, instant
from billing_assets.domain.document_requests import (
    REASONS,
    DocumentWish,
    NewRequest,
    RequestChannel,
    RequestSource,
    RequestState,
    WantedDocument,
)
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.numbering import document_file_name

if TYPE_CHECKING:
    from billing_assets.store.request_listings import RequestRow

app = typer.Typer(
    no_args_is_help=True, help="Documents that payers ask for, and the letters that answer them."
)

_Id = Annotated[int, typer.Argument(metavar="ID", help="Number of the request.")]
_Kind = Annotated[DocumentWish, typer.Argument(metavar="KIND", help=f"One of {', '.join(DocumentWish)}.")]
_OtherKind = Annotated[DocumentWish | None, typer.Option("--kind", help="What it is for, where it waits.")]
_Document = Annotated[
    list[str] | None, typer.Option("--document", metavar="NUMBER", help="An invoice; again for more.")
]
_Payment = Annotated[int | None, typer.Option("--payment", metavar="ID", help="Of a receipt: its payment.")]
_From = Annotated[
    date | None, typer.Option("--from", parser=iso_date, metavar="DATE", help="First day of a statement.")
]
_Until = Annotated[
    date | None, typer.Option("--until", parser=iso_date, metavar="DATE", help="Last day of a statement.")
]
_Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="Of a statement, as EUR.")]


@app.command("add", epilog="billing requests add statement --payer K1 --from 2024-01-01 --until 2024-12-31")
def add(
    kind: _Kind,
    *,
    payer: Annotated[str, typer.Option("--payer", metavar="KEY", help="Who asks, by key.")] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="NUMBER", help="Who asks, by policy.")] = "",
    document: _Document = None,
    payment: _Payment = None,
    from_date: _From = None,
    until_date: _Until = None,
    currency: _Currency = "",
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="As es; else the payer's.")] = "",
    channel: Annotated[
        RequestChannel, typer.Option("--channel", help="How they want it.")
    ] = RequestChannel.DOWNLOAD,
    key: Annotated[
        str, typer.Option("--key", metavar="TEXT", help="Your own key: the same one twice is one request.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Ask for a document of a payer. 'billing requests answer' makes it."""
    screen = Screen(as_json)
    wanted = _wanted(kind, document, payment, from_date, until_date, currency)
    with open_desk(screen) as opened:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk, new_key

        request = NewRequest(
            request_key=f"cli:{key}" if key else new_key("cli"),
            source_kind=RequestSource.CLI,
            wanted=wanted,
            asked_by=name_of(by),
            payer_key=payer,
            policy_number=policy,
            language=language,
            channel=channel,
        )
        number, is_new = DocumentRequestDesk(opened.billing).ask(request)
    screen.document({"document_request_id": number, "is_new": is_new})
    screen.say(f"Request {number} is taken in." if is_new else f"That is request {number}, asked before.")
    screen.hint(f"to answer it: billing requests answer {number}")


@app.command("list", epilog="billing requests list --to-do")
def listed(
    state: Annotated[str, of_state(tuple(RequestState))] = "",
    payer: Annotated[str, typer.Option("--payer", metavar="KEY", help="Only of this payer.")] = "",
    to_do: Annotated[bool, typer.Option("--to-do", help="Only what a person has to do.")] = False,
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what was asked for, the newest first; what there is to do, the oldest first."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.store.request_listings import RequestFilter
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        asked = RequestFilter(state=state, payer_key=payer, to_do=to_do, before_id=before, limit=limit + 1)
        rows = DocumentRequestDesk(opened.billing).requests(asked)
    found, following = page_of(rows, limit, lambda row: row.document_request_id)
    screen.document({"requests": found, "before": following})
    if not found:
        screen.say("Nobody asks for anything.")
        return
    columns = [">request", "wanted", "payer", "asked (UTC)", "by", "state", "why or what"]
    screen.table(columns, [_row(row) for row in found], wrap=["why or what"])
    hint_next_page(screen, None if to_do else following)


@app.command("show", epilog="billing requests show 1")
def show(request_id: _Id, as_json: Json = False) -> None:
    """Show one request: who asks, what for, and what answered it."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        detail = DocumentRequestDesk(opened.billing).request(request_id)
    row = detail.request
    screen.document({"request": detail})
    screen.say(f"Request {request_id}: {_said(row)}, {row.state}")
    screen.say(f"payer {row.payer_key}, {detail.payer_name}; wanted by {row.channel}")
    if detail.message_text:
        screen.say(f"They wrote: {detail.message_text}")
    if row.reason_code:
        screen.say(f"{REASONS[row.reason_code]}. {detail.note}".strip())
    for place, number in enumerate(row.documents, 1):
        screen.say(f"{place}. {number}")
    if row.documents:
        screen.hint(f"to have them as files: billing requests save {request_id} --to FOLDER")
    elif row.state == RequestState.WAITING:
        screen.hint(f"to complete it: billing requests answer {request_id} --kind statement --note ...")


@app.command(
    "answer",
    epilog='billing requests answer\n\nbilling requests answer 1 --kind statement --note "they called"',
)
def answer(
    request_id: Annotated[int | None, typer.Argument(metavar="[ID]", help="Only this one.")] = None,
    *,
    kind: _OtherKind = None,
    document: _Document = None,
    payment: _Payment = None,
    from_date: _From = None,
    until_date: _Until = None,
    currency: _Currency = "",
    note: Note = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Make what is asked for; with --kind, say first what a request that waits is for.

    Each request is answered once, whoever else answers at the same time. What cannot be answered waits for a
    person.
    """
    is_said = bool(document or payment or from_date or until_date or currency or note)
    if (kind is None and is_said) or (kind is not None and request_id is None):
        raise typer.BadParameter("say which request, and by --kind what it is for")
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.progress("answering") as progress:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        desk = DocumentRequestDesk(opened.billing)
        if kind is not None and request_id is not None:
            wanted = _wanted(kind, document, payment, from_date, until_date, currency)
            desk.complete(request_id, wanted, note=note, by=name_of(by))
        facts = desk.answer(request_id, progress=progress).facts
    screen.document(dict(facts))
    answered, waiting = int(facts["answered_count"]), int(facts["waiting_count"])
    screen.say(f"{count_of(answered, 'request')} answered, {waiting:,} for a person")
    if waiting:
        screen.hint("which and why: billing requests list --to-do")
        raise typer.Exit(ExitCode.ATTENTION)


@app.command("refuse", epilog='billing requests refuse 1 --note "not their policy"')
def refuse(request_id: _Id, note: Note = "", by: By = "", as_json: Json = False) -> None:
    """Refuse a request for good."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        DocumentRequestDesk(opened.billing).refuse(request_id, note=note, by=name_of(by))
    screen.document({"document_request_id": request_id, "state": RequestState.REFUSED.value})
    screen.say(f"Request {request_id} is refused.")


@app.command("save", epilog="billing requests save 1 --to letters --handed-over")
def save(
    request_id: _Id,
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the PDFs go.")],
    handed_over: Annotated[
        bool, typer.Option("--handed-over", help="Keep that the payer gets them now, by whichever way.")
    ] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Write what answered a request as PDFs: the same bytes each time.

    A letter is printed again from its record, by the template that it froze, and must come to the bytes that
    are kept.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        desk = DocumentRequestDesk(opened.billing)
        numbers = desk.request(request_id).request.documents
        kept = [desk.document(request_id, place, is_proved=True) for place in range(1, len(numbers) + 1)]
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / document_file_name(each.document_number, "pdf") for each in kept]
        for path, each in zip(paths, kept, strict=True):
            path.write_bytes(each.pdf)
        if handed_over:
            desk.hand_over(request_id, by=name_of(by))
    screen.document({"files": [str(path) for path in paths], "is_handed_over": handed_over})
    for path in paths:
        screen.say(str(path))
    if not paths:
        screen.say(f"Request {request_id} has no answer yet.")


@app.command("mails", epilog="billing requests mails")
def mails(as_json: Json = False) -> None:
    """Read the mails in which payers ask for documents.

    The folder or Maildir is the one that BILLING_REQUEST_FOLDER names. Each mail is taken once and moved to
    its folder 'read', or to 'to-read' where it is for a person.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.progress("reading") as progress:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        facts = DocumentRequestDesk(opened.billing).read_mails(progress=progress).facts
    screen.document(dict(facts))
    screen.say(f"{count_of(int(facts['asked_count']), 'request')} by mail")
    if facts["person_count"]:
        screen.hint(f"{count_of(int(facts['person_count']), 'mail')} for a person, in the folder 'to-read'")


def _wanted(
    kind: DocumentWish,
    documents: list[str] | None,
    payment_id: int | None,
    from_date: date | None,
    until_date: date | None,
    currency: str,
) -> WantedDocument:
    return WantedDocument(
        document_kind=kind,
        document_numbers=tuple(documents or ()),
        payment_id=payment_id,
        currency=currency,
        from_date=from_date,
        until_date=until_date,
    )


def _said(row: "RequestRow") -> str:
    kind = row.wanted.document_kind
    return kind.value.replace("_", " ") if kind else "not clear"


def _row(row: "RequestRow") -> list[str]:
    said = REASONS[row.reason_code] if row.reason_code else ", ".join(row.documents)
    return [
        str(row.document_request_id),
        _said(row),
        row.payer_key,
        instant(row.asked_at),
        row.source_kind,
        row.state,
        said,
    ]
