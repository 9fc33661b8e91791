"""A charge line names the charge that it is, and a term has not too many of them."""

from billing_assets.domain.charge_lines import MAX_CHARGE_LINES, ChargeLine


def test_a_charge_line_is_a_value() -> None:
    names = {"charge_number": 1, "charge_code": "fire", "charge_name": "Fire"}
    line = ChargeLine(**names, line_of_business="home", premium_minor=120_00)  # type: ignore[arg-type]
    assert line == ChargeLine(**names, line_of_business="home", premium_minor=120_00)  # type: ignore[arg-type]


def test_the_places_of_charge_lines_fit_the_column_of_the_store() -> None:
    assert MAX_CHARGE_LINES < 2**15
