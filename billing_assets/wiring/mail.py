"""The mail server of the settings, and sending by it and to endpoints.

Belongs here: which setting becomes which property of the channels and of the sending.
Does not belong here: the order of sending (``steps.deliver_documents``).
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from billing_assets.channels.email import EmailChannel, SmtpSettings
from billing_assets.steps.deliver_documents import deliver_documents
from billing_assets.steps.delivery_ports import Press, Ways
from billing_assets.steps.pace import DomainPace
from billing_assets.steps.result import Report, StepResult
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.wiring.endpoints import Endpoints
from billing_assets.wiring.portal_inboxes import inboxes_of
from billing_assets.wiring.portal_links import links_of
from billing_assets.wiring.settings import Settings


@lru_cache(maxsize=8)
def _pace(per_minute: int) -> DomainPace:
    """Return the pace of this process: what is sent date by date is counted together."""
    return DomainPace(per_minute=per_minute)


def mailroom(
    settings: Settings, store: SqlDocumentStore, press: Press, clock: Clock
) -> Callable[..., StepResult]:
    """Return :func:`deliver_documents` as the settings have it; a connection is opened for each call."""

    def send_all(
        company_code: str,
        billing_date: date | None,
        *,
        is_due_only: bool,
        progress: Progress,
        report: Report,
    ) -> StepResult:
        with EmailChannel(smtp_of(settings)) as channel:
            return deliver_documents(
                company_code,
                billing_date,
                store=store,
                press=press,
                ways=Ways(
                    mail=channel,
                    push=Endpoints(store.database, settings, company_code, clock),
                    inboxes=inboxes_of(store.database, settings, company_code, channel, clock),
                    links=links_of(store.database, settings, clock),
                    server=f"{settings.smtp_host}:{settings.smtp_port}",
                ),
                clock=clock,
                patience=settings.delivery_patience,
                pace=_pace(settings.delivery_per_domain_per_minute),
                is_due_only=is_due_only,
                progress=progress,
                report=report,
            )

    return send_all


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
