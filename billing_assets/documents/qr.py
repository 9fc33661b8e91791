"""The payment QR code that European banking apps read (EPC069-12, version 002).

Belongs here: when a document may carry one, its payload, and its drawing as one vector path.
Does not belong here: where it stands on the page (template), other codes.
"""

import re
from functools import lru_cache

import segno

from billing_assets.documents.formats import major
from billing_assets.domain.bank_accounts import is_iban
from billing_assets.domain.creditor_references import is_creditor_reference

_NAME_LIMIT = 70
_REFERENCE_LIMIT = 140
_AMOUNT_LIMIT_MINOR = 99_999_999_999
_MASK = 4
_DARK = re.compile(rb"\x01+")


def grouped_iban(text: str) -> str:
    """Return an IBAN in groups of four, as it is printed.

    >>> grouped_iban("ES9121000418450200051332")
    'ES91 2100 0418 4502 0005 1332'
    """
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def epc_payload(*, name: str, iban: str, bic: str, amount_minor: int, currency: str, reference: str) -> str:
    r"""Return the text of the QR code, or an empty string where none may be shown.

    A code needs euros, a valid IBAN, a name, and an amount of 0.01 to 999,999,999.99. The reference
    goes in as unstructured remittance text (140 characters), a creditor reference (ISO 11649) as what it is;
    the name is cut at 70.

    >>> epc_payload(
    ...     name="Alondra",
    ...     iban="ES9121000418450200051332",
    ...     bic="",
    ...     amount_minor=1050,
    ...     currency="EUR",
    ...     reference="INV-1",
    ... ).split("\n")
    ['BCD', '002', '1', 'SCT', '', 'Alondra', 'ES9121000418450200051332', 'EUR10.50', '', '', 'INV-1']
    """
    payable = currency == "EUR" and 1 <= amount_minor <= _AMOUNT_LIMIT_MINOR
    if not (payable and name and is_iban(iban)):
        return ""
    amount = f"EUR{major(amount_minor, 'EUR')}"
    # Version 002; 1 = UTF-8; then BIC, name, account, amount, purpose, structured and free reference.
    fields = ("BCD", "002", "1", "SCT", bic, name[:_NAME_LIMIT], iban, amount, "")
    is_structured = is_creditor_reference(reference)
    remittance = (reference,) if is_structured else ("", reference[:_REFERENCE_LIMIT])
    return "\n".join((*fields, *remittance))


def drawing(payload: str) -> dict[str, object]:
    """Return ``payload`` as a QR code: ``size`` in modules and an SVG ``path`` over that square.

    Error correction is M, as EPC069-12 asks, and the bytes are UTF-8 without an ECI header, which
    some banking apps refuse. Neighbouring modules of a row are one rectangle, so that no hairline
    shows between them. The quiet zone is left to the template.
    """
    size, path = _drawn(payload)
    return {"payload": payload, "size": size, "path": path}


# A page and its e-mail are made one after the other and carry the same code.
@lru_cache(maxsize=16)
def _drawn(payload: str) -> tuple[int, str]:
    # Trying all eight masks takes five times as long, and readers read each of them.
    code = segno.make_qr(payload, error="m", encoding="utf-8", boost_error=False, mask=_MASK)
    rows = [bytes(row) for row in code.matrix]
    return len(rows), _path(rows)


def _path(rows: list[bytes]) -> str:
    return "".join(
        f"M{run.start()} {y}h{run.end() - run.start()}v1H{run.start()}z"
        for y, row in enumerate(rows)
        for run in _DARK.finditer(row)
    )
