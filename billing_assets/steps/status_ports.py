"""What telling statuses needs from the world.

Belongs here: what waits to be told and the record of what was told, as a protocol.
Does not belong here: any implementation (``store``).
"""

from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

import polars as pl


class StatusWork(Protocol):
    """One transaction that tells: nobody else tells of the company until it ends."""

    def facts(self) -> pl.DataFrame:
        """Return the next facts that are not told yet, ``frames.statuses.FACT_SCHEMA``; empty: none wait.

        They are those of some of the sources that wait, in order; these sources are used up with this
        transaction, also where all their facts were told before.
        """
        ...

    def has_more(self) -> bool:
        """Tell whether sources wait beside those that ``facts`` has taken."""
        ...

    def overdue(self, today: date) -> pl.DataFrame:
        """Return accounts with something open that fell due before ``today`` and were not told so."""
        ...

    def tell(self, events: pl.DataFrame, accounts: pl.DataFrame) -> None:
        """Number the events and keep them, with where their invoices stand after them."""
        ...

    def tell_past_due(self, events: pl.DataFrame) -> None:
        """Number events of invoices that are past due and keep them."""
        ...


class StatusStore(Protocol):
    """The store's side of telling statuses."""

    def has_news(self, today: date) -> bool:
        """Tell whether there is anything to tell; cheap, and without a lock."""
        ...

    def telling(self) -> AbstractContextManager[StatusWork]:
        """Yield the work of one transaction, when nobody else tells of this company."""
        ...
