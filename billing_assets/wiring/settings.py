"""Settings of the program, typed, from the environment.

Belongs here: every variable the program reads, with its default. Does not belong here: settings of a company
(``domain.companies``), which are data.
"""

from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from billing_assets.channels.apprise import HTTP_SCHEMES
from billing_assets.channels.email import is_loopback
from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.deliveries import MAX_ATTEMPTS, is_deliverable_address
from billing_assets.domain.delivery_waits import WAIT_MINUTES, Patience, waits_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notifications import MAX_NOTIFICATION_ATTEMPTS
from billing_assets.domain.retries import RETRY_WAIT_HOURS, RetryRule, retry_rule
from billing_assets.domain.time_zones import is_time_zone
from billing_assets.store.sealed_texts import SHORTEST_KEY
from billing_assets.wiring.value_faults import fault_words


class Settings(BaseSettings):
    """What the program reads from ``BILLING_*`` variables (or a ``.env`` file).

    >>> Settings(home=Path("/tmp/x"), _env_file=None).smtp_port
    25
    """

    model_config = SettingsConfigDict(env_prefix="BILLING_", env_file=".env", extra="ignore")

    home: Path = Field(
        default=Path(".billing"), description="folder of the embedded store, caches and demo files"
    )
    database_url: str = Field(default="", description="PostgreSQL 15 or newer; empty: the embedded store")
    owner_database_url: str = Field(default="", description="login for migrations; empty: database_url")
    company: str = Field(default="", description="company code; empty: the only company there is")
    templates_dir: Path | None = Field(
        default=None, description="folder of templates; empty: the shipped ones"
    )
    print_workers: int = Field(default=2, ge=1, le=64, description="processes that print PDFs")
    smtp_host: str = Field(default="localhost", description="mail server")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="its port; 587 is usual with starttls")
    smtp_security: Literal["", "none", "starttls", "tls", "plain-text-ok"] = Field(
        default="",
        description="empty: starttls, and none for a mail server on this machine; none is refused for any "
        "other, unless plain-text-ok says that mail may cross the network unencrypted",
    )
    smtp_ca_file: Path | None = Field(
        default=None, description="PEM file of the certificates to trust; empty: the machine's own"
    )
    smtp_bounce_email: str = Field(
        default="", description="address that gets the bounces; empty: the company's own"
    )
    smtp_ehlo_name: str = Field(
        default="", description="name that this machine gives itself; empty: its own host name"
    )
    smtp_username: str = Field(default="", description="login at the mail server; empty: none is asked for")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="its password")
    smtp_timeout_seconds: int = Field(
        default=60, ge=1, le=3600, description="wait for each answer of the mail server"
    )
    smtp_answer_timeout_seconds: int = Field(
        default=600, ge=1, le=3600, description="wait after the final dot"
    )
    bounce_folder: Path | None = Field(
        default=None,
        description="folder or Maildir that gets the mails to the bounce address; empty: nobody reads them",
    )
    request_folder: Path | None = Field(
        default=None,
        description="folder or Maildir that gets mails that ask for documents; empty: nobody reads them",
    )
    print_folder: Path | None = Field(
        default=None,
        description="folder in which those for the print shop are made; empty: it is named each time",
    )
    push_timeout_seconds: int = Field(
        default=30,
        ge=1,
        le=600,
        description="wait for each answer of an endpoint that documents are pushed to",
    )
    push_ca_file: Path | None = Field(
        default=None,
        description="trusted certificates (PEM) for endpoints; empty: those of this machine",
    )
    push_to_loopback: bool = Field(
        default=False,
        description="lets documents be pushed to this machine itself, by http too: for trials alone",
    )
    delivery_max_attempts: int = Field(
        default=MAX_ATTEMPTS,
        ge=1,
        le=1000,
        description="temporary refusals of one message, after which it waits for a person",
    )
    delivery_per_domain_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="e-mails that go to one domain in a minute at most; 0: as many as there are",
    )
    delivery_wait_minutes: str = Field(
        default=WAIT_MINUTES,
        pattern=r"^[1-9]\d{0,4}(,[1-9]\d{0,4}){0,19}$",
        description="minutes before each further attempt at a message that was refused for now, as schedules "
        "make them; the last goes on. Greylisting and full mailboxes have waits of their own",
    )
    pull_days: int = Field(
        default=5,
        ge=1,
        le=365,
        description="days for which a document waits to be fetched by a partner, before it goes by the next "
        "channel of its payer",
    )
    run_workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description="processes that bill a large book; 0: one for each core that it may use, 16 at most",
    )
    time_zone: str = Field(
        default="Europe/Madrid",
        description="IANA zone in which Dagster counts billing dates; it must be the company's, from which "
        "`billing ui` takes it, and Dagster refuses to bill in another",
    )
    first_date: date = Field(default=date(2024, 1, 1), description="first billing date that Dagster offers")
    coming_days: int = Field(default=60, ge=1, le=400, description="billing dates offered after today")
    issue_on: Literal["today", "billing_date"] = Field(
        default="today",
        description="date of invoices that are given none: today; billing_date in a store that rehearses the "
        "past or takes it over",
    )
    backdating_days: int = Field(
        default=31,
        ge=0,
        le=400,
        description="days before the day of issue that an invoice may be dated without reason and approver",
    )

    retry_wait_hours: str = Field(
        default=RETRY_WAIT_HOURS,
        pattern=r"^[1-9]\d{0,3}(,[1-9]\d{0,3}){0,19}$",
        description="hours before each retry of a failed invoice, counted from the failure before it, apart "
        "by commas; after the last a person owns it",
    )
    retry_owner: str = Field(
        default=FIRST_OWNER,
        min_length=1,
        max_length=100,
        description="who owns a failed invoice once its retries are used up",
    )

    office_url: str = Field(
        default="",
        description="address of the office as browsers see it, such as https://billing.example.com; empty: "
        "this machine's own",
    )
    session_idle_minutes: int = Field(
        default=60, ge=1, le=1440, description="a session ends when nothing was asked for so long"
    )
    session_hours: int = Field(default=12, ge=1, le=168, description="a session ends after so long anyway")
    oidc_issuer: str = Field(
        default="", description="identity provider (OpenID Connect) that signs people in; empty: none"
    )
    oidc_client_id: str = Field(default="", description="name of the office at the identity provider")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="its secret there")
    oidc_role_claim: str = Field(
        default="",
        description="claim that lists a person's groups; empty: only who was added may sign in, and their "
        "roles are those of the office",
    )
    oidc_roles: dict[str, Literal["viewer", "operator", "approver", "administrator"]] = Field(
        default={},
        description='group -> role, as JSON: {"billing-clerks": "operator"}; the highest role counts, and '
        "whoever has none stays outside",
    )

    portal_url: str = Field(
        default="",
        description="address of the portal of payers as they see it, without /my, such as "
        "https://bills.example.com; empty: it is shut",
    )
    portal_notices: bool = Field(
        default=True, description="tells payers by e-mail of a document in their portal, with a signed link"
    )
    portal_link_days: int = Field(
        default=30, ge=1, le=400, description="a signed link to a document works for so long"
    )

    @field_validator("office_url", "oidc_issuer", "portal_url")
    @classmethod
    def _is_safe_address(cls, address: str) -> str:
        parts = urlsplit(address)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if address and not (is_safe and parts.hostname):
            raise ValueError("not the https address of a server, such as https://billing.example.com")
        return address.rstrip("/")

    api_secret: SecretStr = Field(
        default=SecretStr(""),
        description="hashes the keys of the API and signs its tokens: 32 random characters or more; after a "
        "comma older ones that still count; empty: one that the store keeps",
    )
    api_requests_per_second: int = Field(
        default=500, ge=1, le=100_000, description="requests of one key of the API that a process takes"
    )

    dagster_url: str = Field(
        default="",
        description="address of Dagster's pages, such as http://localhost:3000, to which the office links "
        "its runs; empty: no links",
    )

    @field_validator("dagster_url")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if address and not address.startswith(("http://", "https://")):
            raise ValueError("not an address; http://localhost:3000 is one")
        return address.rstrip("/")

    run_deadline: str = Field(
        default="",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="clock time, such as 12:00 in the company's zone, by which a billing date is final; "
        "empty: no date is late",
    )
    book_days: int = Field(
        default=35, ge=1, le=10_000, description="so old may the last import be before Dagster warns of it"
    )
    stuck_delivery_minutes: int = Field(
        default=240, ge=1, le=100_000, description="so long a message to a payer waits before it is told of"
    )
    approval_minutes: int = Field(
        default=60, ge=1, le=100_000, description="so long a held run waits before somebody is reminded of it"
    )
    notification_key: SecretStr = Field(
        default=SecretStr(""),
        description="seals the targets of notification channels in the store: 32 random characters or more; "
        "after a comma older keys that still open; empty: targets stand in the store as they are",
    )
    notification_schemes: str = Field(
        default=",".join(HTTP_SCHEMES),
        description="schemes of Apprise URLs that may be used, apart by commas",
    )
    notification_from_email: str = Field(
        default="", description="address that notifications come from; empty: the company's own"
    )
    notification_max_attempts: int = Field(
        default=MAX_NOTIFICATION_ATTEMPTS,
        ge=1,
        le=1000,
        description="refusals of one notification, after which it waits for a person",
    )
    notification_timeout_seconds: int = Field(
        default=30, ge=1, le=600, description="wait for a service that an Apprise URL names"
    )

    @field_validator("notification_key", "api_secret")
    @classmethod
    def _is_long_enough(cls, keys: SecretStr) -> SecretStr:
        given = keys.get_secret_value()
        if given and any(len(key) < SHORTEST_KEY for key in given.split(",")):
            raise ValueError(f"a key has at least {SHORTEST_KEY} characters")
        return keys

    @field_validator("smtp_security")
    @classmethod
    def _is_protected(cls, security: str, info: ValidationInfo) -> str:
        host = info.data.get("smtp_host", "")
        if security == "none" and not is_loopback(host):
            raise ValueError(
                f"mail to {host} would cross the network unencrypted; set starttls or tls, or plain-text-ok "
                "where that is meant"
            )
        return security

    @field_validator("smtp_bounce_email", "notification_from_email")
    @classmethod
    def _is_deliverable(cls, address: str) -> str:
        if address and not is_deliverable_address(address):
            raise ValueError("not one bare e-mail address, such as bounces@example.com")
        return address

    @property
    def smtp_encryption(self) -> Literal["none", "starttls", "tls"]:
        """How the connection to the mail server is protected, where ``smtp_security`` is empty too."""
        if self.smtp_security == "plain-text-ok":
            return "none"
        return self.smtp_security or ("none" if is_loopback(self.smtp_host) else "starttls")

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        """The keys that seal secrets in the store, the newest first; none: they stand as they are."""
        keys = self.notification_key.get_secret_value()
        return tuple(keys.split(",")) if keys else ()

    @property
    def delivery_patience(self) -> Patience:
        """How often a message is tried that is refused for now, and how long it is left alone in between."""
        return Patience(max_attempts=self.delivery_max_attempts, waits=waits_of(self.delivery_wait_minutes))

    @property
    def retry_rule(self) -> RetryRule:
        """When failed invoices are tried again, and who owns them after the last time."""
        return retry_rule(self.retry_wait_hours, self.retry_owner)

    @field_validator("time_zone")
    @classmethod
    def _is_known_zone(cls, name: str) -> str:
        if not is_time_zone(name):
            raise ValueError("not an IANA time zone; Europe/Madrid is one")
        return name


def read_settings(**overrides: object) -> Settings:
    """Return the settings, or raise ``settings_invalid`` naming each variable that is wrong."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"BILLING_{'.'.join(map(str, fault['loc'])).upper()}: {fault_words(fault)}"
            for fault in error.errors()
        )
        raise BillingError(
            "settings_invalid",
            faults,
            "correct the environment or .env; docs/reference/settings.md lists them",
        ) from None
