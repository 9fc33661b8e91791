"""Attempts: what messages, notifications and retries of invoices share of trying again.

Belongs here: which attempt is the last one, and whose it is after that. Does not belong here: how many there
are and how long to wait between them (``deliveries``, ``notifications``, ``retries``).
"""

FIRST_OWNER = "billing operations"
"""Who owns what is not tried again by itself, or may have been taken, until somebody takes it."""


def is_last_attempt(failed_count: int, max_attempts: int) -> bool:
    """Return whether an attempt after ``failed_count`` failed ones is the last that there is.

    >>> is_last_attempt(10, 12), is_last_attempt(11, 12), is_last_attempt(0, 1)
    (False, True, True)
    """
    return failed_count + 1 >= max_attempts
