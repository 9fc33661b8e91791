"""The mapping of a policy book: how the columns of an insurer's export become the fields of a policy term.

Belongs here: the fields that a book may fill, and the typed mapping.
Does not belong here: reading a mapping file (``feeds.mapping``), applying one to rows
(``frames.book_fields``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from billing_assets.domain.policies import LineOfBusiness

ADDRESS_FIELDS = tuple(f"payer_address_line_{number}" for number in range(1, 6))
"""Up to five lines, without the country."""

BOOK_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "policy_number": "number of the policy, given to people",
        "payer_key": "key of the payer in the source system; the policy number where it is not mapped",
        "payer_name": "name of the payer, as it stands on the invoice",
        **dict.fromkeys(ADDRESS_FIELDS, "a line of the payer's postal address, without the country"),
        "payer_country_code": "ISO 3166 alpha-2 country of the address; the country of the place where empty",
        "payer_email": "one e-mail address",
        "payer_language": "BCP 47 tag of the language of documents; en where empty",
        "product_code": "product, as the insurer calls it; the line of business where empty",
        "line_of_business": f"line of business: {', '.join(LineOfBusiness)}",
        "place_code": "place of the risk, as tax law and calendars know it",
        "currency": "ISO 4217 code",
        "plan_code": "payment plan",
        "effective_date": "first day of the term",
        "expiration_date": "first day after the term",
        "anchor_date": "day from which installments are counted; the effective date where empty",
        "cover_to_date": "first day without cover where cover ended early; empty where it did not",
        "contract_start_date": "first day of the contract; checked against the term, not kept",
        "premium": "premium of the whole term, before tax",
    }
)
"""Field -> what it holds."""

REQUIRED_FIELDS = (
    "policy_number",
    "payer_name",
    "line_of_business",
    "place_code",
    "currency",
    "plan_code",
    "effective_date",
    "expiration_date",
    "premium",
)
"""Fields that a mapping must give a column or a constant."""

DATE_FIELDS = ("effective_date", "expiration_date", "anchor_date", "cover_to_date", "contract_start_date")

KEY_FIELDS = ("policy_number", "payer_key")

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """Where a field comes from: columns joined by ``join`` (empty cells left out), then ``values``.

    ``constant`` is the value of every row where there is no column, and of rows whose cells are empty.
    """

    columns: tuple[str, ...] = ()
    join: str = " "
    values: Mapping[str, str] | None = None
    constant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFormat:
    """How the file is written; Parquet needs only ``date_formats``.

    ``quote`` is empty where the file quotes nothing, ``thousands`` where amounts have no grouping mark.
    ``date_formats`` are strftime formats of ``%Y``, ``%m`` and ``%d``; where two of them read one text as
    different days, the text is ambiguous and refused.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    decimal_mark: str = "."
    thousands: str = ""
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookControls:
    """What the sender says is in the file; a file that disagrees is refused whole.

    ``premium`` maps a currency to the sum of the premiums as plain digits; the key ``""`` stands for the one
    currency of the file.
    """

    rows: int | None = None
    premium: Mapping[str, str] = field(default_factory=dict)


def cell_name(column: str) -> str:
    """Return the name under which the rows of a book hold the cells of a column of the file.

    A file may call its columns anything, also ``row_number`` or ``*``: none of its names stands among ours.

    >>> cell_name("row_number")
    'cell:row_number'
    """
    return f"cell:{column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMapping:
    """A mapping, checked. ``content_sha256`` identifies what it does to a row, not its file's layout.

    ``source_code`` names the system that the books come from, where a company has several: a book is compared
    with the books before it from the same one. ``is_full``: a book names every policy that is in force, so
    that what it leaves out is missing.
    """

    fields: Mapping[str, FieldSource]
    format: BookFormat = BookFormat()
    company_code: str = ""
    source_code: str = ""
    is_full: bool = False
    cut_over_date: date | None = None
    row_count_tolerance_percent: int = 20
    controls: BookControls = field(default_factory=BookControls)
    content_sha256: str = ""

    def source_columns(self) -> tuple[str, ...]:
        """Return the columns that the file must have, each once, in the order of the mapping.

        >>> name = FieldSource(columns=("first", "last"))
        >>> BookMapping(
        ...     fields={"payer_name": name, "policy_number": FieldSource(columns=("no",))}
        ... ).source_columns()
        ('first', 'last', 'no')
        """
        return tuple(dict.fromkeys(name for source in self.fields.values() for name in source.columns))
