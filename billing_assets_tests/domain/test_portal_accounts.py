"""Where a document stands, and what a payer may choose."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_accounts import OwnDocument, PayerDetails, Standing, preference_from

DUE = date(2025, 1, 15)
BILL = OwnDocument(
    invoice_id=1,
    document_kind="invoice",
    document_number="INV-00000001",
    issue_date=date(2025, 1, 1),
    due_date=DUE,
    currency="EUR",
    payable_minor=500,
    credited_minor=0,
    paid_minor=0,
    open_minor=500,
)
DETAILS = PayerDetails(
    payer_key="K1",
    name="Ana",
    email="ana@example.com",
    address_lines=("Calle Mayor 1",),
    language="es",
    channels=("email",),
    is_chosen=False,
    can_push=False,
)


@pytest.mark.parametrize(
    ("changes", "day", "standing"),
    [
        ({}, DUE, Standing.OPEN),
        ({"paid_minor": 1, "open_minor": 499}, DUE, Standing.PART_PAID),
        ({"paid_minor": 1, "open_minor": 499}, date(2025, 1, 16), Standing.PAST_DUE),
        ({}, date(2025, 1, 16), Standing.PAST_DUE),
        ({"paid_minor": 500, "open_minor": 0}, date(2025, 1, 16), Standing.PAID),
        ({"credited_minor": 500, "open_minor": 0}, date(2025, 1, 16), Standing.CREDITED),
        ({"credited_minor": 100, "paid_minor": 400, "open_minor": 0}, DUE, Standing.PAID),
        ({"open_minor": 0}, date(2025, 1, 16), Standing.PAID),
        ({"document_kind": "credit_note", "open_minor": 0}, date(2025, 1, 16), Standing.CREDIT),
    ],
)
def test_where_a_document_stands_follows_from_what_is_open(
    changes: dict[str, object], day: date, standing: Standing
) -> None:
    assert replace(BILL, **changes).standing_on(day) is standing  # type: ignore[arg-type]


def test_what_has_nothing_to_go_by_is_not_offered() -> None:
    assert [each.value for each in DETAILS.offered] == ["email", "portal", "print_post"]
    bare = replace(DETAILS, email="", address_lines=(), can_push=True)
    assert [each.value for each in bare.offered] == ["api_push"]


@pytest.mark.parametrize(
    ("language", "channels"),
    [("it", ["email"]), ("es", []), ("es", [""]), ("es", ["api_push"]), ("es", ["email", "pigeon"])],
)
def test_what_is_not_offered_cannot_be_chosen(language: str, channels: list[str]) -> None:
    with pytest.raises(BillingError) as caught:
        preference_from(language, channels, DETAILS)
    assert caught.value.code == "preference_invalid"


def test_each_way_is_chosen_once_in_the_order_that_was_given() -> None:
    chosen = preference_from("de", ["print_post", "", "email", "print_post"], DETAILS)
    assert (chosen.language, chosen.channels) == ("de", ("print_post", "email"))
