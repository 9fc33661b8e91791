"""Passwords: hashed by argon2id, compared in the same time whether there is an account or not.

Belongs here: hashing and comparing. Does not belong here: what a password has to be
(``domain.office_users``), where the hash is kept (``store.office_users``).
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash of a password, with its own salt and the parameters of today.

    >>> hash_password("a horse in the rain").startswith("$argon2id$")
    True
    """
    return _HASHER.hash(password)


def fits(hashed: str, password: str) -> bool:
    """Tell whether a password has that hash; where there is none, take as long and say no.

    >>> fits(hash_password("a horse in the rain"), "a horse in the rain"), fits("", "a horse in the rain")
    (True, False)
    """
    try:
        _HASHER.verify(hashed or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(hashed)


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash("no account has this password")
