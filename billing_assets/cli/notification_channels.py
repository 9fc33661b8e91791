"""``billing notifications channels``: the ways by which people are told.

Belongs here: adding, listing, trying and removing channels. Does not belong here: sending (``channels``).

A target is a secret: it is read from an environment variable or a file where it should not stand on a
command line, and never shown whole.
"""

from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import By, Json, name_of, open_desk, text_of
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.notify import reason_words
from billing_assets.cli.output import Screen, instant, state_cell, styled
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import ChannelKind

app = typer.Typer(
    no_args_is_help=True, help="The ways by which people are told: e-mail, and what Apprise knows."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the channel.")]

_Url = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        envvar="BILLING_CHANNEL_URL",
        show_envvar=False,
        help="Apprise URL, such as slack://..., pagerduty://... or jsons://...; BILLING_CHANNEL_URL keeps it "
        "off the command line.",
    ),
]
_UrlFile = Annotated[
    Path | None, typer.Option("--url-file", metavar="FILE", help="File that holds the Apprise URL.")
]

_MEANINGS = {
    DeliveryState.SENT: "the other side took the test message",
    DeliveryState.QUEUED: "the test message was refused for now; nothing was taken",
    DeliveryState.FAILED: "the test message was refused",
    DeliveryState.UNKNOWN: "no answer: the test message may or may not have arrived",
}


@app.command(
    "add",
    epilog="billing notifications channels add ops --to ops@example.com --language es\n\n"
    "billing notifications channels add chat --url-file slack.txt",
)
def add(
    name: Name,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="E-mail address, reached by our own mail server.")
    ] = "",
    url: _Url = "",
    url_file: _UrlFile = None,
    language: Annotated[
        str, typer.Option("--language", metavar="LANGUAGE", help="en or es: in which it is told.")
    ] = "en",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add a channel, or give one another target."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    given = [each for each in (to, url, str(url_file or "")) if each]
    if len(given) != 1:
        raise typer.BadParameter("give one of them", param_hint="--to, --url or --url-file")
    screen = Screen(as_json)
    kind = ChannelKind.EMAIL if to else ChannelKind.APPRISE
    target = text_of(url_file, _unreadable(url_file)) if url_file else to or url
    recorded_by = name_of(by)
    with open_desk(screen) as desk:
        told = NotificationDesk(desk.billing)
        told.add_channel(name, kind, target, language, recorded_by)
        is_sealed = told.sealer.has_key
    screen.document(
        {"channel_name": name, "channel_kind": kind.value, "language": language, "is_sealed": is_sealed}
    )
    screen.say(styled("channel [bold]{}[/bold]: kept", name))
    if not is_sealed:
        screen.hint(
            "its target stands in the store as it is: protect the database's files, or set "
            "BILLING_NOTIFICATION_KEY and add it again"
        )
    screen.hint(f"try it: billing notifications channels test {name}")


def _unreadable(path: Path) -> BillingError:
    return BillingError(
        "channel_invalid", f"{path} cannot be read", "name a text file that holds the Apprise URL alone"
    )


@app.command("list", epilog="billing notifications channels list")
def listed(as_json: Json = False) -> None:
    """List the channels; of a target only what may be shown."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = NotificationDesk(desk.billing).channels()
    screen.document({"channels": found})
    if not found:
        screen.say("There is no channel yet.")
        screen.hint("add one: billing notifications channels add ops --to ops@example.com")
        return
    screen.table(
        ["name", "kind", "target", "language", "in the store", "by", "since (UTC)"],
        [
            [
                row.channel_name,
                row.channel_kind,
                row.shown_target,
                row.language,
                "sealed" if row.is_sealed else "readable",
                row.changed_by,
                instant(row.changed_at),
            ]
            for row in found
        ],
    )


@app.command("test", epilog="billing notifications channels test ops")
def send_test(name: Name, as_json: Json = False) -> None:
    """Send a test message to a channel, and say what happened."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.waiting("sending"):
        result = NotificationDesk(desk.billing).try_channel(name)
    screen.document(
        {
            "channel_name": name,
            "state": result.state.value,
            "reason_code": result.reason_code,
            "reply_code": result.reply_code,
            "reply_text": result.reply_text,
        }
    )
    screen.say(styled("{}: {}", state_cell(result.state.value), _MEANINGS[result.state]))
    if result.state is not DeliveryState.SENT:
        screen.say(f"{reason_words(result.reason_code, result.reply_code)} {result.reply_text}".strip())
        raise typer.Exit(ExitCode.ATTENTION)


@app.command("remove", epilog="billing notifications channels remove chat")
def remove(name: Name, by: By = "", as_json: Json = False) -> None:
    """Remove a channel and its target; rules that use it have to go first."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    changed_by = name_of(by)
    with open_desk(screen) as desk:
        NotificationDesk(desk.billing).remove_channel(name, changed_by)
    screen.document({"channel_name": name, "is_removed": True})
    screen.say(styled("channel [bold]{}[/bold]: removed, with its target", name))
