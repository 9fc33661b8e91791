"""A document whose sums its parts do not come to is not printed, and the error names which."""

from dataclasses import replace

import pytest

from billing_assets.documents.document_sums import check_sums
from billing_assets.documents.invoice_json import invoice_from_json
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.errors import BillingError


@pytest.mark.parametrize(
    ("field", "words"),
    [("net_minor", "net of lines"), ("tax_minor", "tax of taxes"), ("total_minor", "net + tax")],
)
def test_a_sum_that_is_off_by_a_cent_is_named(field: str, words: str) -> None:
    invoice = invoice_from_json(load_template(default_templates_dir()).text("sample.json"))
    check_sums(invoice)
    with pytest.raises(BillingError) as refused:
        check_sums(replace(invoice, **{field: getattr(invoice, field) + 1}))
    assert words in refused.value.found
