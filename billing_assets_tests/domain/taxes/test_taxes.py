"""Every shipped tax row cites its law, fits with its neighbours, and comes to what is worked out by hand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from billing_assets.domain.money import PPM, round_half_up
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.tax_rule import (
    ANY_LINE,
    FIXED,
    Basis,
    Category,
    TaxRule,
    falls_on,
    rule_faults,
)
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets_tests.domain.taxes.cases import CASES, Case

RULES = shipped_tax_rules()
END = date.max

# What no row says at all, and why: neither a rate nor that the line is left out.
UNTOLD: Mapping[str, str] = {
    f"US-{state}": "only surplus lines stand in a state; admitted business has place US"
    for state in ("AZ", "CA", "FL", "GA", "ID", "IL", "NJ", "NV", "NY", "PA", "TX")
}


def by_key(rules: Iterable[TaxRule]) -> dict[tuple[str, str, str], list[TaxRule]]:
    found: dict[tuple[str, str, str], list[TaxRule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda rule: rule.valid_from):
        found[rule.tax_code, rule.place_code, rule.line_of_business].append(rule)
    return found


def joints(rules: Iterable[TaxRule]) -> list[tuple[str, date, date]]:
    """Where a row ends and its successor of the same tax, place and line begins."""
    return [
        (later.tax_code, earlier.valid_to or END, later.valid_from)
        for rows in by_key(rules).values()
        for earlier, later in pairwise(rows)
    ]


def days_of_change(rules: Iterable[TaxRule], place_code: str) -> list[date]:
    """The days on which any row of a place begins or ends."""
    own = [rule for rule in rules if rule.place_code == place_code]
    return sorted({rule.valid_from for rule in own} | {rule.valid_to for rule in own if rule.valid_to})


def told(rows: Iterable[TaxRule]) -> dict[str, bool]:
    """Tax -> whether it is left out."""
    return {row.tax_code: row.category_code is Category.LEFT_OUT for row in rows}


def dropped_taxes(rules: Iterable[TaxRule]) -> list[str]:
    """Taxes of a place that a taxed line has for any line and not for itself, with the first such day.

    A line that is exempt by its own row, or left out, needs no other.
    """
    rules = list(rules)
    faults = []
    for place_code in sorted({rule.place_code for rule in rules}):
        for day in days_of_change(rules, place_code):
            general = told(falls_on(rules, place_code, "no such line", day))
            for line in {rule.line_of_business for rule in rules if rule.place_code == place_code}:
                own = falls_on(rules, place_code, line, day)
                is_settled = any(row.category_code is not Category.TAXED for row in own)
                if line != ANY_LINE and own and not is_settled:
                    missing = sorted(general.keys() - told(own).keys())
                    faults += [f"{place_code} {line}: {code} on {day}" for code in missing]
    return faults


def gaps(rules: Iterable[TaxRule]) -> list[str]:
    """Lines of a place that some day have rows and on a later day have none."""
    rules = list(rules)
    faults = []
    for place_code in sorted({rule.place_code for rule in rules}):
        for line in LineOfBusiness:
            has_rows = [
                bool(falls_on(rules, place_code, line, day)) for day in days_of_change(rules, place_code)
            ]
            if False in has_rows[has_rows.index(True) :] if True in has_rows else False:
                faults.append(f"{place_code} {line}")
    return faults


def rows_of(case: Case, rules: Iterable[TaxRule] = RULES) -> list[TaxRule]:
    """The rows that fall on the line of a case; the day is tax point of period and term alike."""
    rows = falls_on(rules, case.place_code, case.line_of_business, case.day)
    return [row for row in rows if case.charge_kind in row.charge_kinds.split(" ")]


def without_case(rules: Iterable[TaxRule], cases: Iterable[Case]) -> list[TaxRule]:
    """Rows that no case falls on."""
    rules = list(rules)
    tried = {row for case in cases for row in rows_of(case, rules)}
    return [rule for rule in rules if rule not in tried]


def test_every_row_is_sound_and_names_its_law() -> None:
    assert {(rule.tax_code, *rule_faults(rule)) for rule in RULES if rule_faults(rule)} == set()


def test_rows_of_one_tax_place_and_line_neither_overlap_nor_leave_a_gap() -> None:
    assert all(ends == begins for _, ends, begins in joints(RULES))


def test_a_tax_that_ends_is_followed_by_another_row_of_its_place_and_line() -> None:
    assert gaps(RULES) == []


def test_a_rate_that_ends_without_a_successor_would_be_found() -> None:
    row = next(rule for rule in RULES if rule.tax_code == "NL-ASSURANTIE" and rule.rate_ppm == 210_000)
    rest = [rule for rule in RULES if rule is not row]
    assert "NL motor" in gaps([*rest, replace(row, valid_to=date(2030, 1, 1))])


def test_a_row_that_names_a_line_drops_no_other_tax_of_its_place() -> None:
    assert dropped_taxes(RULES) == EXPECTED_DROPS


# On these lines the general taxes of the place do not fall, by the law that the named rows cite.
EXPECTED_DROPS = [f"{place} motor_liability: IT-IMPASS on 2014-01-01" for place in ("IT-MI", "IT-RM")]


def test_a_spanish_row_for_travel_alone_would_be_found_to_drop_the_levy() -> None:
    general = next(rule for rule in RULES if rule.tax_code == "ES-IPS" and rule.valid_to is None)
    travel = replace(general, line_of_business="travel", rate_ppm=100_000)
    drops = dropped_taxes([*RULES, travel])
    assert [drop for drop in drops if drop not in EXPECTED_DROPS] == ["ES travel: ES-CCS on 2021-01-01"]
    levy = next(rule for rule in RULES if rule.tax_code == "ES-CCS" and rule.rate_ppm)
    beside = replace(levy, line_of_business="travel", valid_from=date(2021, 1, 1))
    assert dropped_taxes([*RULES, travel, beside]) == EXPECTED_DROPS


def test_a_second_row_that_forgets_to_end_the_first_would_be_found() -> None:
    first = next(rule for rule in RULES if rule.tax_code == "DE-VERSST" and rule.valid_to is None)
    second = replace(first, rate_ppm=200_000, valid_from=date(2026, 1, 1))
    assert ("DE-VERSST", END, date(2026, 1, 1)) in joints([*RULES, second])


@pytest.mark.parametrize("place_code", sorted(PLACES))
def test_each_place_taxes_exempts_or_leaves_out_every_line_of_business(place_code: str) -> None:
    day = date(2024, 1, 1)
    untold = {line.value for line in LineOfBusiness if not falls_on(RULES, place_code, line, day)}
    expected = set(LineOfBusiness) - {"surplus_lines"} if place_code in UNTOLD else set()
    assert untold == expected


def test_rows_name_known_places_and_lines_only() -> None:
    assert {rule.place_code for rule in RULES} == set(PLACES)
    assert {rule.line_of_business for rule in RULES} <= {ANY_LINE, *LineOfBusiness}


def test_a_tax_on_taxes_names_taxes_of_its_place_that_fall_on_the_net_amount() -> None:
    for rule in RULES:
        plain = {
            row.tax_code for row in RULES if row.place_code == rule.place_code and row.basis is Basis.NET
        }
        assert set(rule.basis_tax_codes.split()) <= plain


def test_rows_come_sorted_so_that_they_are_seeded_in_one_order() -> None:
    keys = [(rule.place_code, rule.tax_code, rule.line_of_business, rule.valid_from) for rule in RULES]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_eight_states_have_a_surplus_lines_tax_and_a_stamping_fee() -> None:
    codes = {rule.tax_code for rule in RULES}
    both = [code for code in codes if code.endswith("-SLT") and code.replace("-SLT", "-STAMP") in codes]
    assert len(both) >= 8


def test_every_row_has_a_case_that_was_worked_out_by_hand() -> None:
    assert without_case(RULES, CASES) == []


def test_a_row_without_a_case_would_be_found() -> None:
    row = replace(RULES[0], place_code="ES", line_of_business="liability", tax_code="ES-NEW")
    assert without_case([*RULES, row], CASES) == [row]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.place_code}-{case.line_of_business}-{case.day}"
)
def test_the_tax_of_each_cited_rate_by_hand(case: Case) -> None:
    assert case.words.strip()
    rows = rows_of(case)
    if any(row.category_code is Category.LEFT_OUT for row in rows):
        assert case.taxes == {}
        return
    assert {row.currency for row in rows} <= {"", case.currency}
    assert {row.tax_code: amount(row, case.net_minor) for row in rows} == case.taxes


def amount(rule: TaxRule, net_minor: int) -> int:
    if rule.basis in FIXED:
        return rule.amount_minor
    return rule.rounding_minor * round_half_up(net_minor * rule.rate_ppm, PPM * rule.rounding_minor)
