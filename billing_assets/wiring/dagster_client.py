"""What the office asks Dagster: which of its runs billed a date, and how they ended.

Belongs here: the questions that are allowed, written here, and the address. Does not belong here: any other;
Dagster's server has no sign-in, so that nothing of a page may reach it but a date.

A question is sent as POST of application/json and changes nothing. Where Dagster does not answer soon, the
page says so and shows the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import httpx

_PATIENCE_SECONDS = 2.0
_MOST_RUNS = 5

RUNS_OF_DATE = """
query RunsOfDate($day: String!, $limit: Int!) {
  runsOrError(filter: {tags: [{key: "dagster/partition", value: $day}]}, limit: $limit) {
    __typename
    ... on Runs { results { runId jobName status startTime } }
  }
}
"""


ALLOWED: Mapping[str, str] = MappingProxyType({"RunsOfDate": RUNS_OF_DATE})
"""Name -> all that is ever asked: each is a query, none a mutation, and no caller brings words of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsterRun:
    """A run of Dagster; ``status`` is its own word, such as SUCCESS."""

    run_id: str
    job_name: str
    status: str
    started_at: datetime | None
    url: str


class DagsterClient:
    """Asks one Dagster server, at ``url``, what :data:`ALLOWED` holds; follows it nowhere else."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Use the server at ``url``; ``transport`` takes the place of the network."""
        self.url = url
        self._transport = transport

    def runs_of(self, billing_date: date) -> Sequence[DagsterRun] | None:
        """Return the newest runs that billed a date, or None where Dagster does not answer."""
        variables = {"day": billing_date.isoformat(), "limit": _MOST_RUNS}
        try:
            found = self._ask("RunsOfDate", variables)["runsOrError"]["results"]
            return [self._run(row) for row in found]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    def _ask(self, name: str, variables: Mapping[str, object]) -> dict[str, Any]:
        body = {"operationName": name, "query": ALLOWED[name], "variables": variables}
        with httpx.Client(
            transport=self._transport, timeout=_PATIENCE_SECONDS, trust_env=False, follow_redirects=False
        ) as client:
            answer = client.post(f"{self.url}/graphql", json=body).raise_for_status().json()
        data: dict[str, Any] = answer["data"]
        return data

    def _run(self, row: dict[str, Any]) -> DagsterRun:
        started = row.get("startTime")
        run_id = str(row["runId"])
        return DagsterRun(
            run_id=run_id,
            job_name=str(row["jobName"]),
            status=str(row["status"]),
            started_at=None if started is None else datetime.fromtimestamp(started, UTC),
            url=f"{self.url}/runs/{run_id}",
        )
