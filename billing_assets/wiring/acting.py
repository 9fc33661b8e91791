"""The program, working for somebody: what they do with it is recorded as theirs.

Belongs here: the same program for another person. Does not belong here: who that is (``access_desk``).
"""

from copy import copy

from billing_assets.domain.access import Actor
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.build import Billing, utc_now


def acting_as(billing: Billing, actor: Actor) -> Billing:
    """Return the same program, with the same connections, press and workers, for ``actor``."""
    twin = copy(billing)
    twin.database = billing.database.acting_as(actor)
    twin.runs = SqlRunStore(twin.database, utc_now)
    twin.documents = SqlDocumentStore(twin.database, utc_now)
    return twin
