"""What a payer writes beside a payment, and which documents it names.

Belongs here: finding document numbers and creditor references in a text.
Does not belong here: whether there is such a document (``frames.allocation``), the reference itself
(``creditor_references``).

A document is known by its **key**: the letters and digits of its number, as capitals. A creditor reference
carries the last 21 signs of the number, which are the key of every number that is not longer.
"""

import re

from billing_assets.domain.creditor_references import is_creditor_reference

_MOST_KEY = 21
_NOT_SIGNS = re.compile(r"[^A-Z0-9]")
_RF = re.compile(r"\bRF ?[0-9]{2}(?: ?[A-Z0-9]){1,21}")
# A number has a prefix with a letter, and eight digits or more behind it.
_NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z][A-Z0-9/._-]{0,19}?[-/ ]?[0-9]{8,12}(?![0-9])")


def document_key(number: str) -> str:
    """Return the key of a document by its printed number.

    >>> document_key("INV-00000001")
    'INV00000001'
    """
    return _NOT_SIGNS.sub("", number.upper())[-_MOST_KEY:]


def keys_in(text: str) -> tuple[str, ...]:
    """Return the keys that a text names, sorted: by document numbers, and by right creditor references.

    >>> keys_in("Invoice INV-00000001, inv-00000002 and RF05 INV0 0000 003")
    ('INV00000001', 'INV00000002', 'INV00000003')
    """
    capitals = text.upper()
    found = {document_key(match.group()) for match in _NUMBER.finditer(capitals)}
    found = {key for key in found if not is_creditor_reference(key)}
    for match in _RF.finditer(capitals):
        reference = _longest_reference(match.group())
        if reference:
            found.add(reference[4:])
    return tuple(sorted(found))


def has_wrong_reference(text: str) -> bool:
    """Tell whether a text has what looks like a creditor reference, and no right one.

    >>> has_wrong_reference("RF18539007547034"), has_wrong_reference("RF19539007547034")
    (False, True)
    """
    looks = [match.group() for match in _RF.finditer(text.upper())]
    return bool(looks) and not any(map(_longest_reference, looks))


def _longest_reference(written: str) -> str:
    """Return the longest right reference that a text begins with; words behind it are no part of it."""
    parts = written.split(" ")
    for count in range(len(parts), 0, -1):
        candidate = "".join(parts[:count])
        if is_creditor_reference(candidate):
            return candidate
    return ""
