"""A store is opened with a schema that fits, or not at all."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.opening import hold_store, open_billing
from billing_assets.wiring.settings import Settings
from billing_assets_tests.databases import run_sql


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.mark.long
def test_the_embedded_store_is_brought_up_and_up_to_date_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "203.0.113.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=nowhere")
    settings = Settings(home=tmp_path, _env_file=None)
    with hold_store(settings):
        for _ in range(2):
            with open_billing(settings) as opened, pytest.raises(BillingError, match="no company yet"):
                opened.company_code()


@pytest.mark.long
def test_an_embedded_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    with hold_store(settings):
        with open_billing(settings) as opened:
            url = url_of(opened.database).replace("billing_app", "billing_owner")
        run_sql(url, "update billing.alembic_version set version_num = '9999'")
        with pytest.raises(BillingError) as caught, open_billing(settings):
            pytest.fail("it opened")
    assert caught.value.code == "schema_newer"


def test_a_server_of_ones_own_is_never_migrated_by_opening_it(database: Database, tmp_path: Path) -> None:
    url = url_of(database)
    with open_billing(Settings(home=tmp_path, database_url=url, _env_file=None)) as opened:
        assert opened.database.engine.url.database == database.engine.url.database
    run_sql(url, "drop schema billing cascade")
    with (
        pytest.raises(BillingError) as caught,
        open_billing(Settings(home=tmp_path, database_url=url, _env_file=None)),
    ):
        pytest.fail("it opened")
    assert caught.value.code == "schema_outdated"
