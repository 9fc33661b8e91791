"""The settings of the mail server reach the channel as they are."""

from pathlib import Path

from billing_assets.wiring.mail import smtp_of
from billing_assets.wiring.settings import Settings


def test_the_settings_of_the_mail_server_reach_the_channel(tmp_path: Path) -> None:
    settings = Settings(
        smtp_host="mail.example.com",
        smtp_ca_file=tmp_path / "ca.pem",
        smtp_bounce_email="bounces@example.com",
        smtp_ehlo_name="billing.example.com",
    )
    given = smtp_of(settings)
    assert (given.security, given.bounce_email, given.ehlo_name, given.ca_file) == (
        "starttls",
        "bounces@example.com",
        "billing.example.com",
        str(tmp_path / "ca.pem"),
    )
