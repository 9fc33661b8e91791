"""What all assets have in common, so that the pages of Dagster read as one.

Belongs here: owners, group, pool, retries by date, versions. Does not belong here: what one asset does.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

OWNERS = ["team:billing-operations"]
GROUP = "billing"
POOL = "billing"
"""Whatever takes a slot of this pool waits for the run that holds it (see dagster.yaml)."""

ONE_RUN_PER_DATE = dg.BackfillPolicy.multi_run(1)
"""Each date of a backfill is a run of its own: one row to find, to read and to repeat."""

TEMPLATE_TAG = "billing/template"
"""Tag of a run of Dagster whose documents are printed by the company's templates of a name.

A tag, because dates have no form of their own, and because Dagster gives it to whatever repeats the run.
"""

TAGS = {"domain": "billing", "personal_data": "none_in_metadata"}

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""States of a run of Dagster that has not ended."""

_MARKED_FEATURES = (
    (dg.BetaWarning, r".*`backfill_policy` of function `asset`"),
    (dg.BetaWarning, r".*`multi_observable_source_asset`"),
    (dg.PreviewWarning, r".*partitions_def on an AssetCheckSpec"),
)
"""What we use although Dagster may still change it: a run per date, the observed book, checks with a status
per date."""


def is_under_way(instance: dg.DagsterInstance, job_name: str) -> bool:
    """Tell whether a run of a job has begun, or waits to, and has not ended.

    >>> with dg.DagsterInstance.ephemeral() as instance:
    ...     is_under_way(instance, "notify")
    False
    """
    return instance.get_runs_count(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED)) > 0


def run_unless_under_way(
    instance: dg.DagsterInstance, job_name: str, busy: str, *, tags: Mapping[str, str] | None = None
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run of a job, or say ``busy`` where one is on: it finds what the other would.

    >>> with dg.DagsterInstance.ephemeral() as instance:
    ...     run_unless_under_way(instance, "notify", "it is on", tags={"found": "a late date"}).tags
    {'found': 'a late date'}
    """
    if is_under_way(instance, job_name):
        return dg.SkipReason(busy)
    return dg.RunRequest(tags=tags)


@contextmanager
def accepted_features() -> Iterator[None]:
    """Let the marked features that we use pass without a warning, and no others."""
    with warnings.catch_warnings():
        for category, message in _MARKED_FEATURES:
            warnings.filterwarnings("ignore", message, category)
        yield
