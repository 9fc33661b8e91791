"""Of the templates that fit a document the most specific one prints; a written rule breaks each tie."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.template_choice import (
    EVERY_DOCUMENT,
    FrozenTemplate,
    ScopedTemplate,
    TemplateChoice,
    TemplateScope,
    choice_of,
    name_inactive,
    name_unknown,
    required_name,
    scope_from,
)

SHIPPED = FrozenTemplate(template_version_id=0, template_sha256="shipped")
CAR = TemplateScope(product_codes=("car",))
SPAIN = TemplateScope(place_codes=("ES",))
SPANISH = TemplateScope(languages=("es",))
CAR_IN_SPAIN = TemplateScope(product_codes=("car", "van"), place_codes=("ES",))
CAR_IN_SPANISH = TemplateScope(product_codes=("car",), languages=("es",))
SPAIN_IN_SPANISH = TemplateScope(place_codes=("ES", "ES-CN"), languages=("es",))


def choice(*scopes: TemplateScope, named: tuple[TemplateScope, ...] = ()) -> TemplateChoice:
    """The choice between templates numbered from 1 on, the first of which became active last."""
    return choice_of(
        SHIPPED,
        [
            ScopedTemplate(
                scope=scope,
                template=FrozenTemplate(template_version_id=number, template_sha256=str(number)),
                is_named=number > len(scopes),
            )
            for number, scope in enumerate((*scopes, *named), start=1)
        ],
    )


def chosen(
    found: TemplateChoice, product: str | None = "car", place: str = "ES", language: str = "es"
) -> int:
    return found.of(product, place, language).template_version_id


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((), 0),
        ((EVERY_DOCUMENT,), 1),
        ((EVERY_DOCUMENT, SPANISH), 2),
        # One says as much as the other: the product counts before the place, and that before the language.
        ((SPANISH, SPAIN, CAR), 3),
        ((SPANISH, SPAIN), 2),
        # Two say more than one, whichever they are.
        ((CAR, SPAIN_IN_SPANISH), 2),
        ((SPAIN_IN_SPANISH, CAR_IN_SPANISH, CAR_IN_SPAIN), 3),
        ((SPAIN_IN_SPANISH, CAR_IN_SPANISH), 2),
        # The same: the one that became active last.
        ((CAR, CAR), 1),
        ((EVERY_DOCUMENT, EVERY_DOCUMENT), 1),
        # Several codes in a list are no less specific than one.
        ((TemplateScope(product_codes=("bus", "car")), CAR), 1),
    ],
)
def test_the_most_specific_one_prints(scopes: tuple[TemplateScope, ...], expected: int) -> None:
    assert chosen(choice(*scopes)) == expected


def test_what_a_run_asks_for_by_its_name_comes_first_where_it_fits() -> None:
    found = choice(CAR_IN_SPAIN, named=(SPANISH,))
    assert chosen(found) == 2
    assert chosen(found, language="en") == 1
    assert chosen(found, "home", "FR", "en") == 0
    # A named one for every document leaves nothing to the others.
    whole = choice(CAR_IN_SPAIN, named=(EVERY_DOCUMENT,))
    assert (chosen(whole), whole.scoped) == (2, ())


@pytest.mark.parametrize(
    ("languages", "spoken", "fits"),
    [
        (("es",), "es", True),
        (("es",), "es-MX", True),
        (("es",), "es_MX", True),
        (("ES",), "es", True),
        (("es-MX",), "es", False),
        (("es",), "est", False),
        (("en", "es-MX"), "es-MX", True),
    ],
)
def test_a_language_without_a_region_is_that_of_every_region(
    languages: tuple[str, ...], spoken: str, fits: bool
) -> None:
    assert (chosen(choice(TemplateScope(languages=languages)), language=spoken) == 1) is fits


def test_a_language_with_its_region_comes_before_one_without() -> None:
    found = choice(SPANISH, TemplateScope(languages=("es-MX",)))
    assert (chosen(found, language="es-MX"), chosen(found, language="es-ES")) == (2, 1)


def test_a_document_of_several_products_is_of_none_and_a_country_is_not_its_regions() -> None:
    assert chosen(choice(CAR), None) == 0
    assert chosen(choice(SPAIN), None) == 1
    assert chosen(choice(TemplateScope(place_codes=("US",))), place="US-FL") == 0


def test_nothing_is_asked_for_that_does_not_decide() -> None:
    assert (choice(SPANISH).asks_for_terms, choice(SPANISH).asks_for_languages) == (False, True)
    assert (choice(SPAIN).asks_for_terms, choice(SPAIN).asks_for_languages) == (True, False)
    assert choice(EVERY_DOCUMENT).scoped == ()


def test_a_scope_is_read_from_texts_and_what_is_wrong_is_named() -> None:
    assert scope_from({"product_codes": "van, car", "place_codes": "ES", "languages": "es, en-GB"}) == (
        TemplateScope(product_codes=("car", "van"), place_codes=("ES",), languages=("en-GB", "es"))
    )
    assert scope_from({}) == EVERY_DOCUMENT
    with pytest.raises(BillingError, match="template_scope_invalid") as refused:
        scope_from({"place_codes": "Narnia", "languages": "klingon!"})
    assert "place 'Narnia'" in refused.value.found
    assert "language 'klingon!'" in refused.value.found


def test_a_name_is_a_code() -> None:
    assert (required_name(""), required_name(" winter-2 ")) == ("", "winter-2")
    with pytest.raises(BillingError, match="template_name_invalid"):
        required_name("Winter 2")
    assert "winter" in name_unknown("x", ["winter"]).todo
    assert "add one" in name_unknown("x", []).todo
    assert name_inactive("x", "2027-01-01").code == "template_name_inactive"
