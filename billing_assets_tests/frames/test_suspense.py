"""Why nobody owns a payment, and which documents it may be for."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.frames.suspense import MOST_CANDIDATES, candidates, name_key, suspense_reasons


def reason(keys: list[str], *, wrong: bool = False, documents: Any = ()) -> str:
    payments = pl.DataFrame(
        [{"payment_id": 1, "currency": "EUR", "document_keys": keys, "has_wrong_reference": wrong}],
        schema_overrides={"document_keys": pl.List(pl.String)},
    )
    schema = {"document_key": pl.String, "payer_id": pl.Int64, "currency": pl.String, "open_minor": pl.Int64}
    frame = pl.DataFrame(list(documents), schema=schema, orient="row")
    return str(suspense_reasons(payments, frame)["reason_code"].item())


@pytest.mark.parametrize(
    ("keys", "wrong", "documents", "code"),
    [
        ([], False, (), "no_reference"),
        ([], True, (), "wrong_reference"),
        (["D9"], False, (), "unknown_document"),
        (["D1"], False, [("D1", 1, "EUR", 0)], "document_paid"),
        (["D1"], False, [("D1", 1, "USD", 9)], "currency_differs"),
        (["D1", "D2"], False, [("D1", 1, "EUR", 9), ("D2", 2, "EUR", 9)], "several_payers"),
    ],
)
def test_each_has_its_reason(keys: list[str], wrong: bool, documents: Any, code: str) -> None:
    assert reason(keys, wrong=wrong, documents=documents) == code


def found(payer_name: str, text: str, amount: int, count: int = 1) -> pl.DataFrame:
    payments = [
        {
            "payment_id": 1,
            "currency": "EUR",
            "free_minor": amount,
            "payer_name": payer_name,
            "remittance_text": text,
        }
    ]
    documents = [
        {
            "invoice_id": number,
            "document_number": f"INV-{number:08d}",
            "payer_id": number,
            "payer_key": f"K{number}",
            "payer_name": "García López, Ana",
            "currency": "EUR",
            "due_date": date(2024, 3, 1),
            "open_minor": 4506,
        }
        for number in range(4567, 4567 + count)
    ]
    return candidates(pl.DataFrame(payments), pl.DataFrame(documents))


@pytest.mark.parametrize(
    ("name", "text", "amount", "marks"),
    [
        ("Ana Garcia Lopez", "", 1, (False, True, False)),
        ("X", "nr 4567", 1, (True, False, False)),
        ("X", "", 4506, (False, False, True)),
        ("ana garcía lópez", "0004567", 4506, (True, True, True)),
    ],
)
def test_a_candidate_says_what_speaks_for_it(name: str, text: str, amount: int, marks: Any) -> None:
    assert found(name, text, amount).select("is_named", "is_same_name", "is_same_amount").rows() == [marks]


def test_nothing_is_guessed_where_nothing_speaks_for_it() -> None:
    assert found("X", "premium", 1).is_empty()
    assert found("", "", 1).is_empty()


def test_the_best_come_first_and_not_all_of_them() -> None:
    rows = found("X", "nr 4570", 4506, count=9)
    assert rows.height == MOST_CANDIDATES
    assert rows["invoice_id"][0] == 4570


def test_names_are_compared_without_accents_and_order() -> None:
    names = pl.DataFrame({"n": ["Núñez  Ñu", "NU NUNEZ", ""]}).select(name_key(pl.col("n"))).to_series()
    assert names[0] == names[1]
    assert names[2] == ""
