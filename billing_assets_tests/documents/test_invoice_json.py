"""An invoice survives JSON, and what is no invoice is refused."""

import json
from dataclasses import replace

import pytest

from billing_assets.documents.invoice_json import invoice_from_json, invoice_to_json
from billing_assets.domain.errors import BillingError
from billing_assets.domain.product_names import product_names_from
from billing_assets_tests.documents.samples import english, spanish, with_charges, with_lines

NAMES = product_names_from({"es": {"SALUD": "Seguro de salud"}})
CHANGED = replace(spanish(), lines=tuple(replace(line, change_number=3) for line in spanish().lines))


@pytest.mark.parametrize(
    "invoice",
    [
        *(spanish(), english(), with_lines(spanish(), 30), with_charges(english()), CHANGED),
        replace(spanish(), share_ppm=400_000),
        replace(spanish(), creditor=replace(spanish().creditor, product_names=NAMES)),
    ],
)
def test_nothing_is_lost_there_and_back(invoice: object) -> None:
    assert invoice_from_json(invoice_to_json(invoice)) == invoice  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"due_date": "soon"}, {"surprise": 1}, {"lines": [{}]}, {"creditor": None}]
)
def test_what_is_no_invoice_is_refused(change: dict[str, object]) -> None:
    row = json.loads(invoice_to_json(spanish())) | change
    with pytest.raises(BillingError, match="invoice_json_unreadable"):
        invoice_from_json(json.dumps(row))
