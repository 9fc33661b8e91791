"""The worklist of problems: filters, acts on several rows, and what refuses them."""

from fastapi.testclient import TestClient

from billing_assets.store.inbox import list_requests
from billing_assets.wiring.desk import Desk


def test_problems_are_found_by_code_age_and_owner(client: TestClient) -> None:
    for query, count in (("", 3), ("code=key_empty", 1), ("age=7", 1), ("owner=ana", 1), ("owner=nobody", 0)):
        assert client.get(f"/problems?{query}").text.count('name="row"') == count, query


def test_ticked_problems_are_given_away_noted_and_closed(client: TestClient, desk: Desk) -> None:
    form = {"row": ["1", "2"], "act": "assign", "owner": "motor team", "back": "age=1"}
    answer = client.post("/problems", data=form)
    assert answer.url.query == b"done=assign&count=2&age=1"
    assert "2 given to their new owner." in answer.text
    assert desk.problem(2).problem.owner == "motor team"
    client.post("/problems", data={"row": "1", "act": "note", "note": "asked the broker"})
    assert "asked the broker" in client.get("/problems").text
    assert "asked the broker" in client.get("/problems/1").text
    client.post("/problems", data={"row": ["1", "2"], "act": "close", "note": "corrected"})
    assert not desk.problem(1).problem.is_open


def test_one_row_that_refuses_keeps_all_as_they_are_and_says_why(client: TestClient, desk: Desk) -> None:
    form = {"row": ["1", "3", "99"], "act": "close", "note": "corrected"}
    answer = client.post("/problems", data=form)
    assert answer.status_code == 409
    assert "Nothing was done." in answer.text
    assert "it says why a policy term is held" in answer.text
    assert "Problem 99" in answer.text
    assert desk.problem(1).problem.is_open
    assert 'value="1" aria-label="Tick 1" checked' in answer.text


def test_without_a_row_or_a_note_nothing_is_done(client: TestClient) -> None:
    assert "No row is ticked." in client.post("/problems", data={"act": "retry"}).text
    assert "Say why in the note" in client.post("/problems", data={"act": "close", "row": "1"}).text
    assert client.post("/problems", data={"act": "delete", "row": "1"}).status_code == 404


def test_the_policy_of_a_problem_is_asked_for_once(client: TestClient, desk: Desk) -> None:
    assert "Asked for: 1" in client.post("/problems", data={"act": "retry", "row": "1"}).text
    again = client.post("/problems", data={"act": "retry", "row": ["1", "2"]}).text
    assert "its policy is asked for already" in again
    assert "its row names no policy" in again
    with desk.database.transaction() as connection:
        (request,) = list_requests(connection, 1)
    assert (request.policy_number, str(request.until_date)) == ("POL-00000010", "2024-01-31")
