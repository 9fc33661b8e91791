"""Fixtures of the API: systems with keys of each kind, over the small store that is billed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from billing_assets.domain.api_keys import Scope
from billing_assets.portal.api.specification import BASE
from billing_assets.store.companies import save_company
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.portal.conftest import OFFICE

SystemOf = Callable[..., "System"]
EVERYTHING = tuple(scope.value for scope in Scope)
_NUMBERS = count(1)

TERM = {
    "event_key": "web-7",
    "event_kind": "policy",
    "version": 1,
    "policy_number": "WEB-7",
    "payer_name": "Ana García Ruiz",
    "line_of_business": "motor",
    "place_code": "ES",
    "currency": "EUR",
    "plan_code": "monthly",
    "effective_date": "2025-03-01",
    "expiration_date": "2026-03-01",
    "premium_minor": 61200,
}
SCHEDULE = {
    "schedule_code": "nightly",
    "name": "Nightly run",
    "activity": "invoice_run",
    "frequency_code": "daily",
    "anchor_date": "2025-01-01",
    "at_times": ["06:00"],
    "time_zone": "Europe/Madrid",
    "owner": "ana",
    "note": "agreed with finance",
}


class System:
    """A system that calls with a key; each POST has a key of its own unless one is given."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.client = client
        self.key = key

    def get(self, path: str, **more: object) -> httpx2.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, once: str = "", **more: object) -> httpx2.Response:
        return self.call("POST", path, headers={"Idempotency-Key": once or f"k{next(_NUMBERS)}"}, **more)

    def call(self, method: str, path: str, **more: object) -> httpx2.Response:
        given = dict(more)
        headers = {"Authorization": f"Bearer {self.key}", **dict(given.pop("headers", {}))}  # type: ignore[call-overload]
        place = path if path.startswith(BASE) else f"{BASE}{path}"
        return self.client.request(method, place, headers=headers, **given)  # type: ignore[arg-type]


@pytest.fixture
def keys(desk: Desk) -> KeyDesk:
    """The keys of the company."""
    return KeyDesk(desk.database, desk.company_id, desk.billing.settings)


@pytest.fixture
def anybody(app: FastAPI) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(app, base_url=OFFICE, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def system_of(anybody: TestClient, keys: KeyDesk) -> SystemOf:
    """Make a system whose key has these scopes."""

    def made(*scopes: str) -> System:
        partner = "partner" if Scope.DOCUMENTS_PULL in scopes else ""
        return System(anybody, keys.add("policy system", scopes, partner_code=partner)[1])

    return made


@pytest.fixture
def system(system_of: SystemOf) -> System:
    """A system that may do everything."""
    return system_of(*EVERYTHING)


@pytest.fixture
def foreigner(anybody: TestClient, desk: Desk) -> System:
    """A system of another company, that may do everything there."""
    other = replace(COMPANY, company_code="other", invoice_prefix="OTH-", credit_note_prefix="OTC-")
    with desk.database.transaction() as connection:
        save_company(connection, replace(other, on_demand_prefix="OTD-"), AT)
        from billing_assets.store.companies import read_issuer

        company_id = read_issuer(connection, "other").company_id
    theirs = KeyDesk(desk.database, company_id, desk.billing.settings)
    return System(anybody, theirs.add("theirs", EVERYTHING, partner_code="partner")[1])
