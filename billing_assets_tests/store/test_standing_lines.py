"""The condition that a line stands names the line that it is asked of."""

from billing_assets.store.standing_lines import standing


def test_the_condition_is_of_the_line_that_is_named() -> None:
    assert "replacing.replaced_invoice_id = n.invoice_id" in " ".join(standing("n").split())
