"""The plan of a run as Dagster shows it: amounts with their currency, and no table without a row."""

from types import SimpleNamespace
from typing import Any

from billing_assets.defs.rehearsals import rehearsal_metadata

FIGURE = {
    "product_code": "car",
    "place_code": "ES",
    "currency": "JPY",
    "charge_count": 3,
    "net_minor": 1_000,
    "tax_minor": 80,
    "total_minor": 1_080,
    "before_count": 2,
    "before_minor": 720,
}
CHARGE = {"outcome": "held", "reason_code": "", "charge_count": 1, "net_minor": 5, "currency": "KWD"}


def shown(report: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    rehearsal = {"due_count": 0, "charges": (), "figures": (), "comparisons": (), "outliers": (), **parts}
    run: Any = SimpleNamespace(
        run_id=7,
        state="held",
        plan_sha256="ab",
        held_reasons=({"found": "too many"},),
        rehearsal=rehearsal,
        report=report or {},
    )
    return rehearsal_metadata(run, lambda _rehearsal: b"png")


def test_a_plan_of_nothing_has_no_table_and_no_chart() -> None:
    assert shown() == {"state": "held", "plan_sha256": "ab", "held_for": "too many"}


def test_a_plan_of_a_selection_says_which_policies_it_is_of() -> None:
    assert shown({"selection": {"place_codes": ["ES"]}})["selection"] == "place ES"


def test_amounts_are_in_their_currency_beside_the_bills_before() -> None:
    facts = shown(due_count=4, figures=[FIGURE], charges=[CHARGE])
    (figure,) = facts["to_be_invoiced"].records
    assert (figure.data["net"], figure.data["total before"]) == ("1,000 JPY", "720 JPY")
    (charge,) = facts["charges_by_outcome"].records
    assert charge.data["net"] == "0.005 KWD"
    assert facts["chart"].value == "![run 7](data:image/png;base64,cG5n)"


def test_charges_without_a_tax_row_are_told_by_place_and_line() -> None:
    row = {
        "line_of_business": "home",
        "place_code": "DE",
        "charge_kind": "installment_fee",
        "charge_count": 3,
    }
    (untaxed,) = shown(untaxed=[row])["without_a_tax_row"].records
    assert untaxed.data == {
        "line of business": "home",
        "place": "DE",
        "charge": "installment fee",
        "charges": 3,
    }


def test_a_run_that_was_planned_before_there_were_rehearsals_has_its_state_alone() -> None:
    run: Any = SimpleNamespace(
        run_id=7, state="planned", plan_sha256="ab", held_reasons=(), rehearsal=None, report={}
    )
    assert rehearsal_metadata(run, lambda _rehearsal: b"") == {"state": "planned", "plan_sha256": "ab"}
