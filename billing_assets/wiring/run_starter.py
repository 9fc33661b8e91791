"""Runs that another system or the office asks for: begun here, billed in the background.

Belongs here: one at a time for each company, and what keeps one from being begun. Does not belong here: the
order of a run (``build``), HTTP (``portal``).

A run that is cut off with this process is lost no more than any other: the same date asked for again, or
'billing run', goes on where it stopped.
"""

import logging
import threading
from collections import deque

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import RunOrder, RunState
from billing_assets.store.inbox import has_run_under_way
from billing_assets.wiring.build import Billing
from billing_assets.wiring.crash_log import write_crash_log

_LOG = logging.getLogger(__name__)


class RunStarter:
    """Begins runs in threads of this process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turn = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def start(self, billing: Billing, order: RunOrder, *, is_quiet: bool) -> None:
        """Bill a date in the background, from book to mailbox; a quiet run sends nothing.

        Raises:
            BillingError: ``run_under_way`` where a run or an import of the company is on.
        """
        with self._turn:
            self.require_free(billing, order)
            thread = threading.Thread(
                target=_bill,
                args=(billing, order, is_quiet),
                name=f"run of {order.billing_date}",
                daemon=True,
            )
            self._threads[order.company_code] = thread
            thread.start()

    def wait(self) -> None:
        """Wait until every run that was begun here has ended."""
        for thread in list(self._threads.values()):
            thread.join()

    def require_free(self, billing: Billing, order: RunOrder) -> None:
        """Raise ``run_under_way`` where something is on.

        An interrupted run of the very date is what is to be gone on with.
        """
        former = self._threads.get(order.company_code)
        is_on = former is not None and former.is_alive()
        if not is_on:
            company_id = billing.runs.issuer(order.company_code).company_id
            with billing.database.transaction() as connection:
                is_on = has_run_under_way(connection, company_id)
            own = billing.runs.open_run(company_id, order.billing_date) if is_on else None
            is_on = is_on and not (own is not None and own.state is RunState.RUNNING)
        if is_on:
            raise BillingError(
                "run_under_way",
                "a run or an import of this company is under way, or was interrupted",
                "wait until it has ended ('billing runs'); an interrupted one goes on with 'billing run'",
            )


def _bill(billing: Billing, order: RunOrder, is_quiet: bool) -> None:
    """Bill a date; what is refused is seen at the run, and its code is logged."""
    try:
        deque(billing.run(order, is_quiet=is_quiet), maxlen=0)
    except BillingError as error:
        _LOG.warning("the run of %s ended with %s", order.billing_date, error.code)
    except Exception as error:  # noqa: BLE001 - nobody is there to tell
        path = write_crash_log(billing.settings.home, error)
        _LOG.error("the run of %s met a mistake of the program: %s", order.billing_date, path)
