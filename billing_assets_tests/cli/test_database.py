"""`billing db`: an embedded server from start to stop, and a server of one's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets_tests.cli.conftest import Billing


@pytest.mark.long
def test_an_embedded_server_lives_from_start_to_stop(
    ask: Callable[..., Any], billing: Billing, home: Path
) -> None:
    """Status, upgrade and url work on it; stop is refused while somebody uses it."""
    assert ask("db", "status", code=1)["is_running"] is False
    assert ask("db", "url", code=3)["error"]["code"] == "server_not_running"
    home.mkdir()
    try:
        started = ask("db", "start")
        assert started["version"]
        revision = ask("db", "upgrade")["revision"]
        status = ask("db", "status")
        assert (status["is_running"], status["stops_with_its_last_user"]) == (True, False)
        assert status["schema"] == status["newest_schema"] == revision
        for option, role in (([], "billing_app"), (["--owner"], "billing_owner")):
            with psycopg.connect(billing("db", "url", *option).stdout.strip()) as connection:
                assert connection.execute("select current_user").fetchone() == (role,)
        with EmbeddedServer(home).use():
            error = ask("db", "stop", code=3)["error"]
            assert error["code"] == "store_in_use"
            assert "--force" in error["todo"]
    finally:
        assert ask("db", "stop", "--force") == {"is_stopped": True}
    assert "no server was running" in billing("db", "stop").stdout


def test_a_server_of_ones_own_is_not_started_or_stopped(ask: Callable[..., Any], store: Database) -> None:
    assert ask("db", "start", code=3)["error"]["code"] == "server_not_embedded"
    assert ask("db", "stop", code=3)["error"]["code"] == "server_not_embedded"


def test_a_server_of_ones_own_is_shown_without_its_password(
    ask: Callable[..., Any], store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = ask("db", "status")
    assert status["schema"] == status["newest_schema"]
    assert ask("db", "url")["url"].startswith("postgresql://")
    monkeypatch.setenv("BILLING_DATABASE_URL", "postgresql+psycopg://me:geheim@127.0.0.1:1/billing")
    assert "geheim" not in str(ask("db", "status", code=3))
    monkeypatch.setenv("BILLING_OWNER_DATABASE_URL", "postgresql+psycopg://boss:geheim@127.0.0.1:1/billing")
    assert ask("db", "url", "--owner")["url"] == "postgresql://boss:geheim@127.0.0.1:1/billing"
