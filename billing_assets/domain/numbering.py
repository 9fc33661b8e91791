"""Document numbers as people read them.

Belongs here: the form of a number; the store's function ``document_number`` says the same.
Does not belong here: drawing numbers, which is a locked counter row
in the issuing transaction (``store.invoices``), so that a series has no gap.
"""

import re

from billing_assets.domain.errors import BillingError

NUMBER_DIGITS = 8
"""A number is padded with zeros to this width; a longer one stays as long as it is."""

_LONGEST_LINE = 9

_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_FORM = re.compile(rf"(?P<prefix>.*[^0-9])(?P<number>[0-9]{{{NUMBER_DIGITS},}})")


def document_number(prefix: str, number: int) -> str:
    """Return the number printed on a document.

    >>> document_number("INV-", 42)
    'INV-00000042'
    """
    return f"{prefix}{number:0{NUMBER_DIGITS}d}"


def split_document_number(text: str) -> tuple[str, int]:
    """Return (prefix, number) of a printed number.

    Raises:
        BillingError: ``number_malformed`` where the text cannot be a document number.

    >>> split_document_number("INV-00000042")
    ('INV-', 42)
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise BillingError(
            "number_malformed",
            f"'{text[:40]}' is not a document number",
            "give it as printed, such as INV-00000042",
        )
    return match["prefix"], int(match["number"])


def split_line_number(text: str) -> tuple[str, int | None]:
    """Return (document number, line) of a number with or without ``:LINE``; None is the whole document.

    >>> split_line_number("INV-00000042:2"), split_line_number("INV-00000042")
    (('INV-00000042', 2), ('INV-00000042', None))
    """
    number, colon, line = text.strip().rpartition(":")
    is_line = colon and line.isascii() and line.isdecimal() and _FORM.fullmatch(number)
    return (number, int(line[:_LONGEST_LINE])) if is_line else (text.strip(), None)


def document_file_name(number: str, ending: str) -> str:
    """Return the name of the file that holds a document: plain on every system, whatever the number holds.

    >>> document_file_name("INV-00000042", "pdf"), document_file_name("2025/00000042", "pdf")
    ('INV-00000042.pdf', '2025-00000042.pdf')
    """
    plain = _NOT_IN_FILE_NAMES.sub("-", number).lstrip(".-")
    return f"{plain or 'document'}.{ending}"
