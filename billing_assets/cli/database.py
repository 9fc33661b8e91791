"""``billing db``: the database server of this store.

Belongs here: starting, stopping and looking at the embedded server, the schema, URLs for other programs.
Does not belong here: how a server is run (``store.embedded``), what the schema is (``store.migrations``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen
from billing_assets.domain.errors import BillingError
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE

if TYPE_CHECKING:
    from billing_assets.store.embedded import EmbeddedServer
    from billing_assets.wiring.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Start, stop and look at the database server; bring its schema up to date."
)


@app.command("start", epilog="billing db start")
def start(as_json: Json = False) -> None:
    """Start the embedded server; it stays up until 'billing db stop'.

    No command needs that: each starts the server by itself and stops it again.
    """
    screen = Screen(as_json)
    server = _embedded(_settings())
    with screen.waiting("starting the server"):
        address = server.start()
    screen.document({"version": address.version, "socket_dir": address.socket_dir, "pid": address.pid})
    screen.say(f"PostgreSQL {address.version} is up (process {address.pid})")
    screen.hint('psql "$(billing db url)" opens it')


@app.command("stop", epilog="billing db stop\n\nbilling db stop --force")
def stop(
    is_forced: Annotated[
        bool,
        typer.Option(
            "--force", help="Stop it although programs use it: what they have not committed is undone."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop the embedded server; refused while another program uses it."""
    screen = Screen(as_json)
    server = _embedded(_settings())
    if server.status().is_in_use and not is_forced:
        raise BillingError(
            "store_in_use",
            "another program uses the server",
            "wait until it has ended, or stop the server anyway: billing db stop --force",
        )
    with screen.waiting("stopping the server"):
        is_stopped = server.stop()
    screen.document({"is_stopped": is_stopped})
    screen.say("the server is stopped" if is_stopped else "no server was running")


@app.command("status", epilog="billing db status")
def status(as_json: Json = False) -> None:
    """Show the server and the revision of the schema; ends with 1 where no server answers."""
    screen = Screen(as_json)
    settings = _settings()
    url, facts = _server_facts(settings)
    if url:
        facts["schema"], facts["newest_schema"] = _revisions(url)
    screen.document(facts)
    screen.facts([(name.replace("_", " "), value) for name, value in facts.items()])
    if not url:
        screen.hint("it starts with the next command that needs it; 'billing db start' keeps it up")
        raise typer.Exit(ExitCode.FOUND)
    if facts["schema"] != facts["newest_schema"]:
        screen.hint("bring it up to date: billing db upgrade")


@app.command(
    "upgrade",
    epilog="billing db upgrade\n\nBILLING_OWNER_DATABASE_URL=postgresql+psycopg://... billing db upgrade",
)
def upgrade(as_json: Json = False) -> None:
    """Bring the schema to the newest revision. The embedded server does that by itself.

    A server of your own is changed with the login of BILLING_OWNER_DATABASE_URL, or else of
    BILLING_DATABASE_URL.
    """
    screen = Screen(as_json)
    settings = _settings()
    with screen.waiting("bringing the schema up to date"):
        from billing_assets.store import schema

        owner_url = settings.owner_database_url or settings.database_url
        if owner_url:
            revision = schema.upgrade(owner_url)
        else:
            with _embedded(settings).use() as address:
                revision = schema.upgrade(address.url(OWNER_ROLE), address.connect_args)
    screen.document({"revision": revision})
    screen.say(f"the schema is at revision {revision}")


@app.command(
    "url",
    epilog='psql "$(billing db url)"\n\n'
    'pg_dump --enable-row-security "$(billing db url --owner)" > store.sql',
)
def url(
    is_owner: Annotated[
        bool, typer.Option("--owner", help="Log in as the owner of the tables, who may change them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the URL of the store for psql, pg_dump and other programs."""
    screen = Screen(as_json)
    settings = _settings()
    if settings.database_url:
        chosen = (settings.owner_database_url if is_owner else "") or settings.database_url
        found = _libpq(chosen)
    else:
        state = _embedded(settings).status()
        if state.address is None:
            raise BillingError(
                "server_not_running", "the embedded server is not up", "start it: billing db start"
            )
        if state.is_on_demand:
            screen.warn("this server stops with the program that uses it; 'billing db start' keeps it up")
        found = state.address.libpq_url(OWNER_ROLE if is_owner else APP_ROLE)
    screen.document({"url": found})
    screen.say(found)


def _settings() -> "Settings":
    from billing_assets.wiring.settings import read_settings

    return read_settings()


def _embedded(settings: "Settings") -> "EmbeddedServer":
    if settings.database_url:
        raise BillingError(
            "server_not_embedded",
            "BILLING_DATABASE_URL names a server of your own",
            "start and stop it with its own tools, or unset the variable to use the embedded server",
        )
    from billing_assets.store.embedded import EmbeddedServer

    return EmbeddedServer(settings.home)


def _server_facts(settings: "Settings") -> tuple[str, dict[str, object]]:
    """Return the URL of a server that answers (empty if none does) and what there is to say of it."""
    if settings.database_url:
        from sqlalchemy import make_url

        shown = make_url(settings.database_url).render_as_string(hide_password=True)
        return settings.database_url, {"server": "your own", "url": shown}
    state = _embedded(settings).status()
    facts: dict[str, object] = {
        "server": "embedded",
        "is_running": state.address is not None,
        "is_in_use": state.is_in_use,
        "stops_with_its_last_user": state.is_on_demand,
        "data_dir": state.data_dir or "-",
        "log": state.log_path,
    }
    if state.address is None:
        return "", facts
    return state.address.url(APP_ROLE), {"version": state.address.version, **facts}


def _revisions(database_url: str) -> tuple[str, str]:
    from billing_assets.store.connection import Database
    from billing_assets.store.revisions import newest_revision, require_current

    newest = newest_revision()
    database = Database(database_url)
    try:
        with database.transaction() as connection:
            require_current(connection)
    except BillingError as error:
        if error.code != "schema_outdated":
            raise
        return "outdated", newest
    finally:
        database.close()
    return newest, newest


def _libpq(sqlalchemy_url: str) -> str:
    """Return a SQLAlchemy URL as libpq reads it.

    >>> _libpq("postgresql+psycopg://me:secret@db.example.com/billing")
    'postgresql://me:secret@db.example.com/billing'
    """
    from sqlalchemy import make_url

    return make_url(sqlalchemy_url).set(drivername="postgresql").render_as_string(hide_password=False)
