"""Each tax is worked out from the lines that its row falls on, and each line has its share."""

from dataclasses import replace
from datetime import date
from typing import Any

from billing_assets.domain.explained_taxes import explain_taxes
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import LineSource, TaxSource
from billing_assets.domain.tax_rule import Basis, Category, RoundingScope
from billing_assets_tests.domain.sources import line, sources, tax, term


def lines(*nets: int) -> list[LineSource]:
    return [
        line(number, installment=number, net_minor=net, period=(date(2024, 1, number), date(2024, 1, 31)))
        for number, net in enumerate(nets, 1)
    ]


def taxed(prices: tuple[int, ...], *taxes: TaxSource) -> tuple[dict[str, int], list[int]]:
    """Return the amount of each tax by its code, and the tax of each line."""
    own = lines(*prices)
    found = explain_taxes(sources(own, list(taxes)), dict(enumerate(prices, 1)))
    amounts = {each.code: each.result for each in found.taxes if each.subject is Subject.TAX}
    of_lines = [each.result for each in found.of_lines if each.subject is Subject.LINE_TAX]
    return amounts, of_lines  # type: ignore[return-value]


def test_lines_are_added_up_before_one_rounding_and_their_shares_are_the_tax() -> None:
    assert taxed((107, 107, 107), tax()) == ({"XX-1": 26}, [9, 8, 9])


def test_each_line_is_rounded_by_itself_where_the_row_says_so() -> None:
    by_line = tax(rounding_scope=RoundingScope.LINE)
    assert taxed((107, 107, 107), by_line) == ({"XX-1": 27}, [9, 9, 9])


def test_a_policy_is_rounded_by_itself_to_a_multiple() -> None:
    assert taxed((1_00, 1_31), tax(rounding_scope=RoundingScope.POLICY, rounding_minor=5))[0] == {"XX-1": 20}


def test_a_tax_on_taxes_falls_on_them_as_rounded() -> None:
    on_tax = tax(2, basis=Basis.NET_AND_TAXES, basis_tax_codes="XX-1", rate_ppm=100_000)
    assert taxed((1_07,), tax(), on_tax)[0] == {"XX-1": 9, "XX-2": 12}


def test_a_price_contains_its_taxes() -> None:
    """108 with 8 % in it: the net is 100."""
    own = lines(108)
    inside = tax(is_inclusive=True)
    found = explain_taxes(sources(own, [inside]), {1: 108})
    assert (found.nets, found.contained[1][0].value) == ({1: 100}, 8)
    assert {each.formula for each in found.taxes} == {Formula.SUM, Formula.PART_OF_PRICE}


def test_a_fixed_amount_falls_once_and_an_exempt_row_is_nothing() -> None:
    values: dict[str, Any] = {"rate_ppm": 0, "amount_minor": 1_00, "currency": "EUR"}
    per_term = tax(1, basis=Basis.TERM, **values)
    per_document = tax(2, basis=Basis.DOCUMENT, **values)
    exempt = tax(3, rate_ppm=0, category_code=Category.EXEMPT, exemption_reason="none is due")
    assert taxed((5_00, 5_00), per_term, per_document, exempt) == (
        {"XX-1": 100, "XX-2": 100, "XX-3": 0},
        [200, 0],
    )


def test_a_new_rate_falls_on_the_periods_that_begin_under_it() -> None:
    old, new = tax(1, valid_to=date(2024, 1, 2)), tax(2, valid_from=date(2024, 1, 2), rate_ppm=100_000)
    assert taxed((1_00, 1_00), old, new) == ({"XX-1": 8, "XX-2": 10}, [8, 10])


def test_a_changed_tax_differs_and_its_row_is_named() -> None:
    own = lines(1_00)
    found = explain_taxes(sources(own, [tax(base=100, tax_minor=9)]), {1: 100})
    wrong: list[Explained] = [each for each in found.taxes if not each.is_match]
    assert [(each.subject, each.rules[0].source) for each in wrong] == [(Subject.TAX, "Act 1")]


def test_rows_of_one_tax_are_rounded_once_and_each_is_named_with_what_it_falls_on() -> None:
    """8 % of 1.06 is 8.48 cents, of 2.12 it is 16.96: 17 rounded once, 16 rounded twice."""
    motor, home = (line(number, net_minor=106) for number in (1, 2))
    home = replace(home, term=term(line_of_business="home"))
    of_home = tax(line_of_business="home", source="Act 2").rule
    group = replace(tax(line_of_business="motor", base=212, tax_minor=17), others=((102, of_home),))
    found = explain_taxes(sources([motor, home], [group]), {1: 106, 2: 106})
    base, whole = found.taxes
    assert (base.result, whole.result, whole.is_match) == (212, 17, True)
    assert [(row.row_id, row.source, row.lines_of_business) for row in whole.rules] == [
        (101, "Act 1", ("motor",)),
        (102, "Act 2", ("home",)),
    ]
    assert [each.result for each in found.of_lines if each.subject is Subject.LINE_TAX] == [8, 9]
