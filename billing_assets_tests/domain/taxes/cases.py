"""A case for each shipped tax row, worked out by hand from the law that the row cites.

Belongs here: place, line of business, day, net amount, what each tax comes to, and the arithmetic in words.
Does not belong here: the rows themselves, and any arithmetic by program.

A case without taxes is one that is left out: it is not billed, and the words say why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Amounts in minor units of ``currency``; ``taxes`` is tax code -> amount."""

    place_code: str
    line_of_business: str
    day: date
    net_minor: int
    taxes: Mapping[str, int] = field(default_factory=dict)
    words: str
    charge_kind: str = "premium"
    currency: str = "EUR"


def _cases(currency: str, *rows: tuple[str, str, str, int, Mapping[str, int], str]) -> tuple[Case, ...]:
    return tuple(
        Case(
            place_code=place,
            line_of_business=line,
            day=date.fromisoformat(day),
            net_minor=net,
            taxes=taxes,
            words=words,
            currency=currency,
        )
        for place, line, day, net, taxes, words in rows
    )


SPAIN = _cases(
    "EUR",
    ("ES", "motor", "2024-01-01", 451_00, {"ES-IPS": 36_08, "ES-CCS": 68}, "8 % = 36.08; 0.15 % = 0.6765"),
    ("ES", "motor", "2020-12-31", 451_00, {"ES-IPS": 27_06, "ES-CCS": 68}, "6 % = 27.06; 0.15 % = 0.6765"),
    ("ES", "motor", "2008-12-31", 451_00, {}, "the levy of the time is not shipped"),
    ("ES", "health", "2024-01-01", 100_00, {"ES-IPS": 0, "ES-CCS": 15}, "exempt; 0.15 % of 100.00 = 0.15"),
    ("ES", "life", "2024-01-01", 100_00, {"ES-IPS": 0}, "exempt, and without the levy"),
)

UNITED_KINGDOM = _cases(
    "GBP",
    ("GB", "home", "2005-01-01", 250_00, {"GB-IPT": 12_50}, "5 % of 250.00 = 12.50"),
    ("GB", "home", "2011-01-04", 250_00, {"GB-IPT": 15_00}, "6 % of 250.00 = 15.00"),
    ("GB", "home", "2015-11-01", 250_10, {"GB-IPT": 23_76}, "9.5 % of 250.10 = 23.7595"),
    ("GB", "home", "2016-10-01", 250_05, {"GB-IPT": 25_01}, "10 % of 250.05 = 25.005"),
    ("GB", "home", "2024-01-01", 1_04, {"GB-IPT": 12}, "12 % of 1.04 = 0.1248"),
    ("GB", "travel", "2010-06-01", 80_00, {"GB-IPT": 14_00}, "17.5 % of 80.00 = 14.00"),
    ("GB", "travel", "2024-01-01", 1_04, {"GB-IPT": 21}, "20 % of 1.04 = 0.208"),
    ("GB", "life", "2024-01-01", 80_00, {"GB-IPT": 0}, "exempt"),
)

GERMANY = _cases(
    "EUR",
    ("DE", "motor", "2006-12-31", 50, {"DE-VERSST": 8}, "16 % of 0.50 = 0.08"),
    ("DE", "motor", "2024-01-01", 50, {"DE-VERSST": 10}, "19 % of 0.50 = 0.095"),
    ("DE", "fire", "2006-12-31", 200_00, {"DE-VERSST": 22_00}, "11 % of 200.00 = 22.00"),
    ("DE", "fire", "2010-06-30", 200_00, {"DE-VERSST": 28_00}, "14 % of 200.00 = 28.00"),
    (
        "DE",
        "fire",
        "2010-07-01",
        200_00,
        {"DE-VERSST": 26_40},
        "22 % of 60 % of 200.00 = 22 % of 120.00 = 26.40",
    ),
    ("DE", "home_building", "2006-12-31", 200_00, {"DE-VERSST": 29_50}, "14.75 % of 200.00 = 29.50"),
    ("DE", "home_building", "2007-01-01", 200_00, {"DE-VERSST": 35_50}, "17.75 % of 200.00 = 35.50"),
    (
        "DE",
        "home_building",
        "2024-01-01",
        200_00,
        {"DE-VERSST": 32_68},
        "19 % of 86 % of 200.00 = 19 % of 172.00",
    ),
    ("DE", "home_contents", "2006-12-31", 200_00, {"DE-VERSST": 30_00}, "15 % of 200.00 = 30.00"),
    ("DE", "home_contents", "2007-01-01", 200_00, {"DE-VERSST": 36_00}, "18 % of 200.00 = 36.00"),
    (
        "DE",
        "home_contents",
        "2024-01-01",
        188_40,
        {"DE-VERSST": 30_43},
        "19 % of 85 % of 188.40 = 19 % of 160.14 = 30.4266",
    ),
    ("DE", "home", "2024-01-01", 188_40, {}, "buildings and contents are taxed differently"),
    ("DE", "health", "2006-12-31", 100_00, {"DE-EXEMPT": 0}, "exempt"),
    ("DE", "health", "2024-01-01", 100_00, {"DE-EXEMPT": 0}, "exempt"),
    ("DE", "life", "2024-01-01", 100_00, {"DE-EXEMPT": 0}, "exempt"),
)

FRANCE = _cases(
    "EUR",
    ("FR", "liability", "2024-01-01", 150_00, {"FR-TCA": 13_50}, "9 % of 150.00 = 13.50"),
    ("FR", "fire", "2016-06-01", 100_00, {"FR-TCA": 30_00, "FR-FGTI": 4_30}, "30 % = 30.00; 4.30 a contract"),
    ("FR", "fire", "2017-01-01", 100_00, {"FR-TCA": 30_00, "FR-FGTI": 5_90}, "30 % = 30.00; 5.90 a contract"),
    ("FR", "fire", "2024-07-01", 100_00, {"FR-TCA": 30_00, "FR-FGTI": 6_50}, "30 % = 30.00; 6.50 a contract"),
    ("FR", "motor_damage", "2016-06-01", 210_00, {"FR-TCA": 37_80, "FR-FGTI": 4_30}, "18 % = 37.80; 4.30"),
    ("FR", "motor_damage", "2024-06-30", 210_00, {"FR-TCA": 37_80, "FR-FGTI": 5_90}, "18 % = 37.80; 5.90"),
    ("FR", "motor_damage", "2024-07-01", 210_00, {"FR-TCA": 37_80, "FR-FGTI": 6_50}, "18 % = 37.80; 6.50"),
    (
        "FR",
        "motor_liability",
        "2024-01-01",
        123_45,
        {"FR-TCA": 40_74, "FR-FGAO": 2_47},
        "33 % = 40.7385; 2 % = 2.469",
    ),
    ("FR", "legal_expenses", "2016-12-31", 80_00, {"FR-TCA": 10_00}, "12.5 % of 80.00 = 10.00"),
    ("FR", "legal_expenses", "2024-01-01", 80_00, {"FR-TCA": 10_72}, "13.4 % of 80.00 = 10.72"),
    ("FR", "life", "2024-01-01", 80_00, {"FR-TCA": 0}, "exempt"),
    ("FR", "motor", "2024-01-01", 80_00, {}, "liability and damage are taxed differently"),
    ("FR", "home", "2024-01-01", 80_00, {}, "its fire part is taxed at 30 %, the rest at 9 %"),
    ("FR", "home_building", "2024-01-01", 80_00, {}, "its fire part is taxed at 30 %, the rest at 9 %"),
    ("FR", "home_contents", "2024-01-01", 80_00, {}, "its fire part is taxed at 30 %, the rest at 9 %"),
    ("FR", "health", "2024-01-01", 80_00, {}, "the solidarity tax goes by the kind of contract"),
)

_OF_ITALY: tuple[tuple[str, int, Mapping[str, int], str], ...] = (
    ("other", 100_00, {"IT-IMPASS": 21_25}, "21.25 % of 100.00"),
    ("home", 100_00, {"IT-IMPASS": 21_25, "IT-FONDO": 1_00}, "21.25 %; 1 %: 22.25 % in all"),
    ("home_building", 100_00, {"IT-IMPASS": 21_25, "IT-FONDO": 1_00}, "21.25 %; 1 %"),
    ("home_contents", 100_00, {"IT-IMPASS": 21_25, "IT-FONDO": 1_00}, "21.25 %; 1 %"),
    ("fire", 10_02, {"IT-IMPASS": 2_13, "IT-FONDO": 10}, "21.25 % = 2.12925; 1 % = 0.1002"),
    ("liability", 333_33, {"IT-IMPASS": 70_83, "IT-FONDO": 3_33}, "21.25 % = 70.832625; 1 % = 3.3333"),
    ("motor_damage", 200_00, {"IT-IMPASS": 25_00, "IT-FONDO": 2_00}, "12.5 %; 1 %: 13.5 % in all"),
    ("accident", 99_80, {"IT-IMPASS": 2_50}, "2.5 % of 99.80 = 2.495"),
    ("health", 40_00, {"IT-IMPASS": 1_00}, "2.5 % of 40.00"),
    ("life", 40_00, {"IT-IMPASS": 0}, "exempt"),
    ("motor", 40_00, {}, "liability and damage are taxed differently"),
    ("travel", 40_00, {}, "assistance, illness and luggage are taxed differently"),
    ("legal_expenses", 40_00, {}, "its rate goes by the cover that it is sold with"),
)

ITALY = _cases(
    "EUR",
    *(
        (place, line, "2024-01-01", net, taxes, words)
        for place in ("IT", "IT-MI", "IT-RM")
        for line, net, taxes, words in _OF_ITALY
    ),
    ("IT", "motor_liability", "2024-01-01", 300_00, {}, "the province is not known"),
    ("IT-MI", "motor_liability", "2024-01-01", 300_00, {"IT-RCA": 48_00, "IT-SSN": 31_50}, "16 %; 10.5 %"),
    ("IT-RM", "motor_liability", "2024-01-01", 300_10, {"IT-RCA": 48_02, "IT-SSN": 31_51}, "48.016; 31.5105"),
)

NETHERLANDS = _cases(
    "EUR",
    ("NL", "motor", "2012-12-31", 100_00, {"NL-ASSURANTIE": 9_70}, "9.7 % of 100.00"),
    ("NL", "motor", "2013-01-01", 100_50, {"NL-ASSURANTIE": 21_11}, "21 % of 100.50 = 21.105"),
    ("NL", "life", "2024-01-01", 100_00, {"NL-ASSURANTIE": 0}, "exempt"),
    ("NL", "accident", "2024-01-01", 100_00, {"NL-ASSURANTIE": 0}, "exempt"),
    ("NL", "health", "2024-01-01", 100_00, {"NL-ASSURANTIE": 0}, "exempt"),
)

IRELAND = _cases(
    "EUR",
    (
        "IE", "motor", "2025-12-31", 616_00, {"IE-LEVY": 18_48, "IE-ICF": 12_32, "IE-STAMP": 1_00},
        "3 % = 18.48; 2 % = 12.32; 1.00 a policy",
    ),
    (
        "IE", "motor", "2026-01-01", 616_00, {"IE-LEVY": 18_48, "IE-ICF": 6_16, "IE-STAMP": 1_00},
        "3 % = 18.48; 1 % = 6.16; 1.00 a policy",
    ),
    ("IE", "life", "2024-01-01", 50_00, {}, "the levy on life premiums is not shipped"),
    ("IE", "health", "2024-01-01", 50_00, {}, "the duty per insured person is not shipped"),
)  # fmt: skip

PORTUGAL = _cases(
    "EUR",
    ("PT", "liability", "2024-01-01", 100_00, {"PT-SELO": 9_00}, "9 % of 100.00"),
    ("PT", "accident", "2024-01-01", 50_00, {"PT-SELO": 2_50, "PT-INEM": 1_25}, "5 %; 2.5 %"),
    ("PT", "health", "2024-01-01", 51_00, {"PT-SELO": 2_55, "PT-INEM": 1_28}, "5 % = 2.55; 2.5 % = 1.275"),
    ("PT", "motor_damage", "2024-01-01", 50_00, {"PT-SELO": 4_50, "PT-INEM": 1_25}, "9 %; 2.5 %"),
    (
        "PT", "motor_liability", "2024-01-01", 200_00,
        {"PT-SELO": 18_00, "PT-INEM": 5_00, "PT-FGA": 5_00, "PT-PREV": 42},
        "9 % = 18.00; 2.5 % = 5.00 twice; 0.21 % = 0.42",
    ),
    ("PT", "motor", "2024-01-01", 200_00, {}, "FGA falls on liability alone"),
    ("PT", "home", "2024-01-01", 200_00, {}, "13 % fall on the fire part"),
    ("PT", "home_building", "2024-01-01", 200_00, {}, "13 % fall on the fire part"),
    ("PT", "home_contents", "2024-01-01", 200_00, {}, "13 % fall on the fire part"),
    ("PT", "fire", "2024-01-01", 200_00, {}, "13 % fall on the gross premium"),
    ("PT", "life", "2024-01-01", 200_00, {}, "INEM falls on the cover in case of death"),
)  # fmt: skip

OTHERS = (
    *_cases("JPY", ("JP", "motor", "2024-01-01", 1_050, {"JP-EXEMPT": 0}, "exempt")),
    *_cases("KWD", ("KW", "motor", "2024-01-01", 10_500, {"KW-EXEMPT": 0}, "no tax")),
    *_cases(
        "USD",
        ("US", "motor", "2024-01-01", 99_99, {"US-NONE": 0}, "the insurer's own tax"),
        ("US", "surplus_lines", "2024-01-01", 99_99, {}, "the home state is not known"),
    ),
)


def _state(
    state: str, *rows: tuple[str, int, Mapping[str, int], str], charge_kind: str = "premium"
) -> tuple[Case, ...]:
    """Cases of a state: inception of the policy, premium, taxes by the end of their code, words."""
    return tuple(
        Case(
            place_code=f"US-{state}",
            line_of_business="surplus_lines",
            day=date.fromisoformat(day),
            net_minor=net,
            taxes={f"US-{state}-{code}": tax for code, tax in taxes.items()},
            words=words,
            charge_kind=charge_kind,
            currency="USD",
        )
        for day, net, taxes, words in rows
    )


SURPLUS_LINES = (
    *_state("AZ", ("2024-01-01", 1_250_00, {"SLT": 37_50, "STAMP": 2_50}, "3 % = 37.50; 0.2 % = 2.50")),
    *_state(
        "CA",
        ("2019-12-31", 5_000_00, {"SLT": 150_00, "STAMP": 10_00}, "3 % = 150.00; 0.2 % = 10.00"),
        ("2022-12-31", 5_000_00, {"SLT": 150_00, "STAMP": 12_50}, "3 % = 150.00; 0.25 % = 12.50"),
        ("2023-01-01", 5_000_00, {"SLT": 150_00, "STAMP": 9_00}, "3 % = 150.00; 0.18 % = 9.00"),
    ),
    *_state(
        "FL",
        ("2020-03-31", 1_000_00, {"SLT": 50_00, "STAMP": 1_00}, "5 % = 50.00; 0.1 % = 1.00"),
        ("2020-06-30", 1_000_00, {"SLT": 50_00, "STAMP": 60}, "5 % = 50.00; 0.06 % = 0.60"),
        ("2020-07-01", 1_000_00, {"SLT": 49_40, "STAMP": 60}, "4.94 % = 49.40; 0.06 % = 0.60"),
    ),
    *_state("GA", ("2024-01-01", 777_77, {"SLT": 31_11}, "4 % of 777.77 = 31.1108")),
    *_state(
        "ID",
        ("2015-12-31", 800_00, {"SLT": 12_00, "STAMP": 2_00}, "1.5 % = 12.00; 0.25 % = 2.00"),
        ("2016-01-01", 800_00, {"SLT": 12_00, "STAMP": 4_00}, "1.5 % = 12.00; 0.5 % = 4.00"),
    ),
    *_state("IL", ("2024-01-01", 2_300_00, {}, "80.50 is 81 for the term, and no dollar for each month")),
    *_state("NJ", ("2024-01-01", 640_10, {"SLT": 32_01}, "5 % of 640.10 = 32.005")),
    *_state("NV", ("2024-01-01", 1_000_00, {"SLT": 35_00, "STAMP": 4_00}, "3.5 % = 35.00; 0.4 % = 4.00")),
    *_state("NY", ("2024-01-01", 1_000_00, {"SLT": 36_00, "STAMP": 1_50}, "3.6 % = 36.00; 0.15 % = 1.50")),
    *_state("PA", ("2024-01-01", 1_000_00, {"SLT": 30_00, "STAMP": 20_00}, "3 % = 30.00; 20.00 a filing")),
    *_state(
        "TX",
        ("2015-12-31", 1_000_00, {"SLT": 48_50, "STAMP": 60}, "4.85 % = 48.50; 0.06 % = 0.60"),
        ("2016-01-01", 1_000_00, {"SLT": 48_50, "STAMP": 1_50}, "4.85 % = 48.50; 0.15 % = 1.50"),
        ("2023-12-31", 1_000_00, {"SLT": 48_50, "STAMP": 75}, "4.85 % = 48.50; 0.075 % = 0.75"),
        ("2024-01-01", 1_000_00, {"SLT": 48_50, "STAMP": 40}, "4.85 % = 48.50; 0.04 % = 0.40"),
    ),
)

CASES = (
    *SPAIN,
    *UNITED_KINGDOM,
    *GERMANY,
    *FRANCE,
    *ITALY,
    *NETHERLANDS,
    *IRELAND,
    *PORTUGAL,
    *OTHERS,
    *SURPLUS_LINES,
)
