"""Bank accounts as documents name them: IBAN and BIC.

Belongs here: telling a number that can be right from one that cannot.
Does not belong here: how a number is printed (``documents``), mandates and collections.
"""

import re
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


def is_iban(text: str) -> bool:
    """Tell whether ``text`` is a compact IBAN (capitals, no spaces) with a right check number.

    15 to 34 characters, ISO 13616, mod 97. It says nothing about whether the account exists.

    >>> is_iban("DE89370400440532013000"), is_iban("DE89370400440532013001")
    (True, False)
    """
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def is_bic(text: str) -> bool:
    """Tell whether ``text`` has the form of a BIC (ISO 9362): eight or eleven capitals and digits.

    >>> is_bic("DEUTDEFF"), is_bic("DEUTDEFF500"), is_bic("Deutsche Bank")
    (True, True, False)
    """
    return _BIC.fullmatch(text) is not None
