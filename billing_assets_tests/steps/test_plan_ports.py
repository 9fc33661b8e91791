"""The error that names the bad fields of plans names each, up to a bound."""

from billing_assets.domain.text_fields import Fault
from billing_assets.steps.plan_ports import plans_invalid


def test_each_fault_is_named_and_the_rest_is_counted() -> None:
    faults = [(f"row {number}", Fault("lead_days", "no number")) for number in range(2, 60)]
    error = plans_invalid("plans.csv", [*faults, ("row 60", Fault("", "too short"))])
    assert error.found.startswith("plans.csv: row 2, lead_days: no number; row 3, ")
    assert error.found.endswith("; and 9 more")
    assert plans_invalid("f", [("row 2", Fault("", "too short"))]).found == "f: row 2: too short"
