"""France: tax on insurance contracts (TCA), guarantee fund for motor liability, contribution to the FGTI.

A contract of several covers (home, whole motor) is taxed part by part: the book names the parts, or has
its own rows. Not shipped: reduced rates on fire insurance of businesses and farms, heavy vehicles, boats,
goods in transit, health (taxe de solidarité additionnelle), medical liability, natural disaster funds.
"""

from datetime import date
from functools import partial

from billing_assets.domain.tax_rule import ANY_LINE, PREMIUM_AND_FEES, Basis, Category, TaxRule

_2016 = date(2016, 1, 1)
_TCA = partial(TaxRule, tax_code="FR-TCA", place_code="FR", charge_kinds=PREMIUM_AND_FEES, valid_from=_2016)
_FGTI = partial(TaxRule, tax_code="FR-FGTI", place_code="FR", basis=Basis.TERM, currency="EUR")


def _terrorism_fund(line_of_business: str) -> tuple[TaxRule, ...]:
    """The contribution of each contract of property insurance."""
    return (
        _FGTI(
            line_of_business=line_of_business,
            amount_minor=4_30,
            valid_from=_2016,
            valid_to=date(2017, 1, 1),
            source="Code des assurances art. L. 422-1, arrêté du 30 octobre 2015, 4.30 € per contract",
        ),
        _FGTI(
            line_of_business=line_of_business,
            amount_minor=5_90,
            valid_from=date(2017, 1, 1),
            valid_to=date(2024, 7, 1),
            source="Code des assurances art. L. 422-1, arrêté du 10 novembre 2016, 5.90 € per contract",
        ),
        _FGTI(
            line_of_business=line_of_business,
            amount_minor=6_50,
            valid_from=date(2024, 7, 1),
            source="Code des assurances art. L. 422-1, 6.50 € per contract since 1 July 2024",
        ),
    )


def _left_out(line_of_business: str, source: str) -> TaxRule:
    return _TCA(line_of_business=line_of_business, category_code=Category.LEFT_OUT, source=source)


_PARTS = "CGI art. 1001 taxes the covers of such a contract at different rates: name the parts as lines"

RULES = (
    _TCA(line_of_business=ANY_LINE, rate_ppm=90_000, source="CGI art. 1001, 6°, 9 %"),
    _TCA(line_of_business="fire", rate_ppm=300_000, source="CGI art. 1001, 1°, 30 % (private property)"),
    *_terrorism_fund("fire"),
    _TCA(
        line_of_business="motor_damage",
        rate_ppm=180_000,
        source="CGI art. 1001, 5° bis, 18 % (cover of a vehicle that is not compulsory)",
    ),
    *_terrorism_fund("motor_damage"),
    _TCA(
        line_of_business="motor_liability",
        rate_ppm=330_000,
        source="CGI art. 1001, 5° quater, 33 % since Loi 2014-1554 art. 22 (vehicles up to 3.5 t)",
    ),
    TaxRule(
        tax_code="FR-FGAO",
        place_code="FR",
        line_of_business="motor_liability",
        rate_ppm=20_000,
        valid_from=_2016,
        source="Code des assurances art. L. 421-4-1 with arrêté du 9 juin 2010, 1.2 %, and art. L. 421-6-1 "
        "with décret 2013-526, 0.8 %",
    ),
    _TCA(
        line_of_business="legal_expenses",
        rate_ppm=125_000,
        valid_to=date(2017, 1, 1),
        source="CGI art. 1001, 5° ter, 12.5 %",
    ),
    _TCA(
        line_of_business="legal_expenses",
        rate_ppm=134_000,
        valid_from=date(2017, 1, 1),
        source="CGI art. 1001, 5° ter, 13.4 %",
    ),
    _TCA(
        line_of_business="life",
        category_code=Category.EXEMPT,
        exemption_reason="Exonéré de la taxe sur les conventions d'assurances: assurance sur la vie",
        source="CGI art. 995: assurances sur la vie et assimilées",
    ),
    _left_out("motor", _PARTS),
    _left_out("home", _PARTS),
    _left_out("home_building", _PARTS),
    _left_out("home_contents", _PARTS),
    _left_out(
        "health",
        "Code de la sécurité sociale art. L. 862-4: solidarity tax at rates by kind of contract, not shipped",
    ),
)
