"""Payment references that a bank can check: the creditor reference of ISO 11649, ``RF`` and two check digits.

Belongs here: making one from a document number, and telling a right one from a wrong one.
Does not belong here: how it is printed or drawn (``documents``), which payment it belongs to.
"""

import re
from typing import Final

_REFERENCE: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_MOST_SIGNS: Final = 21
_NOT_SIGNS: Final = re.compile(r"[^A-Z0-9]")


def creditor_reference(text: str) -> str:
    """Return the creditor reference that carries ``text``, a document or customer number.

    Letters become capitals, everything but letters and digits is left out, and of more than 21 signs the last
    21 stay, because numbers differ at their end. Empty where nothing is left.

    >>> creditor_reference("539007547034"), creditor_reference("ALO-2027-00000417"), creditor_reference("-")
    ('RF18539007547034', 'RF03ALO202700000417', '')
    """
    signs = _NOT_SIGNS.sub("", text.upper())[-_MOST_SIGNS:]
    if not signs:
        return ""
    return f"RF{98 - _remainder(f'{signs}RF00'):02d}{signs}"


def is_creditor_reference(text: str) -> bool:
    """Tell whether ``text`` is a compact creditor reference (capitals, no spaces) with a right check number.

    >>> is_creditor_reference("RF18539007547034"), is_creditor_reference("RF19539007547034")
    (True, False)
    """
    return _REFERENCE.fullmatch(text) is not None and _remainder(text[4:] + text[:4]) == 1


def _remainder(signs: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in signs)) % 97
