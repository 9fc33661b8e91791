"""Values are written as the reader's language and currency have them, and exactly where they do not end."""

from datetime import date
from fractions import Fraction

import pytest

from billing_assets.documents.explanation_values import Reader, shown_value
from billing_assets.documents.labels import load_catalogues
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, minor
from billing_assets_tests.domain.sources import line

FOLDER = default_templates_dir()


def reader(currency: str = "EUR", language: str = "en", locale_code: str = "en_GB") -> Reader:
    words, names = (
        load_catalogues(load_template(FOLDER, kind))[language] for kind in ("explanation", "invoice")
    )
    return Reader(words, names, locale_code, currency)


@pytest.mark.parametrize(
    ("currency", "exact", "text"),
    [
        ("EUR", Fraction(25, 2), "€0.125"),
        ("JPY", Fraction(7_001, 4), "JP¥1,750.25"),
        ("KWD", Fraction(10_000, 3), "3.3333333… (exactly 10/3)"),
        ("EUR", Fraction(10**17, 3), "333,333,333,333,333.333333… (exactly 1000000000000000/3)"),
    ],
)
def test_an_exact_amount_is_written_in_full_or_as_a_fraction(
    currency: str, exact: Fraction, text: str
) -> None:
    assert reader(currency).exact(exact) == text


def test_a_place_is_its_country_with_the_part_that_it_is() -> None:
    assert reader(language="es", locale_code="es_ES").place("GB") == "Reino Unido"
    assert reader().place("US-NY") == "United States (US-NY)"


def test_closed_days_say_why_they_are_closed() -> None:
    days = (date(2024, 12, 25), date(2024, 12, 28))
    rolled = Explained(
        subject=Subject.PLANNED_DUE_DATE,
        formula=Formula.ROLLED,
        inputs=(
            Input(name="nominal_due_date", value=days[0], unit=Unit.DATE),
            Input(name="roll", value="following", unit=Unit.CODE),
            Input(name="place_code", value="GB", unit=Unit.CODE),
            Input(name="closed_days", value=days, unit=Unit.DATES),
        ),
    )
    values = reader().values_of(rolled)
    assert values["closed_days"] == (
        "Wednesday, 25 December 2024 (public holiday), Saturday, 28 December 2024 (weekend)"
    )
    assert (values["roll"], shown_value(rolled, line(), reader())) == (
        "the next open day",
        "26 December 2024",
    )


def test_a_share_of_several_lines_is_said_with_both_roundings() -> None:
    share = Explained(
        subject=Subject.TAX_SHARE,
        formula=Formula.RUNNING_SHARE,
        inputs=(
            minor("running", 214),
            minor("before", 107),
            Input(name="factor", value=Fraction(8, 100), unit=Unit.RATE),
        ),
        rounding=Rounding.HALF_UP,
    )
    values = reader().values_of(share)
    assert (values["factor"], values["running_tax"], values["before_tax"]) == ("8%", "€0.17", "€0.09")
    assert shown_value(share, line(), reader()) == "€0.08"


def test_an_installment_and_a_period_are_said_as_people_say_them() -> None:
    count = Explained(
        subject=Subject.COUNT,
        formula=Formula.PATTERN_COUNT,
        inputs=(Input(name="installment_count", value=12, unit=Unit.COUNT),),
    )
    period = Explained(
        subject=Subject.PERIOD,
        formula=Formula.PATTERN_PERIOD,
        inputs=(
            Input(name="planned_from_date", value=date(2024, 1, 1), unit=Unit.DATE),
            Input(name="planned_to_date", value=date(2024, 2, 1), unit=Unit.DATE),
        ),
    )
    assert shown_value(count, line(), reader()) == "1 of 12"
    assert shown_value(period, line(), reader()) == "1–31 Jan 2024"
