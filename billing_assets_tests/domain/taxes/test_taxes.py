"""What holds for every shipped tax row, whatever the place; a new file joins by existing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from billing_assets.domain.money import PPM, round_half_up
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.tax_rule import ANY_LINE, TaxRule
from billing_assets.domain.taxes import shipped_tax_rules

RULES = shipped_tax_rules()
END = date.max


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


def dropped_taxes(rules: Iterable[TaxRule]) -> list[str]:
    """Taxes of a place that a row naming a line of business drops in silence, with the first such day."""
    rules = list(rules)
    faults = []
    for named in rules:
        if named.line_of_business == ANY_LINE or named.category_code == "E":
            continue
        for general in rules:
            begins = max(named.valid_from, general.valid_from)
            is_together = begins < min(named.valid_to or END, general.valid_to or END)
            if (
                general.place_code != named.place_code
                or general.line_of_business != ANY_LINE
                or not is_together
            ):
                continue
            beside = {
                rule.tax_code
                for rule in rules
                if (rule.place_code, rule.line_of_business) == (named.place_code, named.line_of_business)
                and rule.valid_from <= begins < (rule.valid_to or END)
            }
            if general.tax_code not in beside:
                faults.append(f"{named.place_code} {named.line_of_business}: {general.tax_code} on {begins}")
    return faults


def test_every_row_names_its_law() -> None:
    assert all(rule.source.strip() for rule in RULES)


def test_rates_are_whole_parts_per_million_and_never_above_the_premium() -> None:
    assert all(type(rule.rate_ppm) is int and 0 <= rule.rate_ppm <= PPM for rule in RULES)


def test_exempt_rows_have_a_reason_and_no_rate_and_taxed_rows_the_reverse() -> None:
    for rule in RULES:
        is_exempt = rule.category_code == "E"
        assert rule.category_code in {"S", "E"}
        assert (rule.rate_ppm == 0) == is_exempt == bool(rule.exemption_reason)


def test_a_row_ends_after_it_begins() -> None:
    assert all(rule.valid_to is None or rule.valid_from < rule.valid_to for rule in RULES)


def test_rows_of_one_tax_place_and_line_neither_overlap_nor_leave_a_gap() -> None:
    assert all(ends == begins for _, ends, begins in joints(RULES))
    assert all(rows[-1].valid_to is None for rows in by_key(RULES).values())


def test_a_row_that_names_a_line_drops_no_other_tax_of_its_place() -> None:
    assert not dropped_taxes(RULES)


def test_a_spanish_row_for_travel_alone_would_be_found_to_drop_the_levy() -> None:
    general = next(rule for rule in RULES if rule.tax_code == "ES-IPS" and rule.valid_to is None)
    travel = replace(general, line_of_business="travel", rate_ppm=100_000)
    assert dropped_taxes([*RULES, travel]) == ["ES travel: ES-CCS on 2021-01-01"]
    levy = next(rule for rule in RULES if rule.tax_code == "ES-CCS")
    assert not dropped_taxes(
        [*RULES, travel, replace(levy, line_of_business="travel", valid_from=date(2021, 1, 1))]
    )


def test_a_second_row_that_forgets_to_end_the_first_would_be_found() -> None:
    first = next(rule for rule in RULES if rule.tax_code == "DE-VERSST")
    second = replace(first, rate_ppm=200_000, valid_from=date(2026, 1, 1))
    assert ("DE-VERSST", END, date(2026, 1, 1)) in joints([*RULES, second])


@pytest.mark.parametrize("place_code", sorted(PLACES))
def test_each_place_taxes_or_exempts_every_line_of_business_in_2024(place_code: str) -> None:
    day = date(2024, 1, 1)
    lines = {
        rule.line_of_business
        for rule in RULES
        if rule.place_code == place_code and rule.valid_from <= day < (rule.valid_to or END)
    }
    assert ANY_LINE in lines or lines == {line.value for line in LineOfBusiness}


def test_rows_name_known_places_and_lines_only() -> None:
    known = {ANY_LINE, *LineOfBusiness}
    assert {rule.place_code for rule in RULES} <= set(PLACES)
    assert {rule.line_of_business for rule in RULES} <= known


def test_rows_come_sorted_so_that_they_are_seeded_in_one_order() -> None:
    keys = [(rule.place_code, rule.tax_code, rule.line_of_business, rule.valid_from) for rule in RULES]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("place", "line", "day", "net", "expected"),
    [
        # 8 % of 451.00 is 36.08, 0.15 % is 0.6765
        ("ES", "motor", date(2024, 1, 1), 451_00, {"ES-IPS": 36_08, "ES-CCS": 68}),
        # the last day of 6 %: 27.06
        ("ES", "motor", date(2020, 12, 31), 451_00, {"ES-IPS": 27_06, "ES-CCS": 68}),
        # 19 % of 0.50 is 0.095
        ("DE", "motor", date(2024, 1, 1), 50, {"DE-VERSST": 10}),
        ("DE", "health", date(2024, 1, 1), 100_00, {"DE-EXEMPT": 0}),
        # 12 % of 1.04 is 0.1248, 20 % is 0.208
        ("GB", "home", date(2024, 1, 1), 1_04, {"GB-IPT": 12}),
        ("GB", "travel", date(2024, 1, 1), 1_04, {"GB-IPT": 21}),
        ("JP", "motor", date(2024, 1, 1), 1_050, {"JP-EXEMPT": 0}),
        ("KW", "motor", date(2024, 1, 1), 10_500, {"KW-EXEMPT": 0}),
        ("US", "motor", date(2024, 1, 1), 99_99, {"US-NONE": 0}),
    ],
)
def test_the_tax_of_each_cited_rate_by_hand(
    place: str, line: str, day: date, net: int, expected: dict[str, int]
) -> None:
    valid = [
        rule for rule in RULES if rule.place_code == place and rule.valid_from <= day < (rule.valid_to or END)
    ]
    chosen = [rule for rule in valid if rule.line_of_business == line]
    chosen = chosen or [rule for rule in valid if rule.line_of_business == ANY_LINE]
    assert {rule.tax_code: round_half_up(net * rule.rate_ppm, PPM) for rule in chosen} == expected
