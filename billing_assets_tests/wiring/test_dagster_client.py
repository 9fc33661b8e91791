"""The one question to Dagster: how it is asked, and what its silence comes to."""

import json
from datetime import UTC, date, datetime

import httpx

from billing_assets.wiring.dagster_client import DagsterClient, DagsterRun

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
    assert body["query"].lstrip().startswith("query ")


def test_whatever_is_no_answer_is_silence() -> None:
    for response in (
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"data": {"runsOrError": {"__typename": "PythonError"}}}),
        httpx.Response(200, json={"data": {"runsOrError": {"results": [{}]}}}),
    ):
        client = DagsterClient("http://d.example", httpx.MockTransport(lambda _, found=response: found))
        assert client.runs_of(DAY) is None
