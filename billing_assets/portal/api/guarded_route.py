"""A route of the API: nobody comes through without its scope, and what it does is done once.

Belongs here: the order of a call: who it is, whether it was done already, doing it, keeping the answer.
Does not belong here: who may call (``callers``), the rows of kept answers (``store.api_requests``).
"""

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from anyio import CancelScope
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from billing_assets.domain.api_requests import KeptAnswer, RequestKey, checked_key
from billing_assets.portal.api.callers import Caller, authenticated, program_of
from billing_assets.portal.api.rules import Keeps, rule_of
from billing_assets.store.api_requests import claim_request, keep_answer, release_request
from billing_assets.wiring.build import utc_now

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_PATIENCE = "set local lock_timeout = '15s'"


class GuardedRoute(APIRoute):
    """A route that goes by the rule of its call."""

    def get_route_handler(self) -> _Handler:
        """Return what answers a request."""
        answer, rule = super().get_route_handler(), rule_of(self.endpoint)

        async def guarded(request: Request) -> Response:
            if rule.scope is None:
                return await answer(request)
            caller = await run_in_threadpool(authenticated, request, rule.scope)
            request.state.caller = caller
            if rule.keeps is Keeps.NOTHING:
                return await answer(request)
            wanted = _request_key(request, caller, await request.body())
            once = _together if rule.keeps is Keeps.TOGETHER else _apart
            # A client that hangs up leaves nothing half done: the answer is kept for when it asks again.
            answers: list[Response] = []
            with CancelScope(shield=True):
                answers.append(await once(request, wanted, answer))
            return answers[0]

        return guarded


def _request_key(request: Request, caller: Caller, body: bytes) -> RequestKey:
    word = checked_key(request.headers.get("idempotency-key", ""))
    query = request.url.query.encode()
    parts = (request.method.encode(), request.url.path.encode(), query, body)
    hashed = sha256(b"\n".join(sha256(part).digest() for part in parts))
    return RequestKey(
        company_id=caller.key.company_id,
        api_key_id=caller.key.api_key_id,
        idempotency_key=word,
        request_sha256=hashed.digest(),
    )


async def _together(request: Request, wanted: RequestKey, answer: _Handler) -> Response:
    """Do a request and keep its answer in one transaction; one that is refused leaves nothing."""
    database = program_of(request).database.acting_as(request.state.caller.key.actor)
    transaction = database.transaction()
    connection = await run_in_threadpool(transaction.__enter__)
    try:
        await run_in_threadpool(connection.exec_driver_sql, _PATIENCE)
        kept = await run_in_threadpool(claim_request, connection, wanted, utc_now())
        if kept is not None:
            response = _again(kept)
        else:
            request.state.connection = connection
            response = await answer(request)
            await run_in_threadpool(keep_answer, connection, wanted, _kept(response), utc_now())
    except BaseException as error:
        await run_in_threadpool(_leave, transaction, error)
        raise
    await run_in_threadpool(transaction.__exit__, None, None, None)
    return response


def _leave(transaction: Any, error: BaseException) -> None:  # noqa: ANN401 - a context manager
    """End a transaction by an exception, which its caller raises on."""
    try:
        transaction.__exit__(type(error), error, error.__traceback__)
    except type(error):
        return


async def _apart(request: Request, wanted: RequestKey, answer: _Handler) -> Response:
    """Claim a request, do it, keep its answer; one that is refused gives its claim up."""
    kept = await run_in_threadpool(_claim, request, wanted)
    if kept is not None:
        return _again(kept)
    try:
        response = await answer(request)
    except BaseException:
        await run_in_threadpool(_release, request, wanted)
        raise
    await run_in_threadpool(_keep, request, wanted, _kept(response))
    return response


def _claim(request: Request, wanted: RequestKey) -> KeptAnswer | None:
    with program_of(request).database.transaction() as connection:
        return claim_request(connection, wanted, utc_now())


def _release(request: Request, wanted: RequestKey) -> None:
    with program_of(request).database.transaction() as connection:
        release_request(connection, wanted, utc_now())


def _keep(request: Request, wanted: RequestKey, kept: KeptAnswer) -> None:
    with program_of(request).database.transaction() as connection:
        keep_answer(connection, wanted, kept, utc_now())


def _kept(response: Response) -> KeptAnswer:
    return KeptAnswer(
        status=response.status_code,
        content_type=response.headers.get("content-type", ""),
        location=response.headers.get("location", ""),
        etag=response.headers.get("etag", ""),
        body=bytes(response.body),
    )


def _again(kept: KeptAnswer) -> Response:
    """Return a kept answer, marked as one."""
    headers = {"Content-Type": kept.content_type, "Idempotency-Replayed": "true"}
    told = {"Location": kept.location, "ETag": kept.etag}
    return Response(
        kept.body, kept.status, headers={**headers, **{name: text for name, text in told.items() if text}}
    )
