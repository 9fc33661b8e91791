"""``billing notifications rules``: who hears what, and when.

Belongs here: adding, listing and removing rules. Does not belong here: what a rule hears
(``domain.notification_rules``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, name_of, open_desk
from billing_assets.cli.output import Screen, amount, styled
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES, parse_minor
from billing_assets.domain.notification_rules import Digest, Rule, rule_record
from billing_assets.domain.notifications import EventKind, Severity

if TYPE_CHECKING:
    from billing_assets.store.notification_rules import RuleRow

app = typer.Typer(no_args_is_help=True, help="Who hears what, and when.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the rule.")]
_KINDS = ", ".join(kind.value for kind in EventKind)
_SEVERITIES = ", ".join(severity.value for severity in Severity)

_Channel = Annotated[str, typer.Option("--channel", metavar="NAME", help="The channel that is told.")]
_Company = Annotated[
    str, typer.Option("--company", metavar="CODE", help="Only of this company; of each if left out.")
]
_Kinds = Annotated[
    list[EventKind] | None,
    typer.Option("--event", metavar="KIND", help=f"Only this kind; may be repeated. Kinds: {_KINDS}."),
]
_Severity = Annotated[
    Severity, typer.Option("--severity", metavar="SEVERITY", help=f"At least as grave: {_SEVERITIES}.")
]
_MinimumCount = Annotated[
    int,
    typer.Option(
        "--minimum-count", min=0, metavar="N", help="Only what is about so many, where there is a count."
    ),
]
_MinimumAmount = Annotated[
    str,
    typer.Option(
        "--minimum-amount",
        metavar="AMOUNT",
        help="Only what comes to so much, as '1000.00 EUR', where there is an amount in that currency.",
    ),
]
_Digest = Annotated[Digest, typer.Option("--digest", metavar="HOW", help="at-once, hourly or daily.")]
_At = Annotated[str, typer.Option("--at", metavar="HH:MM", help="Time of a daily digest.")]
_Quiet = Annotated[
    str,
    typer.Option(
        "--quiet", metavar="HH:MM-HH:MM", help="Quiet hours: what is found then is held until they end."
    ),
]
_QuietBut = Annotated[
    Severity,
    typer.Option(
        "--quiet-but", metavar="SEVERITY", help="As grave as this or graver is told in quiet hours too."
    ),
]
_Zone = Annotated[str, typer.Option("--zone", metavar="ZONE", help="Time zone of these times.")]


@app.command(
    "add",
    epilog="billing notifications rules add ops --channel ops\n\n"
    "billing notifications rules add morning --channel ops --severity info --digest daily --at 08:00 "
    "--zone Europe/Madrid\n\n"
    "billing notifications rules add night --channel chat --quiet 22:00-07:00 --zone Europe/Madrid",
)
def add(
    name: Name,
    *,
    channel: _Channel,
    company: _Company = "",
    kinds: _Kinds = None,
    severity: _Severity = Severity.WARNING,
    minimum_count: _MinimumCount = 0,
    minimum_amount: _MinimumAmount = "",
    digest: _Digest = Digest.AT_ONCE,
    at: _At = "08:00",
    quiet: _Quiet = "",
    quiet_severity: _QuietBut = Severity.CRITICAL,
    zone: _Zone = "UTC",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add a rule, or change one: the name's next version. A rule hears what happens from its making on."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    amount_minor, currency = _amount(minimum_amount)
    quiet_from, _, quiet_to = quiet.partition("-")
    rule = Rule(
        rule_name=name,
        channel_name=channel,
        company_code=company,
        event_kinds=tuple(kinds or ()),
        minimum_severity=severity,
        minimum_count=minimum_count,
        minimum_amount_minor=amount_minor,
        minimum_amount_currency=currency,
        digest=digest,
        digest_time=at,
        time_zone=zone,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        quiet_severity=quiet_severity,
    )
    screen = Screen(as_json)
    recorded_by = name_of(by)
    with open_desk(screen) as desk:
        version = NotificationDesk(desk.billing).add_rule(rule, recorded_by)
    screen.document({"rule_name": name, "version_number": version, **rule_record(rule)})
    screen.say(styled("rule [bold]{}[/bold]: version {}", name, version))


def _amount(given: str) -> tuple[int, str]:
    if not given:
        return 0, ""
    number, _, currency = given.strip().rpartition(" ")
    if currency not in CURRENCIES:
        raise typer.BadParameter("write it as '1000.00 EUR'", param_hint="--minimum-amount")
    try:
        return parse_minor(number, currency), currency
    except (BillingError, ValueError):
        raise typer.BadParameter("write it as '1000.00 EUR'", param_hint="--minimum-amount") from None


@app.command("list", epilog="billing notifications rules list")
def listed(as_json: Json = False) -> None:
    """List the rules as they are now."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = NotificationDesk(desk.billing).rules()
    screen.document({"rules": [_record(row) for row in found]})
    if not found:
        screen.say("There is no rule yet: nobody is told anything.")
        screen.hint("add one: billing notifications rules add ops --channel ops")
        return
    screen.table(
        ["name", ">version", "channel", "hears", "when", "by"],
        [
            [
                row.rule.rule_name,
                row.version_number,
                row.rule.channel_name,
                _what(row.rule),
                _when(row.rule),
                row.recorded_by,
            ]
            for row in found
        ],
        wrap=["hears", "when"],
    )


@app.command("remove", epilog="billing notifications rules remove night")
def remove(name: Name, by: By = "", as_json: Json = False) -> None:
    """Remove a rule: it hears nothing more; what it was stays with its versions."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    recorded_by = name_of(by)
    with open_desk(screen) as desk:
        NotificationDesk(desk.billing).remove_rule(name, recorded_by)
    screen.document({"rule_name": name, "is_removed": True})
    screen.say(styled("rule [bold]{}[/bold]: removed", name))


def _record(row: "RuleRow") -> dict[str, object]:
    rule = row.rule
    return {
        "rule_name": rule.rule_name,
        "channel_name": rule.channel_name,
        "version_number": row.version_number,
        **rule_record(rule),
        "recorded_by": row.recorded_by,
        "recorded_at": row.recorded_at,
    }


def _what(rule: Rule) -> str:
    kinds = ", ".join(kind.value.replace("_", " ") for kind in rule.event_kinds) or "everything"
    parts = [kinds, f"from {rule.minimum_severity.value} on"]
    if rule.company_code:
        parts.append(f"of {rule.company_code}")
    if rule.minimum_count:
        parts.append(f"from {rule.minimum_count:,} on")
    if rule.minimum_amount_minor:
        parts.append(f"from {amount(rule.minimum_amount_minor, rule.minimum_amount_currency)} on")
    return ", ".join(parts)


def _when(rule: Rule) -> str:
    told = rule.digest.value.replace("-", " ")
    if rule.digest is Digest.DAILY:
        told += f" at {rule.digest_time}"
    if rule.quiet_from:
        told += f", quiet {rule.quiet_from} to {rule.quiet_to} but for {rule.quiet_severity.value}"
    return f"{told} ({rule.time_zone})"
