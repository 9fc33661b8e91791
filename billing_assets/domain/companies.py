"""The company that bills: its face on documents, its calendar and its number series.

Belongs here: the settings record of a company. Does not belong here: its policies, its rows of rules.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from itertools import combinations
from unicodedata import category
from zoneinfo import ZoneInfo

from billing_assets.domain.bank_accounts import is_bic, is_iban
from billing_assets.domain.cash_rounding import CASH_CURRENCIES
from billing_assets.domain.countries import COUNTRY_CODES
from billing_assets.domain.deliveries import is_message_domain, wire_address
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Creditor
from billing_assets.domain.mail_forms import WANTED, MailForm
from billing_assets.domain.money import CURRENCIES
from billing_assets.domain.places import PLACES
from billing_assets.domain.product_names import ProductName, product_names_from, product_names_record
from billing_assets.domain.required_channels import (
    RequiredChannels,
    required_channels_from,
    required_channels_record,
)
from billing_assets.domain.safety_bounds import DEFAULT_BOUNDS, SafetyBounds, bounds_from, bounds_record
from billing_assets.domain.time_zones import is_time_zone

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KILOBYTES = re.compile(r"[1-9][0-9]{0,5}")
_PREFIX = re.compile(r"[A-Za-z0-9./_-]{1,20}")
_PREFIXES = ("invoice_prefix", "credit_note_prefix", "on_demand_prefix")
_MOST_ADDRESS_LINES = 5
ON_DEMAND_PREFIX = "OND-"
_STRUCTURED = frozenset(
    {"address_lines", "cash_rounding", "product_names", "required_channels", "safety_bounds"}
)
"""Settings that are more than one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company as of now; each change makes a new version, documents keep the version of their issue.

    ``time_zone`` is an IANA name in which business dates live; ``place_code`` names the calendar on which
    runs generate; ``invoice_prefix`` begins each invoice number, ``credit_note_prefix`` each number of a
    credit note, ``on_demand_prefix`` that of an invoice on demand: they differ, end in no digit and cannot
    change once used; ``reporting_currency`` is the one
    that run reports add up in, or empty; ``rate_base_currency`` is the one of which exchange rates are for
    one unit, or empty: that of the rates there are; ``cash_rounding`` are the currencies of which sums
    payable are rounded to what can be paid in cash;
    ``message_domain`` is the right side of Message-IDs; ``email_attachment`` is ``pdf``, ``link`` or
    ``none``, and a PDF of more than ``email_pdf_limit_kb`` (empty: none is) goes as a link too;
    ``product_names`` are what documents call its products; ``required_channels`` are those by which kinds of
    document have to go; ``safety_bounds`` hold a run for approval.
    """

    company_code: str
    name: str
    address_lines: tuple[str, ...]
    country_code: str
    place_code: str
    time_zone: str
    tax_number: str = ""
    iban: str = ""
    bic: str = ""
    email: str
    phone: str = ""
    website: str = ""
    invoice_prefix: str = "INV-"
    credit_note_prefix: str = "CRN-"
    on_demand_prefix: str = ON_DEMAND_PREFIX
    message_domain: str
    email_attachment: str = "pdf"
    email_pdf_limit_kb: str = ""
    reporting_currency: str = ""
    rate_base_currency: str = ""
    cash_rounding: tuple[str, ...] = ()
    product_names: tuple[ProductName, ...] = ()
    required_channels: tuple[RequiredChannels, ...] = ()
    safety_bounds: SafetyBounds = DEFAULT_BOUNDS

    def date_at(self, at: datetime) -> date:
        """Return the business date that it is at an aware instant where the company lives."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def mail_form(self) -> MailForm:
        """What e-mails have of their documents, but for PDFs above the limit."""
        return WANTED[self.email_attachment]

    @property
    def pdf_limit_bytes(self) -> int:
        """Size of a PDF above which an e-mail has a link in its place; 0: there is none."""
        return int(self.email_pdf_limit_kb or 0) * 1_000


def creditor_of(company: Company) -> Creditor:
    """Return a company as its documents name it.

    >>> record = {"company_code": "a", "name": "Alondra", "address_lines": ["Calle 1"], "country_code": "ES"}
    >>> more = {"place_code": "ES", "time_zone": "Europe/Madrid", "message_domain": "a.example.com"}
    >>> more["email"] = "bills@a.example.com"
    >>> creditor_of(company_from({**record, **more})).name
    'Alondra'
    """
    names = [each.name for each in fields(Creditor)]
    return Creditor(**{name: getattr(company, name) for name in names})


def company_from(record: dict[str, object]) -> Company:
    """Return the company that ``record`` (a mapping as read from YAML or JSON) describes.

    Raises:
        BillingError: ``company_invalid``, naming each field that is unknown, missing or wrong.

    >>> company_from({"name": "X"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: company setting 'company_code' is missing; \
company setting 'address_lines' is missing; ... (company_invalid): see examples/company.yaml for every setting
    """
    given = {name: value for name, value in record.items() if value is not None}
    _check_names(given)
    lines = given["address_lines"]
    if not isinstance(lines, (list, tuple)) or not 1 <= len(lines) <= _MOST_ADDRESS_LINES:
        raise _invalid("company setting 'address_lines' must be a list of one to five lines")
    if any(isinstance(line, bool) for line in lines):
        raise _invalid(
            "company setting 'address_lines' has a line that YAML reads as no text: put it in quotes"
        )
    if not all(line is not None and str(line).strip() for line in lines):
        raise _invalid("company setting 'address_lines' has an empty line")
    texts = {name: str(value) for name, value in given.items() if name not in _STRUCTURED}
    company = Company(
        **texts,
        address_lines=tuple(str(line) for line in lines),
        cash_rounding=_currencies_from(given.get("cash_rounding", [])),
        product_names=product_names_from(given.get("product_names", {})),
        required_channels=required_channels_from(given.get("required_channels", {})),
        safety_bounds=bounds_from(given.get("safety_bounds", {})),
    )
    check_company(company)
    return company


def _currencies_from(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _invalid("company setting 'cash_rounding' must be a list of currencies")
    return tuple(sorted(map(str, value)))


def _check_names(given: dict[str, object]) -> None:
    known = {field.name: field for field in fields(Company)}
    faults = [f"'{name}' is not known{_nearest(str(name), known)}" for name in given if name not in known]
    for name, field in known.items():
        value = given.get(name)
        if isinstance(value, bool):
            faults.append(f"'{name}' is read by YAML as {str(value).lower()}, not as text: put it in quotes")
        elif field.default is MISSING and not value:
            faults.append(f"'{name}' is missing")
    _refuse(faults)


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _refuse(faults: Sequence[str]) -> None:
    """Raise ``company_invalid`` with every fault, where there is one; each begins with its setting."""
    if faults:
        raise _invalid("; ".join(f"company setting {fault}" for fault in faults))


def check_company(company: Company) -> None:
    """Raise ``company_invalid``, naming each setting, where a value could only fail later.

    What goes into every message (name, address, domain) and onto every invoice is refused here, because there
    it would fail for all payers at once.

    >>> check_company(
    ...     Company(
    ...         company_code="demo",
    ...         name="X",
    ...         address_lines=("Y",),
    ...         country_code="Spain",
    ...         place_code="ES",
    ...         time_zone="Europe/Madrid",
    ...         email="x@example.com",
    ...         message_domain="example.com",
    ...     )
    ... )
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: company setting 'country_code' is not a country of ISO 3166: \
two capitals, such as ES (company_invalid): see examples/company.yaml for every setting
    """
    texts = {name: text for name, text in asdict(company).items() if name not in _STRUCTURED}
    texts["address_lines"] = "".join(company.address_lines)
    for name, text in texts.items():
        if any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
            raise _invalid(f"company setting '{name}' has a line break or a control character")
    faults: dict[str, str] = {}
    for name, is_right, words in _RULES:
        if name not in faults and not is_right(getattr(company, name)):
            faults[name] = f"'{name}' {words}"
    _refuse(list(faults.values()))
    _check_cash_rounding(company.cash_rounding)
    for first, second in combinations(_PREFIXES, 2):
        if getattr(company, first).lower() == getattr(company, second).lower():
            raise _invalid(f"company settings '{first}' and '{second}' are the same")


def _check_cash_rounding(currencies: tuple[str, ...]) -> None:
    for currency in currencies:
        if currency not in CASH_CURRENCIES:
            raise _invalid(
                f"company setting 'cash_rounding' names '{currency[:12]}': choose from "
                + ", ".join(CASH_CURRENCIES)
            )
    if len(set(currencies)) < len(currencies):
        raise _invalid("company setting 'cash_rounding' names a currency twice")


def _ends_in_no_digit(text: str) -> bool:
    return not text[-1].isdigit()


# An address beyond ASCII needs a server that offers SMTPUTF8; the sender's would need it for every message.
_RULES: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("company_code", _CODE.fullmatch, "must be lower case letters, digits, '-' or '_'"),
    ("country_code", COUNTRY_CODES.__contains__, "is not a country of ISO 3166: two capitals, such as ES"),
    ("place_code", PLACES.__contains__, f"must be one of {', '.join(PLACES)}"),
    *(
        (name, lambda text: not text or text in CURRENCIES, "is not a currency of ISO 4217; EUR is one")
        for name in ("reporting_currency", "rate_base_currency")
    ),
    ("time_zone", is_time_zone, "is not an IANA time zone; Europe/Madrid is one"),
    (
        "iban",
        lambda text: not text or is_iban(text),
        "is not an IBAN without spaces and with its check number",
    ),
    ("bic", lambda text: not text or is_bic(text), "is not a BIC: eight or eleven capitals and digits"),
    (
        "email",
        lambda text: text.isascii() and wire_address(text),
        "is not one bare e-mail address, such as billing@example.com",
    ),
    ("message_domain", is_message_domain, "is not a domain in ASCII, such as billing.example.com"),
    *(
        rule
        for name in _PREFIXES
        for rule in (
            (name, _PREFIX.fullmatch, "is one to twenty letters, digits or signs of - . / _"),
            (name, _ends_in_no_digit, "must end in a character that is not a digit"),
        )
    ),
    ("email_attachment", WANTED.__contains__, f"must be one of {', '.join(WANTED)}"),
    (
        "email_pdf_limit_kb",
        lambda text: not text or _KILOBYTES.fullmatch(text),
        "must be a whole number of kilobytes, such as 5000",
    ),
)


def company_record(company: Company) -> dict[str, object]:
    """Return the company as plain values, the reverse of :func:`company_from`.

    ``safety_bounds`` and ``on_demand_prefix`` are there only where they are not the usual ones,
    ``cash_rounding``, ``rate_base_currency``, ``email_pdf_limit_kb``, ``product_names`` and
    ``required_channels`` only where they name something.

    >>> record = {
    ...     "company_code": "demo",
    ...     "name": "X",
    ...     "address_lines": ["Y 1"],
    ...     "country_code": "ES",
    ...     "place_code": "ES",
    ...     "time_zone": "Europe/Madrid",
    ...     "email": "x@example.com",
    ...     "message_domain": "example.com",
    ... }
    >>> company_from(company_record(company_from(record))) == company_from(record)
    True
    """
    record = {**asdict(company), "address_lines": list(company.address_lines)}
    is_usual = company.on_demand_prefix == ON_DEMAND_PREFIX
    parts: dict[str, object] = {
        "on_demand_prefix": "" if is_usual else company.on_demand_prefix,
        "rate_base_currency": company.rate_base_currency,
        "email_pdf_limit_kb": company.email_pdf_limit_kb,
        "cash_rounding": list(company.cash_rounding),
        "product_names": product_names_record(company.product_names),
        "required_channels": required_channels_record(company.required_channels),
        "safety_bounds": bounds_record(company.safety_bounds),
    }
    for name, part in parts.items():
        del record[name]
        if part:
            record[name] = part
    return record


def company_unclear(codes: Sequence[str]) -> BillingError:
    """Return the error where no company is named and there is not exactly one.

    >>> company_unclear(["alondra", "demo"]).found
    'there are 2 companies: alondra, demo'
    """
    if not codes:
        found, todo = "there is no company yet", "record one: 'billing company set FILE'"
        return BillingError("company_unclear", found, f"{todo} (see examples/company.yaml)")
    return BillingError(
        "company_unclear",
        f"there are {len(codes)} companies: {', '.join(codes)}",
        f"say which is meant: BILLING_COMPANY={codes[0]}",
    )


def _invalid(found: str) -> BillingError:
    return BillingError("company_invalid", found, "see examples/company.yaml for every setting")
