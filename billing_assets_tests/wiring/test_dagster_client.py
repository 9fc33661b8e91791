"""The one question to Dagster: how it is asked, that Dagster understands it, what its silence comes to."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import httpx
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_graphql.cli import execute_query
from dagster_graphql.schema import create_schema
from graphql import OperationDefinitionNode, OperationType, parse, validate

import billing_assets
from billing_assets.wiring.dagster_client import ALLOWED, DagsterClient, DagsterRun

DAY = date(2024, 1, 31)
RUN = {"runId": "ab12", "jobName": "bill_date", "status": "SUCCESS", "startTime": 0}


def test_a_date_is_asked_for_and_nothing_else() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": {"runsOrError": {"results": [RUN]}}})

    client = DagsterClient("http://dagster.example", httpx.MockTransport(answer))
    assert client.runs_of(DAY) == [
        DagsterRun(
            run_id="ab12",
            job_name="bill_date",
            status="SUCCESS",
            started_at=datetime(1970, 1, 1, tzinfo=UTC),
            url="http://dagster.example/runs/ab12",
        )
    ]
    (request,) = asked
    body = json.loads(request.content)
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    assert body["variables"]["day"] == "2024-01-31"
    assert body["query"] == ALLOWED["RunsOfDate"]


def test_what_is_allowed_only_asks_and_dagster_understands_it() -> None:
    schema = create_schema().graphql_schema
    for name, words in ALLOWED.items():
        document = parse(words)
        [operation] = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.operation is OperationType.QUERY
        assert operation.name is not None
        assert operation.name.value == name
        assert validate(schema, document) == []


def test_dagster_itself_answers_with_the_runs_of_the_date_and_of_no_other(tmp_path: Path) -> None:
    @dg.job(partitions_def=dg.StaticPartitionsDefinition([DAY.isoformat(), "2024-02-01"]))
    def bill_date() -> None:
        """Do nothing."""

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = [
            bill_date.execute_in_process(instance=instance, partition_key=day)
            for day in (DAY.isoformat(), "2024-02-01")
        ]
        with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process:

            def answer(request: httpx.Request) -> httpx.Response:
                body = json.loads(request.content)
                return httpx.Response(200, json=execute_query(process, body["query"], body["variables"]))

            found = DagsterClient("http://d.example", httpx.MockTransport(answer)).runs_of(DAY)
    assert found is not None
    assert [(run.run_id, run.status) for run in found] == [(runs[0].run_id, "SUCCESS")]
    assert found[0].started_at is not None


def test_it_goes_where_it_was_sent_and_nowhere_else() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"location": "http://elsewhere.example/graphql"})

    assert DagsterClient("http://d.example", httpx.MockTransport(answer)).runs_of(DAY) is None
    assert asked == ["d.example"]


def test_nothing_else_of_the_program_speaks_to_dagster() -> None:
    package = Path(billing_assets.__file__).parent
    speakers = {path.name for path in package.rglob("*.py") if "/graphql" in path.read_text("utf-8")}
    assert speakers == {"dagster_client.py"}


def test_whatever_is_no_answer_is_silence() -> None:
    for response in (
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"data": {"runsOrError": {"__typename": "PythonError"}}}),
        httpx.Response(200, json={"data": {"runsOrError": {"results": [{}]}}}),
    ):
        client = DagsterClient("http://d.example", httpx.MockTransport(lambda _, found=response: found))
        assert client.runs_of(DAY) is None
