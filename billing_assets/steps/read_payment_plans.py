"""The step that brings payment plans in: a file of plan rows, kept with who, when and why.

Belongs here: the order of the work. Does not belong here: the form of the file, the table.
"""

from pathlib import Path

from billing_assets.domain.decisions import signed
from billing_assets.steps.plan_ports import PlanReader, PlanStore
from billing_assets.steps.result import StepResult, Stopwatch


def read_payment_plans(
    path: Path, note: str, recorded_by: str, *, reader: PlanReader, store: PlanStore
) -> StepResult:
    """Keep the plan rows of a file, whole or not at all; the same file again changes nothing.

    Facts: ``file_name``, ``plan_count``, ``new_count``, ``ended_count``, ``unchanged_count``.

    Raises:
        BillingError: ``note_missing``, ``name_missing``, and what reader and store raise.
    """
    watch = Stopwatch()
    note, recorded_by = signed(note, recorded_by)
    with watch("read"):
        file = reader.read(path)
    with watch("write"):
        kept = store.keep(file, note, recorded_by)
    return StepResult(
        step="read_payment_plans",
        facts={
            "file_name": file.name,
            "plan_count": len(file.plans),
            "new_count": kept.new_count,
            "ended_count": kept.ended_count,
            "unchanged_count": kept.unchanged_count,
        },
        seconds=watch.seconds,
    )
