"""The program, working for somebody: what they do with it is recorded as theirs.

Belongs here: the same program for another person, or for another company. Does not belong here: who that is
(``access_desk``, ``key_desk``).
"""

from copy import copy

from sqlalchemy import Connection

from billing_assets.domain.access import Actor
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.build import Billing, utc_now


def acting_as(billing: Billing, actor: Actor) -> Billing:
    """Return the same program, with the same connections, press and workers, for ``actor``."""
    return _over(billing, billing.database.acting_as(actor))


def acting_for(
    billing: Billing, actor: Actor, company_code: str, connection: Connection | None = None
) -> Billing:
    """Return the same program for ``actor`` and one company, whatever company the settings name.

    With ``connection`` all that it does is part of the transaction that is open there.
    """
    database = billing.database.acting_as(actor)
    twin = _over(billing, database if connection is None else database.joined(connection))
    twin.settings = billing.settings.model_copy(update={"company": company_code})
    return twin


def _over(billing: Billing, database: Database) -> Billing:
    twin = copy(billing)
    twin.database = database
    twin.runs = SqlRunStore(database, utc_now)
    twin.documents = SqlDocumentStore(database, utc_now, pull_days=billing.settings.pull_days)
    return twin
