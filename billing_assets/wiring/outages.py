"""Which failures are the machine's: worth a second try, and safe to show.

Belongs here: telling an outage from a mistake, and naming a database error without the values in it.
Does not belong here: how often to try again (whoever calls decides).
"""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from billing_assets.domain.errors import BillingError

OUTAGE_CODES = frozenset(
    {
        "store_unreachable",
        "store_busy",
        "print_worker_ended",
        "worker_ended",
        "channel_down",
        "embedded_start_failed",
        "embedded_start_timeout",
        "embedded_lock_busy",
    }
)


def is_outage(error: BaseException) -> bool:
    """Tell whether trying again later may help: a server or connection is away, the work is not at fault.

    >>> is_outage(BillingError("store_unreachable", "no answer", "start it")), is_outage(ValueError("x"))
    (True, False)
    """
    if isinstance(error, BillingError):
        return error.code in OUTAGE_CODES
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    return isinstance(error, (ConnectionError, TimeoutError))


def safe_summary(error: BaseException) -> str:
    """Return what an error says, without the statement and the values that a database error quotes.

    >>> safe_summary(BillingError("x", "found", "do")), safe_summary(ValueError("no such frequency"))
    ('found (x): do', 'ValueError: no such frequency')
    """
    if isinstance(error, BillingError):
        return str(error)
    if not isinstance(error, DBAPIError):
        return f"{type(error).__name__}: {error}"
    diagnosis = getattr(error.orig, "diag", None)
    state = getattr(error.orig, "sqlstate", None) or "no SQLSTATE"
    places = (getattr(diagnosis, name, None) for name in ("table_name", "column_name", "constraint_name"))
    where = " ".join(place for place in places if place)
    return f"{type(error.orig).__name__} ({state}) {where}".rstrip()
