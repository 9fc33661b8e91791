"""A mapping knows its fields and the columns it needs."""

from billing_assets.domain.book_mapping import (
    BOOK_FIELDS,
    DATE_FIELDS,
    KEY_FIELDS,
    REQUIRED_FIELDS,
    BookMapping,
    FieldSource,
)


def test_a_column_that_two_fields_use_is_needed_once() -> None:
    number = FieldSource(columns=("no",))
    mapping = BookMapping(fields={"policy_number": number, "payer_key": number})
    assert mapping.source_columns() == ("no",)


def test_every_named_group_of_fields_is_part_of_the_book() -> None:
    assert {*REQUIRED_FIELDS, *DATE_FIELDS, *KEY_FIELDS} <= set(BOOK_FIELDS)
