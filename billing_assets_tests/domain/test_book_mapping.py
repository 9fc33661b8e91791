"""A mapping knows its fields and the columns it needs."""

from dataclasses import replace

import pytest

from billing_assets.domain.book_mapping import (
    BOOK_FIELDS,
    DATE_FIELDS,
    KEY_FIELDS,
    REQUIRED_FIELDS,
    BookMapping,
    ChargeSource,
    FieldSource,
    require_known_values,
)
from billing_assets.domain.errors import BillingError


def test_a_column_that_two_fields_use_is_needed_once() -> None:
    number = FieldSource(columns=("no",))
    mapping = BookMapping(fields={"policy_number": number, "payer_key": number})
    assert mapping.source_columns() == ("no",)


def test_a_map_may_empty_a_field_only_where_a_constant_fills_it() -> None:
    emptied = FieldSource(columns=("cur",), values={"-": "", "E": "EUR"})
    require_known_values(BookMapping(fields={"currency": replace(emptied, constant="GBP")}), ())
    with pytest.raises(BillingError, match=r"'' in 'columns\.currency\.map\.-'"):
        require_known_values(BookMapping(fields={"currency": emptied}), ())


@pytest.mark.parametrize(
    ("name", "value", "todo"),
    [
        ("line_of_business", "MOTOR", "did you mean 'motor'?"),
        ("line_of_business", "zzz", "choose from accident, "),
        ("currency", "12", "docs/reference/mapping.md"),
        ("plan_code", "q", "choose from monthly, yearly ('billing rules plans list' shows"),
    ],
)
def test_a_value_that_no_row_can_have_is_answered_by_the_nearest_or_by_those_there_are(
    name: str, value: str, todo: str
) -> None:
    mapping = BookMapping(fields={name: FieldSource(constant=value)}, file_name="book.yaml")
    with pytest.raises(BillingError, match="mapping_invalid") as caught:
        require_known_values(mapping, {"yearly", "monthly"})
    assert f"book.yaml: '{value}' in 'constants.{name}'" in caught.value.found
    assert todo in caught.value.todo


def test_every_named_group_of_fields_is_part_of_the_book() -> None:
    assert {*REQUIRED_FIELDS, *DATE_FIELDS, *KEY_FIELDS} <= set(BOOK_FIELDS)


def test_a_charge_line_of_an_unknown_line_of_business_is_refused_with_the_nearest_one() -> None:
    charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F", line_of_business="fires")
    with pytest.raises(BillingError) as caught:
        require_known_values(BookMapping(fields={}, charges=(charge,)), {"monthly"})
    assert "'fires' in 'charges.fire.line_of_business' is no known value" in caught.value.found
    assert caught.value.todo == "did you mean 'fire'?"
