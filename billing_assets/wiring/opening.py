"""Opening the program: over the embedded server, or a server of one's own, with a schema that fits.

Belongs here: whose server it is, when it starts and when its schema is brought up to date.
Does not belong here: what the program does then (``build``).
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from billing_assets.domain.access import PROGRAM, Actor
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.revisions import require_current
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE
from billing_assets.wiring.build import Billing
from billing_assets.wiring.settings import Settings


@contextmanager
def hold_store(settings: Settings) -> Iterator[None]:
    """Keep the embedded server up for the block, so that each opening inside it finds it running."""
    if settings.database_url:
        yield
        return
    with EmbeddedServer(settings.home).use():
        yield


@contextmanager
def open_billing(settings: Settings, actor: Actor = PROGRAM) -> Iterator[Billing]:
    """Yield the program over the store of the settings: schema checked, embedded server started if needed.

    The embedded server is brought up to date by itself; a server of your own is only migrated by
    'billing db upgrade'. What is done with it is recorded as done by ``actor``.
    """
    with ExitStack() as stack:
        database = stack.enter_context(_open_store(settings))
        yield Billing(settings, database.acting_as(actor), stack)


@contextmanager
def _open_store(settings: Settings) -> Iterator[Database]:
    if settings.database_url:
        with closing(Database(settings.database_url)) as database:
            _require_current(database)
            yield database
        return
    with (
        EmbeddedServer(settings.home).use() as address,
        closing(Database(address.url(APP_ROLE), address.connect_args)) as database,
    ):
        try:
            _require_current(database)
        except BillingError as error:
            if error.code != "schema_outdated":
                raise
            # Needed once in a long while, and Alembic takes long to load.
            from billing_assets.store.schema import upgrade

            upgrade(address.url(OWNER_ROLE), address.connect_args)
        yield database


def _require_current(database: Database) -> None:
    with database.transaction() as connection:
        require_current(connection)
