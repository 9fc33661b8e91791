"""What the store refuses, told by the constraint that refused it.

Belongs here: reading the constraint out of the driver's error. Does not belong here: what is done about it.
"""

from sqlalchemy.exc import IntegrityError

_BILLED_ONCE = "invoice_line_billed_once"


def is_billed_once(error: IntegrityError) -> bool:
    """Tell whether a charge was refused because it is billed already.

    >>> is_billed_once(IntegrityError("insert", {}, Exception("refused")))
    False
    """
    return constraint_of(error) == _BILLED_ONCE


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint that refused a statement, empty where it has none.

    >>> constraint_of(IntegrityError("insert", {}, Exception("refused")))
    ''
    """
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
