"""The subjects of mails: what is clear becomes a request, what is not is for a person."""

import pytest

from billing_assets.domain.document_requests import DocumentWish, check_wanted
from billing_assets.domain.request_mails import is_request, wanted_in

STATEMENT, COPY, COVER, RECEIPT = (
    DocumentWish.STATEMENT,
    DocumentWish.INVOICE_COPY,
    DocumentWish.DOCUMENT_COVER,
    DocumentWish.PAYMENT_RECEIPT,
)


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Account statement, please", STATEMENT),
        ("EXTRACTO", STATEMENT),
        ("Relevé de compte", STATEMENT),
        ("Kontoauszug bitte", STATEMENT),
        ("Copia de la factura INV-00000001", COPY),
        ("inv-00000001 copy", COPY),
        ("Kopie von INV-00000001 und INV-00000002", COVER),
        ("Receipt P-4001", RECEIPT),
        ("Receipt of my payment", None),
        ("copy please", None),
        ("POL-00000002", None),
        ("Statement and copy of INV-00000001", None),
        ("I dispute invoice INV-00000002", None),
        ("Rechnung INV-00000002 ist falsch, bitte stornieren", None),
        ("Factura INV-00000002 ya pagada", None),
    ],
)
def test_what_a_subject_asks_for(subject: str, kind: DocumentWish | None) -> None:
    assert is_request(subject)
    wanted = wanted_in(subject)
    assert wanted.document_kind == kind
    if kind is not None:
        check_wanted(wanted)


@pytest.mark.parametrize(
    "subject",
    [
        *("Happy new year", "", "Re: holidays", "I have moved", "Where is my invoice?"),
        "Re: Invoice INV-00000002: 45.06 EUR due by 1 March",
        "AW: Kopie von INV-00000002",
        "Re[2]: statement",
        "Fwd: copy of INV-00000002",
    ],
)
def test_other_mails_are_no_requests(subject: str) -> None:
    assert not is_request(subject)


def test_numbers_are_named_once() -> None:
    assert wanted_in("copy INV-00000001 inv-00000001").document_numbers == ("INV-00000001",)
