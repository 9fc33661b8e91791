"""Links are made with the newest secret, live for the days of the settings, and lead into the portal."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from billing_assets.store.connection import Database
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import AT

URL = "https://bills.example.com"


def links(database: Database, home: Path, secrets: str, after: timedelta = timedelta()) -> PortalLinks:
    settings = Settings(home=home, portal_url=f"{URL}/", portal_link_days=7, api_secret=SecretStr(secrets))
    return PortalLinks(database, settings, lambda: AT + after)


def test_a_link_lives_for_its_days_and_through_a_change_of_the_secret(
    database: Database, tmp_path: Path
) -> None:
    old, new = "o" * 32, "n" * 32
    url, expires_at = links(database, tmp_path, old).make(1, 2, 3)
    assert url.startswith(f"{URL}/my/see/")
    assert expires_at == AT + timedelta(days=7)
    text = url.rpartition("/")[2]
    opened = links(database, tmp_path, f"{new},{old}", timedelta(days=6)).open(text)
    assert opened is not None
    assert (opened.company_id, opened.payer_id, opened.invoice_id) == (1, 2, 3)
    assert links(database, tmp_path, old, timedelta(days=7)).open(text) is None
    assert links(database, tmp_path, new).open(text) is None
