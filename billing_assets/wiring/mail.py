"""The mail server of the settings.

Belongs here: which setting becomes which property of the channel. Does not belong here: sending.
"""

from billing_assets.channels.email import SmtpSettings
from billing_assets.wiring.settings import Settings


def smtp_of(settings: Settings) -> SmtpSettings:
    """Return how the settings reach the mail server.

    >>> smtp_of(Settings(smtp_host="localhost", _env_file=None)).port
    25
    """
    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_encryption,
        ca_file=str(settings.smtp_ca_file or ""),
        bounce_email=settings.smtp_bounce_email,
        ehlo_name=settings.smtp_ehlo_name,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        timeout_seconds=settings.smtp_timeout_seconds,
        answer_timeout_seconds=settings.smtp_answer_timeout_seconds,
    )
