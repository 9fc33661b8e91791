"""A credit note is explained by what its invoice charged; what does not come to the record is named."""

from dataclasses import replace

from billing_assets.domain.explained_credits import explain_credit
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import CreditSources
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE_CREDIT
from billing_assets.domain.tax_rule import Basis
from billing_assets_tests.domain.sources import line, sources, tax


def one(given: CreditSources, subject: Subject) -> Explained:
    (found,) = (each for each in explain_credit(given, ALWAYS_OPEN).results if each.subject is subject)
    return found


def test_a_part_is_the_rounded_tax_on_all_so_far_less_that_on_what_came_before() -> None:
    share = one(SAMPLE_CREDIT, Subject.TAX_SHARE)
    assert (share.formula, share.result) == (Formula.RUNNING_SHARE, 80)
    assert (share.values["running"], share.values["before"]) == (15_00, 5_00)


def test_the_rest_of_a_line_is_what_was_charged_less_what_was_given_back() -> None:
    given = replace(SAMPLE_CREDIT, net_before={1: 30_00})
    share = one(given, Subject.TAX_SHARE)
    assert (share.formula, share.values["charged_tax"], share.values["tax_before"]) == (
        Formula.PRICE_LESS_TAXES,
        3_20,
        2_40,
    )
    assert explain_credit(given, ALWAYS_OPEN).differences == ()
    assert given.is_whole()


def test_more_than_was_left_and_a_changed_tax_are_differences() -> None:
    beyond = explain_credit(replace(SAMPLE_CREDIT, net_before={1: 35_00}), ALWAYS_OPEN).differences
    assert Subject.NET in {each.subject for each in beyond}
    note = SAMPLE_CREDIT.note
    changed = replace(note, taxes=(replace(note.taxes[0], tax_minor=81),))
    found = explain_credit(replace(SAMPLE_CREDIT, note=changed), ALWAYS_OPEN).differences
    assert [each.subject for each in found] == [Subject.TAX]


def test_a_fixed_amount_is_explained_with_the_note_that_ends_the_invoice() -> None:
    fixed = tax(2, basis=Basis.DOCUMENT, rate_ppm=0, amount_minor=1_00, currency="EUR", tax_minor=1_00)
    first, second = line(net_minor=40_00, tax_minor=4_20), line(2, net_minor=40_00, tax_minor=3_20)
    original = sources([first, second], [tax(base=80_00, tax_minor=6_40), fixed])
    parts = [
        replace(
            source,
            line=replace(source.line, net_minor=net, tax_minor=back, credited_line_number=number),
        )
        for number, (source, net, back) in enumerate(((first, 0, 1_00), (second, 40_00, 3_20)), start=1)
    ]
    taxes = (
        replace(original.taxes[0], base_minor=40_00, tax_minor=3_20),
        replace(original.taxes[1], base_minor=40_00, tax_minor=1_00),
    )
    invoice = replace(
        original.invoice,
        net_minor=40_00,
        tax_minor=4_20,
        total_minor=44_20,
        lines=tuple(part.line for part in parts),
    )
    note = replace(original, invoice=invoice, lines=tuple(parts), taxes=taxes)
    explained = explain_credit(
        CreditSources(note=note, original=original, net_before={1: 40_00}), ALWAYS_OPEN
    )
    assert explained.differences == ()
    assert Formula.FIXED in {each.formula for each in explained.of_line(1)}
