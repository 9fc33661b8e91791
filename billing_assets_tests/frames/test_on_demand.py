"""Of what is due a request leaves what its policy has up to its own date."""

from datetime import date

import polars as pl

from billing_assets.frames.invoices import Drafts
from billing_assets.frames.on_demand import due_until, next_dates, policy_sums, until_frame

JANUARY, FEBRUARY, MARCH = (date(2024, month, 1) for month in (1, 2, 3))


def due(*rows: tuple[str, int, date]) -> pl.DataFrame:
    """Charges of terms that began in January: policy, installment, billing date."""
    frame = pl.DataFrame(rows, schema=["policy_number", "installment_number", "billing_date"], orient="row")
    return frame.with_columns(effective_date=pl.lit(JANUARY))


def test_each_policy_has_a_next_date_of_its_own() -> None:
    found = next_dates(due(("A", 2, MARCH), ("A", 1, FEBRUARY), ("B", 4, MARCH)))
    assert dict(found.iter_rows()) == {"A": FEBRUARY, "B": MARCH}


def test_each_policy_is_cut_at_its_own_date_and_the_order_stays() -> None:
    charges = due(("A", 1, FEBRUARY), ("A", 2, MARCH), ("B", 1, FEBRUARY), ("C", 1, JANUARY))
    found = due_until(charges, until_frame({"B": MARCH, "A": FEBRUARY}))
    assert found.select("policy_number", "installment_number").rows() == [("A", 1), ("B", 1)]
    assert found.columns == charges.columns


def test_a_charge_of_a_whole_term_waits_since_the_term_began_and_has_no_later_date_than_was_asked() -> None:
    whole = due(("A", 0, date(2026, 8, 3)))
    assert next_dates(whole)["until_date"].to_list() == [JANUARY]
    assert due_until(whole, until_frame({"A": FEBRUARY}))["billing_date"].to_list() == [FEBRUARY]


def test_what_is_given_back_counts_below_zero_and_a_document_of_two_policies_for_each() -> None:
    line = {"currency": "EUR", "draft_index": 0, "net_minor": 100, "tax_minor": 8}
    lines = pl.DataFrame([{"policy_number": number, "policy_term_id": 7, **line} for number in ("A", "B")])
    back = pl.DataFrame([{"policy_term_id": 9, **line, "net_minor": 30, "tax_minor": 2}])
    charges = pl.DataFrame({"policy_term_id": [7, 9], "policy_number": ["A", "B"]})
    notes = Drafts(invoices=back, lines=back, taxes=back, charges=back)
    sums = policy_sums([Drafts(invoices=lines, lines=lines, taxes=lines, charges=charges, credits=notes)])
    assert [(each.document_count, each.net_minor, each.tax_minor) for each in sums["A"]] == [(1, 100, 8)]
    assert [(each.document_count, each.net_minor, each.tax_minor) for each in sums["B"]] == [(2, 70, 6)]
    assert policy_sums([]) == {}
