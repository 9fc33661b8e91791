"""What the fonts of the template can draw, and what happens to the rest."""

import pytest

from billing_assets.documents.coverage import REPLACEMENT, Coverage, code_points
from billing_assets_tests.documents.samples import template


@pytest.mark.parametrize(
    "sample", ["ÁÉÍÓÚÜÑáéíóúüñ¿¡ºª·", "ĄĆĘŁŃÓŚŹŻ ŐŰ ČŘŽ ĞİŞ", "Ωμέγα", "Житомир Ґє", "€£$¥₹−–…  "]
)
def test_every_font_draws_latin_greek_and_cyrillic(sample: str) -> None:
    for content in template().fonts().values():
        assert {character for character in sample if ord(character) not in code_points(content)} == set()


def test_what_no_font_draws_is_replaced_everywhere_and_reported() -> None:
    missing: set[str] = set()
    view = {"name": "Ana 漢", "rows": [{"note": "ق"}], "count": 3, "none": None}
    printable = Coverage(template().fonts()).printable(view, missing)
    assert printable == {
        "name": f"Ana {REPLACEMENT}",
        "rows": [{"note": REPLACEMENT}],
        "count": 3,
        "none": None,
    }
    assert missing == {"漢", "ق"}


def test_the_replacement_itself_can_be_drawn() -> None:
    assert Coverage(template().fonts()).missing(REPLACEMENT) == set()


def test_a_file_that_is_no_font_is_refused() -> None:
    with pytest.raises(ValueError, match="OpenType"):
        code_points(b"wOF2" + bytes(100))
