"""Fields of text, as in a CSV file or on the command line: readers of common kinds, and what is wrong.

Belongs here: readers that several records share. Does not belong here: which fields a record has
(``plan_records``, ``activity_schedules``).

A reader returns the value of a text, or raises :class:`BadTextError`, whose message says what to write.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from billing_assets.domain.errors import BillingError
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS

LONGEST_SHOWN = 30
"""So much of a wrong text is shown."""

CODE_RULE = "write at most 40 of a-z, 0-9, _ and -, a letter first"
"""What a code is made of."""

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_WHOLE = re.compile(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field, in words."""

    field: str
    words: str


class BadTextError(ValueError):
    """A text that is no value of its field; the message says what it should be."""


def code(text: str) -> str:
    """Return a code of a row.

    >>> code("ten_pay")
    'ten_pay'
    """
    if not _CODE.fullmatch(text):
        raise BadTextError(CODE_RULE)
    return text


def require_own_code(text: str, fault_code: str, words: str, example: str) -> str:
    """Return the code of ``words``, or raise ``fault_code`` with what a code is made of and an example.

    >>> require_own_code("nightly", "schedule_code_invalid", "a schedule", "nightly")
    'nightly'
    """
    try:
        return code(text)
    except BadTextError as error:
        found = f"'{text[:LONGEST_SHOWN]}' is no code of {words}"
        raise BillingError(fault_code, found, f"{error}: {example}") from None


def frequency(text: str) -> str:
    """Return the code of a frequency, a shipped one or one with a pattern of its own.

    >>> frequency("quarterly"), frequency("own_rule")
    ('quarterly', 'own_rule')
    """
    known = (*FREQUENCIES, *OWN_UNITS)
    if text not in known:
        raise BadTextError(f"choose from {', '.join(known)}")
    return text


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number that a column can hold.

    >>> is_whole("007"), is_whole("-1"), is_whole("9" * 19)
    (True, False, False)
    """
    return _WHOLE.fullmatch(text) is not None


def number(low: int, high: int) -> Callable[[str], int]:
    """Return the reader of whole numbers from ``low`` to ``high``.

    >>> number(0, 60)("14")
    14
    """

    def read(text: str) -> int:
        if not is_whole(text) or not low <= int(text) <= high:
            raise BadTextError(f"write a whole number from {low} to {high}")
        return int(text)

    return read


def word(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Return the reader of the words of ``kind``.

    >>> from billing_assets.domain.business_days import Roll
    >>> word(Roll)("following")
    <Roll.FOLLOWING: 'following'>
    """

    def read(text: str) -> StrEnum:
        if text not in list(kind):
            raise BadTextError(f"choose from {', '.join(kind)}")
        return kind(text)

    return read
