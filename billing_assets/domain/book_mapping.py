"""The mapping of a policy book: how the columns of an insurer's export become the fields of a policy term.

Belongs here: the fields that a book may fill, the typed mapping, and which values a field can have.
Does not belong here: reading a mapping file (``feeds.mapping``), applying one to rows
(``frames.book_fields``).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from types import MappingProxyType

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness

ADDRESS_FIELDS = tuple(f"payer_address_line_{number}" for number in range(1, 6))
"""Up to five lines, without the country."""

PAYER_FIELDS = (
    "payer_key",
    "payer_name",
    *ADDRESS_FIELDS,
    "payer_country_code",
    "payer_email",
    "payer_language",
    "payer_group",
    "payer_channels",
    "payer_endpoint",
)
"""What a book says of a payer."""

SHARE = "share"
"""The field of a further payer that says what the payer bears, in percent."""

BOOK_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "policy_number": "number of the policy, given to people",
        "payer_key": "key of the payer in the source system; the policy number where it is not mapped",
        "payer_name": "name of the payer, as it stands on the invoice",
        **dict.fromkeys(ADDRESS_FIELDS, "a line of the payer's postal address, without the country"),
        "payer_country_code": "ISO 3166 alpha-2 country of the address; the country of the place where empty",
        "payer_email": "one e-mail address",
        "payer_language": "BCP 47 tag of the language of documents; en where empty",
        "payer_group": "code of the payer's group, by which a run may select policies; none where empty",
        "payer_channels": "channels that the payer takes, the preferred one first; email where empty",
        "payer_endpoint": "code of the endpoint to which documents of the payer are pushed; none where empty",
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

_LISTED_COUNT = 40


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSource:
    """A charge line of the book: the column of its amount, and what it is.

    ``line_of_business`` empty: that of the term.
    """

    charge_code: str
    charge_name: str
    column: str
    line_of_business: str = ""

    @property
    def field_name(self) -> str:
        """The name of its amount among the fields of a book.

        >>> ChargeSource(charge_code="fire", charge_name="Fire", column="F").field_name
        'charges.fire'
        """
        return f"charges.{self.charge_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerSource:
    """A payer of the book beside the payer of the row: where each of their fields comes from.

    ``number`` is its place in the mapping, from 1. ``fields`` has ``SHARE`` and some of ``PAYER_FIELDS``.
    """

    number: int
    fields: Mapping[str, FieldSource]

    def field_name(self, name: str) -> str:
        """Return the name of one of its fields among the fields of a book.

        >>> PayerSource(number=2, fields={}).field_name("payer_key")
        'payers.2.payer_key'
        """
        return f"payers.{self.number}.{name}"


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
    that what it leaves out is missing. ``file_name`` is that of the mapping, for what has to be said of it.
    ``charges`` are the charge lines, numbered from 1 in this order; none: premiums are one charge. ``payers``
    are those that may pay a part beside the payer of the row.
    """

    fields: Mapping[str, FieldSource]
    charges: tuple[ChargeSource, ...] = ()
    payers: tuple[PayerSource, ...] = ()
    format: BookFormat = BookFormat()
    company_code: str = ""
    source_code: str = ""
    is_full: bool = False
    cut_over_date: date | None = None
    row_count_tolerance_percent: int = 20
    controls: BookControls = field(default_factory=BookControls)
    content_sha256: str = ""
    file_name: str = "mapping"

    def keys_of_columns(self) -> Mapping[str, str]:
        """Return for each column that the file must have a key of the mapping that names it.

        >>> charge = ChargeSource(charge_code="fire", charge_name="Fire", column="F")
        >>> number = FieldSource(columns=("no",))
        >>> dict(BookMapping(fields={"policy_number": number}, charges=(charge,)).keys_of_columns())
        {'F': 'charges.fire.column', 'no': 'columns.policy_number'}
        """
        keys = {charge.column: f"{charge.field_name}.column" for charge in self.charges}
        for name, source in self.fields.items():
            keys.update(dict.fromkeys(source.columns, f"columns.{name}"))
        for name, source in self.payer_fields().items():
            keys.update((column, name) for column in source.columns if column not in keys)
        return keys

    def source_columns(self) -> tuple[str, ...]:
        """Return the columns that the file must have, each once, in the order of the mapping.

        >>> name = FieldSource(columns=("first", "last"))
        >>> BookMapping(
        ...     fields={"payer_name": name, "policy_number": FieldSource(columns=("no",))}
        ... ).source_columns()
        ('first', 'last', 'no')
        """
        of_fields = (name for source in self.fields.values() for name in source.columns)
        of_charges = (charge.column for charge in self.charges)
        of_payers = (name for source in self.payer_fields().values() for name in source.columns)
        return tuple(dict.fromkeys((*of_fields, *of_charges, *of_payers)))

    def payer_fields(self) -> dict[str, FieldSource]:
        """Return the fields of all further payers by the names that they have in a book.

        >>> payer = PayerSource(number=1, fields={"share": FieldSource(columns=("part",))})
        >>> list(BookMapping(fields={}, payers=(payer,)).payer_fields())
        ['payers.1.share']
        """
        return {
            payer.field_name(name): source for payer in self.payers for name, source in payer.fields.items()
        }


def known_values(plan_codes: Collection[str]) -> Mapping[str, Collection[str]]:
    """Return the values that each field with a closed list of them can have; ``plan_codes`` are the store's.

    >>> list(known_values({"monthly"}))
    ['currency', 'plan_code', 'place_code', 'line_of_business']
    """
    return {
        "currency": CURRENCIES,
        "plan_code": plan_codes,
        "place_code": PLACES,
        "line_of_business": [line.value for line in LineOfBusiness],
    }


def require_known_values(mapping: BookMapping, plan_codes: Collection[str]) -> None:
    """Refuse a mapping that itself writes a value which no row can have: it would hold the whole book.

    A map may empty a field that has a constant.

    Raises:
        BillingError: ``mapping_invalid``, naming the key, the value and the nearest one that is known.

    >>> fields = {"plan_code": FieldSource(columns=("PAY",), values={"M": "monthy"})}
    >>> require_known_values(BookMapping(fields=fields), {"monthly", "yearly"})
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: mapping: 'monthy' in 'columns.plan_code.map.M' is no known \
value of plan_code (mapping_invalid): did you mean 'monthly'?
    """
    for name, known in known_values(plan_codes).items():
        written = list(_written(name, mapping.fields.get(name, FieldSource())))
        if name == "line_of_business":
            written += [
                (f"{charge.field_name}.{name}", charge.line_of_business)
                for charge in mapping.charges
                if charge.line_of_business
            ]
        for key, value in written:
            if value not in known:
                raise BillingError(
                    "mapping_invalid",
                    f"{mapping.file_name}: '{value[:40]}' in '{key}' is no known value of {name}",
                    _nearest(value, known, _MORE_OF_PLANS if name == "plan_code" else ""),
                )


_MORE_OF_PLANS = " ('billing rules plans list' shows each plan, 'billing rules plans add' adds one)"


def _written(name: str, source: FieldSource) -> Iterator[tuple[str, str]]:
    """Yield key and value of all that a mapping itself writes into a field."""
    if source.constant:
        yield f"constants.{name}", source.constant
    for old, new in (source.values or {}).items():
        if new or not source.constant:
            yield f"columns.{name}.map.{old}", new


def _nearest(value: str, known: Collection[str], more: str) -> str:
    """Say which known value is near; where none is, those there are, and ``more`` about them."""
    text, names = value.casefold(), {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(text, names)
    if close:
        return f"did you mean '{names[max(close, key=lambda name: _nearness(name, text))]}'?"
    if len(names) <= _LISTED_COUNT:
        return f"choose from {', '.join(names.values())}{more}"
    return f"docs/reference/mapping.md says which values there are{more}"


def _nearness(name: str, text: str) -> tuple[float, int]:
    """Return how near a name is; of two that are equally near, the one with the longest run in common."""
    matcher = SequenceMatcher(None, name, text)
    return matcher.ratio(), matcher.find_longest_match().size
