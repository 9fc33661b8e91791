"""The app as a web server starts it."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from billing_assets.portal.served import served_app
from billing_assets.store.connection import Database
from billing_assets_tests.books import fill_book


def test_it_opens_the_store_of_the_environment_and_asks_who_it_is(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_book(database, 10)
    monkeypatch.setenv("BILLING_HOME", str(tmp_path))
    monkeypatch.setenv("BILLING_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    with TestClient(served_app()) as browser:
        assert browser.get("/runs").url.path == "/sign-in"
