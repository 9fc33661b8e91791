"""``billing``: the program's command line, put together.

Belongs here: the list of commands and their order. Does not belong here: any command.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from billing_assets.cli import (
    api,
    api_keys,
    approvals,
    audit,
    audit_log,
    bounces,
    calendar,
    certificates,
    company,
    database,
    deliver,
    deliveries,
    delivery_proofs,
    demo,
    endpoints,
    events,
    explain,
    holds,
    imports,
    inbox,
    invoices,
    ledger,
    letters,
    mailbox,
    months,
    notifications,
    notify,
    office,
    payments,
    problems,
    quote,
    rates,
    replay,
    requests,
    retry,
    rules,
    run,
    runs,
    schedule_pauses,
    schedules,
    statuses,
    subscriptions,
    suspense,
    templates,
    ui,
    users,
)
from billing_assets.cli.failures import GuardedGroup

app = typer.Typer(
    name="billing",
    cls=GuardedGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Billing for insurers: a policy book in; invoices and deliveries out, exactly once, to the cent.\n\n"
        "Every command takes --json for programs. What is interrupted goes on with the same command."
    ),
    epilog=(
        "[bold]A first day[/bold]\n\n"
        "  billing company set company.yaml\n\n"
        "  billing import policies book.csv --mapping book.yaml\n\n"
        "  billing run 2025-01-31 --dry-run\n\n"
        "  billing run 2025-01-31\n\n"
        "Or see it all with an invented book: billing demo"
    ),
)

app.add_typer(company.app, name="company", rich_help_panel="Set up")
app.add_typer(calendar.app, name="calendar", rich_help_panel="Set up")
app.add_typer(imports.app, name="import", rich_help_panel="Set up")
app.add_typer(rates.app, name="rates", rich_help_panel="Set up")
app.add_typer(database.app, name="db", rich_help_panel="Set up")
for _name, _command, _epilog in (
    ("pause", schedule_pauses.pause, schedule_pauses.PAUSE_EPILOG),
    ("pauses", schedule_pauses.pauses, "billing schedules pauses --all"),
    ("missed", schedule_pauses.missed, "billing schedules missed 3"),
    ("resume", schedule_pauses.resume, schedule_pauses.RESUME_EPILOG),
):
    schedules.app.command(_name, epilog=_epilog)(_command)
app.add_typer(schedules.app, name="schedules", rich_help_panel="Bill")
app.add_typer(holds.app, name="holds", rich_help_panel="Bill")
app.add_typer(users.app, name="users", rich_help_panel="Set up")
app.add_typer(api_keys.app, name="api-keys", rich_help_panel="Set up")
app.command("run", epilog=run.EPILOG, rich_help_panel="Bill")(run.bill)
app.add_typer(inbox.app, name="inbox", rich_help_panel="Bill")
app.command("retry", epilog=retry.EPILOG, rich_help_panel="Bill")(retry.retry)
app.add_typer(events.app, name="events", rich_help_panel="Bill")
app.command("deliver", epilog=deliver.EPILOG, rich_help_panel="Bill")(deliver.send)
app.add_typer(statuses.app, name="statuses", rich_help_panel="Bill")
app.command("notify", epilog=notify.EPILOG, rich_help_panel="Bill")(notify.notify)
app.add_typer(payments.app, name="payments", rich_help_panel="Collect")
app.add_typer(suspense.app, name="suspense", rich_help_panel="Collect")
app.add_typer(requests.app, name="requests", rich_help_panel="Collect")
app.command("audit", epilog=audit.EPILOG, rich_help_panel="Bill")(audit.check)
app.command("audit-log", epilog=audit_log.EPILOG, rich_help_panel="Bill")(audit_log.listed)
app.command("replay", epilog=replay.EPILOG, rich_help_panel="Bill")(replay.replay)
deliveries.app.command("post", epilog=letters.EPILOG)(letters.post)
deliveries.app.command("proof", epilog=delivery_proofs.EPILOG)(delivery_proofs.show_proof)
deliveries.app.command("bounces", epilog=bounces.EPILOG)(bounces.read)
runs.app.command("approve", epilog=approvals.APPROVE_EPILOG)(approvals.approve)
runs.app.command("certificate", epilog=certificates.CERTIFICATE_EPILOG)(certificates.certificate)
runs.app.command("verify", epilog=certificates.VERIFY_EPILOG)(certificates.verify)
runs.app.command("reject", epilog=approvals.REJECT_EPILOG)(approvals.reject)
app.add_typer(runs.app, name="runs", rich_help_panel="Look")
app.add_typer(invoices.app, name="invoices", rich_help_panel="Look")
app.add_typer(ledger.app, name="ledger", rich_help_panel="Look")
app.command("explain", epilog=explain.EPILOG, rich_help_panel="Look")(explain.explain)
app.add_typer(quote.app, name="quote", rich_help_panel="Look")
app.add_typer(deliveries.app, name="deliveries", rich_help_panel="Look")
app.add_typer(endpoints.app, name="endpoints", rich_help_panel="Set up")
app.add_typer(subscriptions.app, name="subscriptions", rich_help_panel="Set up")
app.add_typer(notifications.app, name="notifications", rich_help_panel="Look")
app.add_typer(problems.app, name="problems", rich_help_panel="Look")
app.add_typer(rules.app, name="rules", rich_help_panel="Look")
app.add_typer(templates.app, name="templates", rich_help_panel="Look")
app.command("office", epilog=office.EPILOG, rich_help_panel="Look")(office.serve)
app.command("api", epilog=api.EPILOG, rich_help_panel="Look")(api.serve)
app.add_typer(months.app, name="months", rich_help_panel="Keep")
app.command("ui", epilog=ui.EPILOG, rich_help_panel="Try")(ui.serve)
app.command("demo", epilog=demo.EPILOG, rich_help_panel="Try")(demo.show)
app.command("mailbox", epilog=mailbox.EPILOG, rich_help_panel="Try")(mailbox.receive)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"billing {version('billing-assets')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    """Read the options that stand before any command."""
