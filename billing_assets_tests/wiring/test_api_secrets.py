"""The secrets by which we sign: those of the settings, the newest first, or one that the store keeps."""

from pathlib import Path

from pydantic import SecretStr

from billing_assets.store.connection import Database
from billing_assets.wiring.api_secrets import api_secrets
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import AT

NEW, OLD = "n" * 32, "o" * 32


def test_the_settings_say_the_secrets_and_else_the_store_keeps_one(
    database: Database, tmp_path: Path
) -> None:
    given = Settings(home=tmp_path, api_secret=SecretStr(f"{NEW},{OLD}"))
    assert api_secrets(database, given, AT) == [NEW.encode(), OLD.encode()]
    none = Settings(home=tmp_path, api_secret=SecretStr(""))
    (kept,) = api_secrets(database, none, AT)
    assert len(kept) == 32
    assert list(api_secrets(database, none, AT)) == [kept]
