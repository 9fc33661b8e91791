"""The office as a browser sees it: the app over a filled store, on a port of this machine.

Belongs here: starting and ending it, the pages that there are.
Does not belong here: what stands in the store (``office_book``), what the pages show (the tests).
"""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI
from playwright._impl._api_structures import SetCookieParam
from sqlalchemy import text

from billing_assets.domain.access import Role
from billing_assets.portal.access import COOKIE
from billing_assets.portal.app import create_app
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk

_READY_SECONDS = 30
_PASSWORD = "a horse in the rain"


@contextmanager
def served_office(desk: Desk) -> Iterator[str]:
    """Serve the pages over a desk and yield where."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = desk
        yield

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(opened), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _READY_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def session_of(desk: Desk, url: str) -> SetCookieParam:
    """Sign an administrator in and return the cookie of their browser."""
    access = AccessDesk(desk.database, desk.company_id, desk.billing.settings)
    access.add_user("lucia.serrano@example.com", Role.ADMINISTRATOR, name="Lucía Serrano", password=_PASSWORD)
    (user,) = access.users()
    return {"name": COOKIE, "value": access.open_session(user.actor), "url": url}


_EXAMPLES = """
select (select max(run_id) from billing_run where state = 'finalised') as run,
    (select max(run_id) from billing_run where state = 'held') as held,
    (select max(run_id) from billing_run where state = 'running') as running,
    (select max(billing_date) from billing_run where state = 'running') as running_date,
    (select document_number(prefix, last_number) from number_series where last_number > 0 order by 1 limit 1)
        as invoice,
    (select document_number(s.prefix, i.invoice_number) from invoice i join number_series s
            using (number_series_id)
        where i.document_kind = 'invoice' and not exists (
            select from invoice n where n.credited_invoice_id = i.invoice_id)
        order by i.invoice_id limit 1) as standing,
    (select max(problem_id) from problem) as problem,
    (select max(document_request_id) from document_request where state = 'answered') as request,
    (select max(document_request_id) from document_request where state = 'waiting') as request_waiting,
    (select max(delivery_id) from delivery where state = 'failed' and attempt_count = 1) as delivery,
    (select min(pause_id) from schedule_pause where resumed_at is null) as pause,
    (select min(hold_id) from clock_hold where lifted_at is null) as hold,
    (select min(from_date) from clock_hold where lifted_at is null) as held_from,
    (select max(until_date) from clock_hold where lifted_at is null) as held_until
"""


def _requests(answered: int, waiting: int) -> Mapping[str, str]:
    one = {"request": f"/requests/{answered}", "request-waiting": f"/requests/{waiting}"}
    return {"requests": "/requests", **one}


def office_pages(desk: Desk) -> Mapping[str, str]:
    """Return name -> address of every page, of each kind the newest example."""
    with desk.database.transaction() as connection:
        row = connection.execute(text(_EXAMPLES)).one()
    hold = f"clocks=bill&clocks=send&place_codes=GB&from_date={row.held_from}&until_date={row.held_until}"
    return {
        "today": "/",
        "runs": "/runs",
        "run": f"/runs/{row.run}",
        "run-held": f"/runs/{row.held}",
        "run-under-way": f"/runs/{row.running}",
        "run-charges": f"/runs/{row.run}/charges",
        "run-asked": f"/runs/new?billing_date={row.running_date}&deliver=on",
        "invoices": "/invoices",
        "invoice": f"/invoices/{row.invoice}",
        "explanation": f"/invoices/{row.invoice}/explanation",
        "regenerate": f"/invoices/{row.standing}/regenerate",
        "on-demand": "/invoices/on-demand",
        "payments": "/payments",
        "suspense": "/suspense",
        **_requests(row.request, row.request_waiting),
        "templates": "/templates",
        "failures": "/failures",
        "problems": "/problems",
        "problem": f"/problems/{row.problem}",
        "deliveries": "/deliveries",
        "delivery": f"/deliveries/{row.delivery}",
        "statuses": "/statuses",
        "forecast": "/forecast",
        "schedules": "/schedules",
        "schedule": "/schedules/code/nightly",
        "schedule-new": "/schedules/new",
        "schedule-edit": "/schedules/code/nightly/edit",
        "schedule-pauses": "/schedules/pauses",
        "schedule-pause": f"/schedules/pauses/{row.pause}",
        "schedule-calendar": "/schedules/calendar",
        "schedule-timeline": "/schedules/timeline",
        "schedule-week": "/schedules/timeline?days=7",
        "holds": "/holds?lifted=true",
        "hold-new": f"/holds/new?{hold}",
        "hold-preview": f"/holds/preview?{hold}",
        "hold-lift": f"/holds/{row.hold}/lift",
        "users": "/users",
        "audit-log": "/audit-log",
        "nowhere": "/nowhere",
    }
