"""A person bills policies and regenerates invoices by a form; the dry run writes nothing."""

from typing import Any

from billing_assets.store.connection import Database
from billing_assets_tests.defs.conftest import FIRST, Run
from billing_assets_tests.defs.test_asked_runs import failure_of, output_of
from billing_assets_tests.state import business_state

APPROVAL = {"reason": "a wrong premium", "approved_by": "A. Gil"}


def test_policies_are_billed_once_and_a_dry_run_writes_nothing(ask: Run, store: Database) -> None:
    form: dict[str, Any] = {"policy_numbers": ["POL-00000001"], "until": "2024-12-31"}
    job = ("invoice_policies", "bill_policies")
    before = business_state(store)
    dry = output_of(ask(*job, **form))
    assert (dry["dry_run"], dry["policies_billed"]) == (True, 1)
    assert "total_eur" in dry
    assert business_state(store) == before
    done = output_of(ask(*job, **form, dry_run=False))
    assert str(done["documents"]).startswith("OND-00000001")
    after = business_state(store)
    assert output_of(ask(*job, **form, dry_run=False))["policies_billed"] == 0
    assert business_state(store) == after


def test_invoices_are_regenerated_once_with_a_reason(ask: Run, store: Database) -> None:
    ask("bill_once", "bill", billing_date=FIRST, deliver=False)
    form: dict[str, Any] = {"invoice_numbers": ["INV-00000001"], **APPROVAL}
    job = ("regenerate_invoices", "replace_invoices")
    assert failure_of(ask(*job, **form))[0] == "replacement_unchanged"
    before = business_state(store)
    dry = output_of(ask(*job, **form, even_if_same=True))
    assert "otherwise: nothing" in str(dry["INV-00000001"])
    assert business_state(store) == before
    done = output_of(ask(*job, **form, even_if_same=True, dry_run=False))
    assert str(done["INV-00000001"]).startswith("INV-")
    again = failure_of(ask(*job, **form, even_if_same=True, dry_run=False))
    assert again[0] == "invoice_reversed"
