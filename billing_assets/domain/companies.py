"""The company that bills: its face on documents, its calendar and its number series.

Belongs here: the settings record of a company. Does not belong here: its policies, its rows of rules.
"""

import re
from dataclasses import MISSING, asdict, dataclass, fields

from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MOST_ADDRESS_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company as of now; each change makes a new version, documents keep the version of their issue.

    ``time_zone`` is an IANA name in which business dates live; ``place_code`` names the calendar on which
    runs generate; ``invoice_prefix`` begins each invoice number, ends in no digit and cannot
    change once used;
    ``message_domain`` is the right side of Message-IDs; ``email_attachment`` is ``pdf`` or ``none``.
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
    message_domain: str
    email_attachment: str = "pdf"


def company_from(record: dict[str, object]) -> Company:
    """Return the company that ``record`` (a mapping as read from YAML or JSON) describes.

    Raises:
        BillingError: ``company_invalid``, naming the field.

    >>> company_from({"name": "X"})
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: company setting 'company_code' is missing \
(company_invalid): see examples/company.yaml for every setting
    """
    given = {name: value for name, value in record.items() if value is not None}
    _check_names(given)
    lines = given["address_lines"]
    if not isinstance(lines, (list, tuple)) or not 1 <= len(lines) <= _MOST_ADDRESS_LINES:
        raise _invalid("company setting 'address_lines' must be a list of one to five lines")
    if not all(line is not None and str(line).strip() for line in lines):
        raise _invalid("company setting 'address_lines' has an empty line")
    texts = {name: str(value) for name, value in given.items() if name != "address_lines"}
    company = Company(**texts, address_lines=tuple(str(line) for line in lines))
    _check_values(company)
    return company


def _check_names(given: dict[str, object]) -> None:
    known = {field.name: field for field in fields(Company)}
    for name in given:
        if name not in known:
            raise _invalid(f"company setting '{name}' is not known")
    for name, field in known.items():
        if field.default is MISSING and not given.get(name):
            raise _invalid(f"company setting '{name}' is missing")


def _check_values(company: Company) -> None:
    if not _CODE.fullmatch(company.company_code):
        raise _invalid("company setting 'company_code' must be lower case letters, digits, '-' or '_'")
    if company.place_code not in PLACES:
        raise _invalid(f"company setting 'place_code' must be one of {', '.join(PLACES)}")
    if not company.invoice_prefix or company.invoice_prefix[-1] in "0123456789":
        raise _invalid("company setting 'invoice_prefix' must end in a character that is not a digit")
    if company.iban and not is_iban(company.iban):
        raise _invalid("company setting 'iban' has a wrong check number")
    if company.email_attachment not in {"pdf", "none"}:
        raise _invalid("company setting 'email_attachment' must be 'pdf' or 'none'")


def company_record(company: Company) -> dict[str, object]:
    """Return the company as plain values, the reverse of :func:`company_from`.

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
    return {**asdict(company), "address_lines": list(company.address_lines)}


def is_iban(text: str) -> bool:
    """Tell whether ``text`` (compact, no spaces) is an IBAN with a right check number (ISO 13616, mod 97).

    >>> is_iban("DE89370400440532013000"), is_iban("DE89370400440532013001")
    (True, False)
    """
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", text):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def _invalid(found: str) -> BillingError:
    return BillingError("company_invalid", found, "see examples/company.yaml for every setting")
