"""Endpoints: replaced and removed, never changed, and both acts are kept."""

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.push_endpoints import SqlEndpointStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets_tests.books import AT
from billing_assets_tests.store.intake import with_company

URL = "https://broker.example/in"


@pytest.fixture
def store(database: Database) -> SqlEndpointStore:
    return SqlEndpointStore(with_company(database), lambda: AT, Sealer(("k" * 32,)))


def test_another_secret_takes_the_place_of_the_first(store: SqlEndpointStore) -> None:
    store.set(1, "broker", URL, ["whsec_old"], "ana")
    store.set(1, "broker", URL, ["whsec_new", "whsec_old"], "ben")
    (row,) = store.listed(1)
    assert (row.secret_count, row.added_by) == (2, "ben")
    assert store.opened(1, "broker").secrets == ("whsec_new", "whsec_old")
    with store.database.transaction() as connection:
        kept = connection.execute(
            text("select sealed_secrets, removed_by from push_endpoint order by 1, 2")
        ).all()
        acts = connection.execute(text("select act, before, after from audit_entry order by 1 desc")).all()
    assert len(kept) == 2
    assert all("whsec" not in row.sealed_secrets for row in kept)
    assert {row.removed_by for row in kept} == {"", "ben"}
    assert [row.act for row in acts if "endpoint" in row.act] == ["set_endpoint", "set_endpoint"]
    assert "whsec" not in str(acts)


def test_a_removed_endpoint_is_unknown(store: SqlEndpointStore) -> None:
    store.set(1, "broker", URL, ["whsec_old"], "ana")
    store.remove(1, "broker", "ana")
    assert store.listed(1) == []
    for act in (lambda: store.opened(1, "broker"), lambda: store.remove(1, "broker", "ana")):
        with pytest.raises(BillingError, match="there is no endpoint 'broker'"):
            act()


def test_another_key_opens_no_secret(store: SqlEndpointStore) -> None:
    store.set(1, "broker", URL, ["whsec_old"], "ana")
    other = SqlEndpointStore(store.database, store.clock, Sealer(("x" * 32,)))
    assert other.listed(1)[0].secret_count == 1
    with pytest.raises(BillingError, match="sealed with another key"):
        other.opened(1, "broker")
