"""What is wrong with a value that somebody typed, in the program's own words and with the value itself.

Belongs here: words for the faults that pydantic finds in options and settings. Does not belong here: finding
them (``settings``, the command line), what to do about them.
"""

from collections.abc import Mapping
from typing import Any

_LONGEST_VALUE = 40
_OWN_WORDS = "Value error, "
_NO_NUMBER = "not a whole number"
_NO_DATE = "not a date; write it as 2025-01-31"
_NO_CHOICE = "not one of {expected}"
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("int_parsing", "int_parsing_size", "int_type", "int_from_float"), _NO_NUMBER),
    **dict.fromkeys(("date_parsing", "date_from_datetime_parsing", "date_type"), _NO_DATE),
    **dict.fromkeys(("enum", "literal_error"), _NO_CHOICE),
    "greater_than_equal": "less than {ge}",
    "less_than_equal": "more than {le}",
}


def fault_words(fault: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, of a fault as pydantic lists it.

    >>> fault_words({"type": "int_parsing", "input": "abc", "msg": "Input should be a valid integer"})
    "'abc' is not a whole number"
    >>> fault_words({"type": "greater_than_equal", "input": "25", "msg": "", "ctx": {"ge": 1950}})
    "'25' is less than 1950"
    """
    kind, message, limits = str(fault["type"]), str(fault["msg"]), fault.get("ctx", {})
    value = f"'{str(fault['input'])[:_LONGEST_VALUE]}'"
    if kind in _WORDS:
        return f"{value} is {_WORDS[kind].format(**limits)}"
    if message.startswith(_OWN_WORDS):
        return message.removeprefix(_OWN_WORDS)
    return f"{value}: {message[:1].lower()}{message[1:]}"
