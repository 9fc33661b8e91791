"""Settings come from the environment, and a wrong one is named."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BILLING_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_variable_the_store_is_embedded_below_the_folder() -> None:
    settings = read_settings()
    assert (settings.home, settings.database_url, settings.company) == (Path(".billing"), "", "")


def test_variables_and_the_env_file_count_and_the_variable_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("BILLING_SMTP_PORT=2525\nBILLING_SMTP_HOST=mail.example.com\nOTHER=1\n")
    monkeypatch.setenv("BILLING_SMTP_PORT", "587")
    monkeypatch.setenv("BILLING_FIRST_DATE", "2023-07-01")
    settings = read_settings()
    assert (settings.smtp_host, settings.smtp_port) == ("mail.example.com", 587)
    assert settings.first_date == date(2023, 7, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_PORT", "70000"),
        ("SMTP_PORT", "mail"),
        ("DELIVERY_MAX_ATTEMPTS", "0"),
        ("RETRY_WAIT_HOURS", "1,0,4"),
        ("RETRY_WAIT_HOURS", "1;4"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_BOUNCE_EMAIL", "Bounces <b@example.com>"),
        ("PRINT_WORKERS", "0"),
        ("TIME_ZONE", "Europe/Atlantis"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("FIRST_DATE", "2024-02-30"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"BILLING_{name}", value)
    with pytest.raises(BillingError, match=f"BILLING_{name}: ") as caught:
        read_settings()
    assert caught.value.code == "settings_invalid"


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_SMTP_PORT", "0")
    monkeypatch.setenv("BILLING_COMING_DAYS", "999")
    with pytest.raises(BillingError, match=r"BILLING_SMTP_PORT: .*; BILLING_COMING_DAYS: "):
        read_settings()


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_SMTP_PASSWORD", "topsecret")
    settings = read_settings()
    assert settings.smtp_password.get_secret_value() == "topsecret"
    assert "topsecret" not in repr(settings)


def test_arguments_win() -> None:
    assert read_settings(smtp_port=26).smtp_port == 26


@pytest.mark.parametrize(
    ("host", "security", "encryption"),
    [
        ("localhost", "", "none"),
        ("127.0.0.1", "none", "none"),
        ("localhost", "starttls", "starttls"),
        ("mail.example.com", "", "starttls"),
        ("mail.example.com", "tls", "tls"),
        ("mail.example.com", "plain-text-ok", "none"),
        ("10.0.0.7", "", "starttls"),
    ],
)
def test_mail_leaves_this_machine_encrypted_unless_the_setting_says_otherwise(
    host: str, security: str, encryption: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_SMTP_HOST", host)
    monkeypatch.setenv("BILLING_SMTP_SECURITY", security)
    assert read_settings().smtp_encryption == encryption


def test_none_is_refused_for_a_server_elsewhere_and_the_refusal_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BILLING_SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("BILLING_SMTP_SECURITY", "none")
    with pytest.raises(BillingError, match=r"BILLING_SMTP_SECURITY: .*plain-text-ok"):
        read_settings()
