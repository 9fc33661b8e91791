"""The step that brings exchange rates in: a file of rates, kept as dated rows.

Belongs here: the order of the work. Does not belong here: the forms of files, the table.
"""

from pathlib import Path

from billing_assets.steps.rate_ports import RateReader, RateStore
from billing_assets.steps.result import StepResult, Stopwatch


def read_exchange_rates(
    path: Path, source: str, recorded_by: str, *, reader: RateReader, store: RateStore
) -> StepResult:
    """Keep the rates of a file, whole or not at all; the same file again changes nothing.

    Facts: ``file_name``, ``rate_count``, ``new_count``, ``corrected_count``, ``unchanged_count``,
    ``left_out`` (currencies that are not on the list of ISO 4217 any more), ``first_date``, ``last_date``.
    """
    watch = Stopwatch()
    with watch("read"):
        file = reader.read(path, source)
    with watch("write"):
        kept = store.keep(file.rates, recorded_by)
    days = sorted({rate.rate_date for rate in file.rates})
    return StepResult(
        step="read_exchange_rates",
        facts={
            "file_name": file.name,
            "rate_count": len(file.rates),
            "new_count": kept.new_count,
            "corrected_count": kept.corrected_count,
            "unchanged_count": kept.unchanged_count,
            "left_out": " ".join(file.left_out),
            "first_date": days[0].isoformat() if days else "",
            "last_date": days[-1].isoformat() if days else "",
        },
        seconds=watch.seconds,
    )
