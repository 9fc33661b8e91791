"""Jobs: the whole flow of a date, and its last step."""

from billing_assets.definitions import build_definitions
from billing_assets.wiring.settings import Settings


def steps_of(job: str) -> set[str]:
    """Names of the steps of a job."""
    found = build_definitions(Settings(_env_file=None)).resolve_job_def(job)
    assert found.partitions_def is not None
    return {node.name for node in found.nodes}


def test_bill_date_has_every_step_and_every_check() -> None:
    checks = {"invoices_checks", "deliveries_checks"}
    assert (
        steps_of("bill_date")
        == {"policy_book", "due_charges", "invoices", "documents", "deliveries"} | checks
    )


def test_deliver_is_the_last_step_and_what_is_checked_after_it() -> None:
    assert steps_of("deliver") == {"deliveries", "deliveries_checks"}
