"""The resource: how an asset reaches the program.

Belongs here: opening the facade, telling Dagster what a failure means. Does not belong here: any step.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

import dagster as dg

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.settings import read_settings

if TYPE_CHECKING:
    from billing_assets.wiring.build import Billing

OUTAGE_RETRIES = 3
OUTAGE_WAIT_SECONDS = 30
"""Before the first further attempt; each wait is twice the one before."""


class BillingResource:
    """The program over the store of the environment's ``BILLING_*`` variables.

    A context manager around one run: the program is opened by the first step that asks and serves the later
    ones too, which saves each of them a tenth to a fifth of a second. It takes no configuration, so that no
    address and no password stands in Dagster's pages.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._program: Billing | None = None
        self._failure_count = 0

    def __enter__(self) -> Self:
        """Return the resource; nothing is opened yet."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the program, if a step opened it."""
        self._close()

    @contextmanager
    def open(self) -> Iterator["Billing"]:
        """Yield the facade.

        An outage is tried again by Dagster, after longer and longer waits; anything else fails at once, with
        what to do about it. It is asked for here and not by a policy of each asset, which would begin again
        what a person has stopped, too. Values that a database error quotes are left out, because they may be
        somebody's name. After any failure the program is opened anew: it may have been its connection, or its
        server.
        """
        # Imported late: loading the definitions needs neither Polars nor a driver.
        from billing_assets.wiring.opening import open_billing

        with _told_to_dagster(OUTAGE_WAIT_SECONDS * 2**self._failure_count):
            try:
                if self._program is None:
                    self._program = self._stack.enter_context(open_billing(read_settings()))
                    self._program.require_time_zone()
                yield self._program
                self._failure_count = 0
            except Exception:
                self._failure_count = min(self._failure_count + 1, OUTAGE_RETRIES)
                self._close()
                raise

    def _close(self) -> None:
        self._program = None
        self._stack.close()


def _billing(_context: dg.InitResourceContext) -> Iterator[BillingResource]:
    from billing_assets.wiring.opening import hold_store

    with hold_store(read_settings()), BillingResource() as resource:
        yield resource


BILLING = dg.ResourceDefinition(
    _billing,
    description="The program; an embedded server stays up from the first step of a run to its last.",
)


@contextmanager
def _told_to_dagster(wait_seconds: float) -> Iterator[None]:
    from billing_assets.wiring.outages import is_outage, safe_summary

    try:
        yield
    except dg.Failure:
        raise
    except Exception as error:  # noqa: BLE001 - each becomes a failure that Dagster shows
        if is_outage(error):
            waiting = dg.RetryRequested(max_retries=OUTAGE_RETRIES, seconds_to_wait=wait_seconds)
            raise waiting from dg.Failure(safe_summary(error))
        code = error.code if isinstance(error, BillingError) else type(error).__name__
        failure = dg.Failure(safe_summary(error), metadata={"code": code}, allow_retries=False)
        raise failure.with_traceback(error.__traceback__) from None
