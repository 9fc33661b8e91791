"""What rows disagree on is told by field and row, and never by what they say."""

import polars as pl

from billing_assets.frames.book_payers import PAYER_ROW
from billing_assets.frames.payer_conflicts import CONFLICT, conflict_words, disagreeing_payers


def rows(*contents: tuple[str, str], **fields: object) -> pl.DataFrame:
    made = [
        {
            "row_number": number,
            "payer_key": key,
            "payer_content": content,
            "payer_sha256": content,
            "problem_code": CONFLICT,
            "field_name": "payer_key",
            "payer_rows": None,
            **fields,
        }
        for number, (key, content) in enumerate(contents, start=2)
    ]
    return pl.DataFrame(made, schema_overrides={"payer_rows": pl.List(PAYER_ROW)})


def test_the_first_row_of_each_statement_is_named_with_the_fields_that_differ() -> None:
    ann, bob = '{"name": "Ann", "email": "a@x"}', '{"name": "Bob", "email": "a@x"}'
    told = conflict_words(rows(("K", ann), ("K", ann), ("K", bob), ("L", ann)))
    assert set(told) == {2, 3, 4, 5}
    assert told[2] == told[3] == told[4] == "K: payer_name not the same in rows 2, 4"
    assert not any(word in told[2] for word in ("Ann", "Bob"))


def test_of_many_statements_only_some_rows_are_named() -> None:
    told = conflict_words(rows(*(("K", f'{{"name": "{number}"}}') for number in range(9))))
    assert told[2] == "K: payer_name not the same in rows 2, 3, 4, 5, 6 and others"


def test_rows_with_other_problems_are_left_alone() -> None:
    assert conflict_words(rows(("K", "{}"), problem_code="key_conflict")) == {}
    assert disagreeing_payers(rows(("K", "{}"), problem_code=None)).is_empty()
