"""One calculation prices installments, changes and what is given back."""

from datetime import date

from billing_assets.frames.plan_hashes import drafts_sha256
from billing_assets_tests.frames.test_change_charges import DEARER, book
from billing_assets_tests.frames.test_policy_changes import cancelled

JANUARY, APRIL = date(2024, 1, 2), date(2024, 4, 2)


def test_a_term_without_changes_has_no_credit_note_and_only_its_installment() -> None:
    drafts = book().drafts(JANUARY, [])
    assert drafts.credits is None
    assert drafts.lines.select("charge_kind", "revision").rows() == [("premium", 0)]


def test_credit_notes_count_on_after_the_invoices() -> None:
    found = book()
    found.run(JANUARY, [])
    drafts = found.drafts(APRIL, [cancelled(1, date(2024, 2, 1))])
    assert drafts.credits is not None
    credited = drafts.charges.filter(outcome="credited")
    assert credited["draft_index"].to_list() == [drafts.invoices.height]
    assert credited["net_minor"].sum() == -drafts.credits.invoices["net_minor"].sum()
    assert drafts.credits.invoices["credit_reason"].to_list() == ["cancellation 2024-02-01 (1)"]


def test_a_change_and_what_it_gives_back_are_part_of_the_hash_of_a_plan() -> None:
    found = book()
    found.run(JANUARY, [])
    hashes = {
        drafts_sha256(found.drafts(APRIL, known))
        for known in ([], [DEARER], [cancelled(1, date(2024, 2, 1))], [cancelled(1, date(2024, 2, 2))])
    }
    assert len(hashes) == 4
