"""Recorded values beside what comes out now: equal ones are silent, each other one is named."""

from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest

from billing_assets.frames.columns import Schema
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.replays import (
    RECORDED_CHARGES,
    RECORDED_DOCUMENTS,
    RECORDED_LINES,
    RECORDED_TAXES,
    Recorded,
    differences,
    with_recorded_holds,
)

DAY = date(2024, 2, 1)
KEY = {
    "policy_term_id": 7,
    "installment_number": 1,
    "charge_kind": "premium",
    "revision": 0,
    "charge_number": 0,
    "payer_id": 3,
}
CHARGE = {
    **KEY,
    "policy_number": "P-1",
    "policy_term_version_id": 70,
    "outcome": "invoiced",
    "reason_code": None,
    "billing_date": DAY,
    "due_date": DAY,
    "period_from_date": DAY,
    "period_to_date": date(2024, 3, 1),
    "currency": "EUR",
    "net_minor": 100,
}
LINE = {
    **KEY,
    "installment_count": 12,
    "payment_plan_id": 5,
    "net_minor": 100,
    "tax_minor": 8,
    "contained_tax_minor": 0,
}
TAX = {"tax_rule_id": 1, "base_minor": 100, "tax_minor": 8}
HEAD = {
    "due_date": DAY,
    "tax_point_date": DAY,
    "currency": "EUR",
    "net_minor": 100,
    "tax_minor": 8,
    "total_minor": 108,
    "cash_unit_id": None,
    "cash_unit_minor": 0,
    "cash_rounding_minor": 0,
    "payer_version_id": 30,
    "record_format": 3,
    "invoice_number": 9,
    "snapshot_sha256": "s",
}
NOW = {"draft_index": 0}
THEN = {"invoice_id": 900}


def recorded(**changes: object) -> Recorded:
    """Return one invoice as recorded, with some values of it changed wherever they stand."""

    def rows(row: Mapping[str, object], schema: Schema) -> pl.DataFrame:
        changed = {name: value for name, value in changes.items() if name in row}
        return pl.DataFrame([{**row, **changed}], schema=schema)

    return Recorded(
        charges=rows({**CHARGE, **THEN}, RECORDED_CHARGES),
        lines=rows(LINE, RECORDED_LINES),
        taxes=rows({**TAX, **THEN}, RECORDED_TAXES),
        documents=rows({**HEAD, **THEN, "document_number": "INV-00000009"}, RECORDED_DOCUMENTS),
    )


def now() -> tuple[Drafts, pl.DataFrame]:
    """Return the same invoice as it comes out now."""
    charges = pl.DataFrame([{**CHARGE, **NOW}], schema={**RECORDED_CHARGES, "draft_index": pl.Int64})
    lines = pl.DataFrame([{**LINE, **NOW, "line_number": 1}])
    taxes, heads = pl.DataFrame([{**TAX, **NOW}]), pl.DataFrame([{**HEAD, **NOW}])
    bodies = pl.DataFrame()
    return Drafts(invoices=heads, lines=lines, taxes=taxes, charges=charges, bodies=bodies), heads


def test_equal_values_are_no_difference() -> None:
    assert differences(recorded(), *now()).is_empty()


@pytest.mark.parametrize(
    ("name", "value", "kinds"),
    [
        ("outcome", "held", ["charge"]),
        ("reason_code", "no_cover", ["charge"]),
        ("billing_date", date(2024, 1, 1), ["charge"]),
        ("installment_count", 11, ["line"]),
        ("payment_plan_id", 6, ["line"]),
        ("contained_tax_minor", 1, ["line"]),
        ("base_minor", 99, ["tax"]),
        ("tax_point_date", date(2024, 1, 1), ["document"]),
        ("payer_version_id", 31, ["document"]),
        ("total_minor", 109, ["document"]),
        ("cash_unit_id", 1, ["document"]),
        ("cash_unit_minor", 5, ["document"]),
        ("cash_rounding_minor", 2, ["document"]),
        ("invoice_number", 10, ["document"]),
        ("snapshot_sha256", "t", ["document"]),
        ("tax_minor", 9, ["document", "line", "tax"]),
        ("net_minor", 99, ["charge", "document", "line"]),
    ],
)
def test_a_value_that_differs_is_named_wherever_it_stands(name: str, value: object, kinds: list[str]) -> None:
    found = differences(recorded(**{name: value}), *now())
    assert found["kind"].to_list() == kinds
    assert set(found["field_name"]) == {name}
    assert set(found["recorded"]) == {str(value)}
    assert set(found["document_number"]) == {"INV-00000009"}


def test_a_record_of_an_earlier_form_is_compared_value_by_value_only() -> None:
    assert differences(recorded(record_format=2, snapshot_sha256="t"), *now()).is_empty()


def test_a_missing_value_is_shown_as_nothing() -> None:
    found = differences(recorded(reason_code="no_cover"), *now())
    assert found.select("recorded", "recomputed").rows() == [("no_cover", "")]


def test_a_charge_of_one_side_alone_is_named_once() -> None:
    drafts, heads = now()
    nothing = Drafts(
        invoices=heads.clear(),
        lines=drafts.lines.clear(),
        taxes=drafts.taxes.clear(),
        charges=drafts.charges.clear(),
        bodies=drafts.bodies,
    )
    gone = differences(recorded(), nothing, None)
    assert gone.select("kind", "recorded", "recomputed").rows() == [("not_due_now", "100", "")]
    none = recorded()
    empty = Recorded(
        charges=none.charges.clear(),
        lines=none.lines.clear(),
        taxes=none.taxes.clear(),
        documents=none.documents.clear(),
    )
    more = differences(empty, drafts, heads)
    assert more.select("policy_number", "kind", "recomputed").rows() == [("P-1", "not_recorded", "100")]


def test_a_hold_of_today_does_not_count_and_one_of_then_does() -> None:
    terms = pl.DataFrame({"policy_term_id": [7, 8], "hold_code": ["row_is_problem", None]})
    held = pl.DataFrame([{**CHARGE, "policy_term_id": 8, "outcome": "held", "reason_code": "row_is_problem"}])
    assert with_recorded_holds(terms, held)["hold_code"].to_list() == [None, "row_is_problem"]
