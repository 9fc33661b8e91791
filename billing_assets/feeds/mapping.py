"""Mapping files: YAML that says which column of an insurer's export is which field of a policy term.

Belongs here: reading and checking a mapping file. Its every key is described in
``docs/reference/mapping.md``. Does not belong here: what the fields are (``domain.book_mapping``), applying
a mapping (``frames.book_fields``).

Nothing in a mapping is guessed or ignored: an unknown key, a key given twice and a value that YAML reads as
something else (``NO`` as false) are refused, with the file, the key and the remedy.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn
from unicodedata import normalize

from billing_assets.domain.book_mapping import (
    BOOK_FIELDS,
    PAYER_FIELDS,
    REQUIRED_FIELDS,
    SHARE,
    BookControls,
    BookFormat,
    BookMapping,
    ChargeSource,
    FieldSource,
    PayerSource,
)
from billing_assets.domain.charge_lines import MAX_CHARGE_LINES
from billing_assets.domain.errors import BillingError
from billing_assets.domain.payer_shares import MAX_PAYERS
from billing_assets.feeds.encodings import encoding_name
from billing_assets.feeds.yaml_files import read_yaml_file

_KEYS = (
    "company",
    "source",
    "book",
    "cut_over_date",
    "format",
    "columns",
    "constants",
    "charges",
    "payers",
    "row_count_tolerance",
    "control_totals",
)
# None, point, comma, apostrophes, and the spaces that part thousands in print.
_THOUSANDS = ("", ".", ",", "'", "\u2019", " ", "\u00a0", "\u2009", "\u202f")
_CHARGE_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST_NAME = 50
_DATE_TOKENS = {"Y", "m", "d"}
_SEE = "docs/reference/mapping.md describes every key"


def read_mapping(path: Path) -> BookMapping:
    """Return the mapping that the YAML file at ``path`` describes.

    Raises:
        BillingError: ``mapping_unreadable`` or ``mapping_invalid``, naming the file, the key and the remedy.
    """
    record = read_yaml_file(path, code="mapping_unreadable", kind="mapping file", see=_SEE)
    return mapping_from(record, path.name)


def mapping_from(record: object, file_name: str = "mapping") -> BookMapping:
    """Return the mapping that ``record`` (plain values, as YAML or JSON gives them) describes.

    Raises:
        BillingError: ``mapping_invalid``, naming ``file_name``, the key and the remedy.

    >>> mapping_from({"column": {}}, "book.yaml")
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: book.yaml: 'column' is not a known key \
(mapping_invalid): did you mean 'columns'?
    """
    return _Reader(file_name).mapping(record)


def expected_premium(text: str) -> Mapping[str, str]:
    """Return the control total written as ``123.45`` (the one currency of the file) or ``EUR=1.00,GBP=2.00``.

    >>> expected_premium("EUR=1.00, GBP=2")
    {'EUR': '1.00', 'GBP': '2'}
    """
    premium: dict[str, str] = {}
    for part in text.split(","):
        currency, has_currency, amount = part.rpartition("=")
        if has_currency and not currency.strip():
            raise BillingError(
                "control_total_invalid", f"'{part[:40]}' names no currency", "write EUR=123.45"
            )
        premium[currency.strip()] = amount.strip()
    return premium


class _Reader:
    """Reads one record; holds the file's name for what it has to say."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name

    def mapping(self, record: object) -> BookMapping:
        top = self.section("", record, _KEYS)
        fields = self.fields(top.get("columns"), top.get("constants"))
        mapping = BookMapping(
            fields=fields,
            charges=self.charges(top["charges"], fields["premium"].columns) if "charges" in top else (),
            payers=self.payers(top.get("payers"), has_keys="payer_key" in fields),
            format=self.format(top.get("format")),
            company_code=self.text("company", top.get("company")),
            source_code=self.text("source", top.get("source")),
            is_full=self.is_full(top.get("book")),
            cut_over_date=self.day("cut_over_date", top.get("cut_over_date")),
            row_count_tolerance_percent=self.percent(top.get("row_count_tolerance")),
            controls=self.controls(top.get("control_totals")),
            file_name=self.file_name,
        )
        content: list[object] = [asdict(mapping.format), {k: asdict(v) for k, v in mapping.fields.items()}]
        # A mapping without charge lines and payers is what it was before there were any: its files are known
        # again.
        if mapping.charges:
            content.append([asdict(charge) for charge in mapping.charges])
        if mapping.payers:
            content.append({name: asdict(source) for name, source in mapping.payer_fields().items()})
        text = json.dumps(content, sort_keys=True)
        return replace(mapping, content_sha256=sha256(text.encode()).hexdigest())

    def charges(self, value: object, premium_columns: Iterable[str]) -> tuple[ChargeSource, ...]:
        record = self.section("charges", value, value if isinstance(value, dict) else ())
        if not record:
            self.refuse(
                "'charges' names no charge line",
                "name each charge with its column, or leave 'charges' out where premiums are one charge",
            )
        if len(record) > MAX_CHARGE_LINES:
            self.refuse(
                f"'charges' names {len(record)} charge lines",
                f"name at most {MAX_CHARGE_LINES}; add small ones together",
            )
        found = tuple(self.charge(str(code), each) for code, each in record.items())
        columns = [each.column for each in found]
        self.refuse_doubled("column", columns, "give each its own: it would count twice")
        names = [each.charge_name.casefold() for each in found]
        self.refuse_doubled("name", names, "give each its own: nobody could tell them apart on an invoice")
        for each in found:
            if each.column in premium_columns:
                self.refuse(
                    f"'{each.field_name}.column' and 'columns.premium' are both '{each.column[:60]}'",
                    "give the charge the column of its own amount; the premium is the sum of all charges",
                )
        return found

    def refuse_doubled(self, what: str, values: list[str], todo: str) -> None:
        for value in values:
            if values.count(value) > 1:
                self.refuse(f"two charge lines have the {what} '{value[:60]}'", todo)

    def charge(self, code: str, value: object) -> ChargeSource:
        key = f"charges.{code[:60]}"
        if not _CHARGE_CODE.fullmatch(code):
            self.refuse(f"'{key}' is no code", "write at most 40 of a-z, 0-9 and _, a letter first")
        record = self.section(key, value, ("column", "name", "line_of_business"))
        name = self.charge_name(f"{key}.name", record.get("name"))
        return ChargeSource(
            charge_code=code,
            charge_name=name,
            column=self.name(f"{key}.column", record.get("column")),
            line_of_business=self.text(f"{key}.line_of_business", record.get("line_of_business")),
        )

    def charge_name(self, key: str, value: object) -> str:
        name = self.text(key, value).strip()
        if not name:
            self.refuse(f"'{key}' is empty", "write what stands on the invoice, such as 'Own damage'")
        if not name.isprintable():
            self.refuse(
                f"'{key}' has characters that cannot be printed", "write it in plain letters, on one line"
            )
        if len(name) > _LONGEST_NAME:
            self.refuse(
                f"'{key}' has {len(name)} characters: '{name[:60]}'",
                f"shorten it to at most {_LONGEST_NAME}, so that it stands on one line of the invoice",
            )
        return name

    def payers(self, value: object, *, has_keys: bool) -> tuple[PayerSource, ...]:
        listed = [] if value is None else value
        if not isinstance(listed, list):
            self.refuse("'payers' is not a list", "begin each further payer with '- share: name of a column'")
        if len(listed) >= MAX_PAYERS:
            self.refuse(
                f"'payers' names {len(listed)} further payers",
                f"name at most {MAX_PAYERS - 1}: with the payer of the row that makes {MAX_PAYERS}",
            )
        if listed and not has_keys:
            self.refuse(
                "'payers' is given, and the payer of the row has no key",
                "name the column of the key under columns.payer_key: of several payers each needs one",
            )
        return tuple(self.payer(number, each) for number, each in enumerate(listed, start=1))

    def payer(self, number: int, value: object) -> PayerSource:
        key = f"payers.{number}"
        record = self.section(key, value, (SHARE, *PAYER_FIELDS, "constants"))
        fixed = self.constants(f"{key}.constants", record.get("constants"), PAYER_FIELDS)
        named = {name: record[name] for name in (SHARE, *PAYER_FIELDS) if name in record}
        found = self.sources(key, named, fixed, (SHARE, *PAYER_FIELDS))
        for name in (SHARE, "payer_key", "payer_name"):
            if name not in found:
                self.refuse(f"'{key}' has no '{name}'", f"name its column under {key}.{name}")
        return PayerSource(number=number, fields=found)

    def fields(self, columns: object, constants: object) -> dict[str, FieldSource]:
        named = self.section("columns", columns, BOOK_FIELDS)
        fixed = self.constants("constants", constants, BOOK_FIELDS)
        found = self.sources("columns", named, fixed, BOOK_FIELDS)
        for name in REQUIRED_FIELDS:
            if name not in named and not fixed.get(name):
                self.refuse(
                    f"'{name}' has no column and no constant", f"name its column under columns.{name}"
                )
        return found

    def constants(self, key: str, value: object, names: Iterable[str]) -> dict[str, str]:
        section = self.section(key, value, names)
        return {name: self.text(f"{key}.{name}", text) for name, text in section.items()}

    def sources(
        self, key: str, columns: Mapping[str, object], constants: Mapping[str, str], names: Iterable[str]
    ) -> dict[str, FieldSource]:
        """Return of ``names``, in their order, those that have a column or a constant."""
        found = {name: self.source(f"{key}.{name}", value) for name, value in columns.items()}
        return {
            name: replace(found.get(name, FieldSource()), constant=constants.get(name, ""))
            for name in names
            if name in found or name in constants
        }

    def source(self, key: str, value: object) -> FieldSource:
        if not isinstance(value, dict):
            return FieldSource(columns=(self.name(key, value),))
        record = self.section(key, value, ("column", "columns", "join", "map"))
        if ("column" in record) == ("columns" in record):
            self.refuse(
                f"'{key}' needs either 'column' or 'columns'", "name one column, or a list to be joined"
            )
        listed = record.get("columns", [record.get("column")])
        if not isinstance(listed, list) or not listed:
            self.refuse(f"'{key}.columns' is not a list of columns", "write it as [first, second]")
        join = record.get("join", " ")
        if not isinstance(join, str):
            self.refuse(f"'{key}.join' is not text", "put it in quotes")
        return FieldSource(
            columns=tuple(self.name(key, item) for item in listed),
            join=join,
            values=self.values(f"{key}.map", record["map"]) if "map" in record else None,
        )

    def values(self, key: str, value: object) -> dict[str, str]:
        if not isinstance(value, dict) or not value:
            self.refuse(f"'{key}' is not a map of values", "write value of the file: value of billing")
        return {self.text(key, old): self.text(f"{key}.{old}", new) for old, new in value.items()}

    def format(self, value: object) -> BookFormat:
        known = ("delimiter", "encoding", "quote", "decimal_mark", "thousands", "date_formats")
        record = self.section("format", value, known)
        dates = record.get("date_formats", ["%Y-%m-%d"])
        formats = tuple(self.date_format(item) for item in (dates if isinstance(dates, list) else [dates]))
        read = BookFormat(
            delimiter=self.mark("delimiter", record.get("delimiter", ",")),
            encoding=self.encoding(record.get("encoding", "utf-8")),
            quote=self.mark("quote", record.get("quote", '"'), may_be_empty=True),
            decimal_mark=self.mark("decimal_mark", record.get("decimal_mark", ".")),
            thousands=self.thousands(record.get("thousands")),
            date_formats=formats,
        )
        if not formats:
            self.refuse("'format.date_formats' is empty", "give the format of dates, such as '%Y-%m-%d'")
        if read.delimiter == read.quote or read.decimal_mark not in {".", ","}:
            self.refuse("'format' is contradictory", "delimiter and quote differ; decimal_mark is '.' or ','")
        if read.decimal_mark == read.thousands:
            self.refuse("'format' is contradictory", "decimal_mark and thousands differ")
        return read

    def thousands(self, value: object) -> str:
        text = self.text("format.thousands", value)
        if text not in _THOUSANDS:
            self.refuse(
                "'format.thousands' is not a grouping mark",
                "put one of . , ' \u2019 or a space in quotes, or leave it out",
            )
        return text

    def date_format(self, value: object) -> str:
        text = self.text("format.date_formats", value)
        tokens = re.findall(r"%(.?)", text)
        if len(tokens) != len(_DATE_TOKENS) or set(tokens) != _DATE_TOKENS:
            self.refuse(
                f"'{text[:40]}' in 'format.date_formats' is not a date format",
                "use %Y, %m and %d once each, as in '%d/%m/%Y'; two-digit years are never guessed",
            )
        return text

    def encoding(self, value: object) -> str:
        text = self.text("format.encoding", value)
        name = encoding_name(text)
        if name is None:
            self.refuse(
                f"'{text[:40]}' in 'format.encoding' is no encoding of text",
                "use utf-8, cp1252 or iso-8859-15",
            )
        return name

    def controls(self, value: object) -> BookControls:
        record = self.section("control_totals", value, ("rows", "premium"))
        rows, premium = record.get("rows"), record.get("premium", {})
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 0):
            self.refuse(
                "'control_totals.rows' is not a whole number", "give the number of rows without the header"
            )
        amounts = premium if isinstance(premium, dict) else {"": premium}
        return BookControls(
            rows=rows,
            premium={
                self.text("control_totals.premium", currency): self.text(
                    f"control_totals.premium.{currency}", amount
                )
                for currency, amount in amounts.items()
            },
        )

    def is_full(self, value: object) -> bool:
        text = self.text("book", "changes" if value is None else value)
        if text not in {"full", "changes"}:
            self.refuse(
                f"'{text[:40]}' in 'book' is neither 'full' nor 'changes'",
                "write 'full' where a book names every policy in force, else 'changes'",
            )
        return text == "full"

    def percent(self, value: object) -> int:
        text = re.sub(r"\s*%$", "", self.text("row_count_tolerance", 20 if value is None else value))
        if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:  # noqa: PLR2004 - per cent
            self.refuse(
                "'row_count_tolerance' is not a percentage", "write '20 %'; '100 %' turns the check off"
            )
        return int(text)

    def day(self, key: str, value: object) -> date | None:
        if value is None or type(value) is date:
            return value
        try:
            return date.fromisoformat(self.text(key, value))
        except ValueError:
            self.refuse(f"'{key}' is not a date", "write it as 2024-01-31")

    def mark(self, key: str, value: object, *, may_be_empty: bool = False) -> str:
        text = "" if value is None and may_be_empty else value
        is_mark = isinstance(text, str) and len(text) == 1 and text.isascii() and text not in "\r\n\0"
        if not is_mark and not (may_be_empty and text == ""):
            self.refuse(
                f"'format.{key}' is not one ASCII character", "put one character in quotes, such as ';'"
            )
        return str(text)

    def name(self, key: str, value: object) -> str:
        text = self.text(key, value)
        if not text:
            self.refuse(f"'{key}' names no column", "give the column's name as it stands in the header")
        return text

    def text(self, key: str, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            self.refuse(
                f"'{key}' is read by YAML as {type(value).__name__}, not as text", "put the value in quotes"
            )
        return "" if value is None else normalize("NFC", str(value))

    def section(self, key: str, value: object, known: Iterable[str]) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(f"'{key or 'the file'}' is not a list of keys with values", _SEE)
        names = list(known)
        for name in value:
            if name not in names:
                close = get_close_matches(str(name), names, 1)
                where = f"{key}.{name}" if key else str(name)
                self.refuse(f"'{where}' is not a known key", f"did you mean '{close[0]}'?" if close else _SEE)
        return value

    def refuse(self, found: str, todo: str) -> NoReturn:
        raise BillingError("mapping_invalid", f"{self.file_name}: {found}", todo)
