"""The page of Dagster opens on this machine only, with a folder of its own."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.ui import agreed_time_zone, prepare_ui, shipped_file
from billing_assets_tests.books import AT, COMPANY


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(home=Path("my-billing"))


def test_the_folder_lies_below_home_and_holds_the_shipped_configuration(
    settings: Settings, tmp_path: Path
) -> None:
    launch = prepare_ui(settings, {})
    assert launch.dagster_home == tmp_path / "my-billing" / "dagster"
    assert (launch.dagster_home / "dagster.yaml").read_bytes() == shipped_file("dagster.yaml").read_bytes()
    assert launch.environment["DAGSTER_HOME"] == str(launch.dagster_home)
    assert launch.environment["BILLING_HOME"] == str(tmp_path / "my-billing")


def test_it_listens_on_localhost_only(settings: Settings) -> None:
    launch = prepare_ui(settings, {}, 4321)
    assert launch.command[:4] == (sys.executable, "-m", "dagster", "dev")
    assert launch.command[-4:] == ("-h", "127.0.0.1", "-p", "4321")
    assert launch.url == "http://127.0.0.1:4321"


def test_a_second_opening_brings_the_configuration_of_a_newer_version(settings: Settings) -> None:
    configuration = prepare_ui(settings, {}).dagster_home / "dagster.yaml"
    configuration.write_text("# of an older version")
    prepare_ui(settings, {})
    assert configuration.read_bytes() == shipped_file("dagster.yaml").read_bytes()


def test_a_dagster_home_of_your_own_is_left_as_it_is(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    launch = prepare_ui(settings, {"DAGSTER_HOME": str(own)})
    assert launch.environment["DAGSTER_HOME"] == str(own)
    assert list(own.iterdir()) == []


def test_the_env_file_of_this_folder_reaches_dagster_and_the_environment_goes_before_it(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("BILLING_COMPANY=alondra\nBILLING_SMTP_HOST=mail.example.com\nOTHER=1\n")
    launch = prepare_ui(settings, {"BILLING_SMTP_HOST": "smtp.example.org"})
    assert launch.environment["BILLING_COMPANY"] == "alondra"
    assert launch.environment["BILLING_SMTP_HOST"] == "smtp.example.org"
    assert "OTHER" not in launch.environment


def test_dagster_counts_dates_in_the_zone_of_the_company(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, time_zone="Europe/London"), AT)
    url = database.engine.url.render_as_string(hide_password=False)
    assert agreed_time_zone(Settings(database_url=url)) == "Europe/London"
    with pytest.raises(BillingError, match="set BILLING_TIME_ZONE=Europe/London"):
        agreed_time_zone(Settings(database_url=url, time_zone="Europe/Madrid"))
