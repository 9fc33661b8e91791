"""Files of exchange rates: the XML and CSV of the European Central Bank, and a plain list.

Belongs here: the forms of such files, each fault with its place. Does not belong here: what a rate is
(``domain.exchange_rates``), which of two rates of a day counts (``store.exchange_rates``).

A file is taken whole or not at all. A currency that ISO 4217 does not list any more (the bank's history
has some) is left out and named. A document type, which is where XML entities come from, is refused.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import ExchangeRate, checked_rate
from billing_assets.domain.money import CURRENCIES
from billing_assets.steps.rate_ports import RateFile

ECB_BASE = "EUR"
ECB_SOURCE = "European Central Bank, euro foreign exchange reference rates"
_LIST_HEADER = ["date", "base_currency", "currency", "rate"]
_NOT_QUOTED = {"", "N/A"}
_MOST_NAMED = 5
_LONGEST_VALUE = 30
_CODE = re.compile(r"[A-Z]{3}")
_TODO = "correct the file and import it again; nothing of it was taken"


@dataclass(frozen=True, slots=True)
class _Quote:
    """A rate as it is written, and where."""

    place: str
    day: str
    base_currency: str
    currency: str
    rate: str


class ExchangeRateFiles:
    """The reader of rate files that the step asks for."""

    def read(self, path: Path, source: str) -> RateFile:
        """Return the rates of the file; see :func:`read_rate_file`."""
        return read_rate_file(path, source)


def read_rate_file(path: Path, source: str = "") -> RateFile:
    """Return the rates of an XML or CSV file, in its order.

    ``source`` says where they are from; the forms of the European Central Bank know that themselves. A list
    has the columns date, base_currency, currency and rate.

    Raises:
        BillingError: ``rates_unreadable``, ``rates_invalid`` naming the first places, or ``source_missing``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BillingError(
            "rates_unreadable", f"{path.name}: {error.strerror}", "name a file of rates that can be read"
        ) from error
    if content.lstrip().startswith(b"<"):
        return _rate_file(path.name, list(_xml_quotes(path.name, content)), source or ECB_SOURCE)
    rows = _csv_rows(path.name, content)
    header = [name.strip() for name in rows[0]]
    if [name.lower() for name in header] == _LIST_HEADER:
        if not source:
            raise BillingError(
                "source_missing",
                f"{path.name} is a list without a source",
                "say where it is from: --source TEXT",
            )
        return _rate_file(path.name, list(_list_quotes(path.name, rows[1:])), source)
    if header[0].lower() == "date" and len(header) > 1:
        return _rate_file(path.name, list(_wide_quotes(header, rows[1:])), source or ECB_SOURCE)
    raise BillingError(
        "rates_unreadable",
        f"{path.name} has neither the columns {', '.join(_LIST_HEADER)} nor those of the central bank",
        "see docs/how-to/report-in-one-currency.md for both forms",
    )


def _rate_file(name: str, quotes: list[_Quote], source: str) -> RateFile:
    if not quotes:
        raise BillingError("rates_unreadable", f"{name} holds no rate", "get the file again")
    left_out = sorted({quote.currency for quote in quotes if _is_withdrawn(quote.currency)})
    rates: dict[tuple[str, str, date], ExchangeRate] = {}
    faults: list[str] = []
    for quote in quotes:
        if quote.currency in left_out:
            continue
        try:
            day = _day(quote.day)
            rate = checked_rate(quote.base_currency, quote.currency, day, quote.rate, source)
        except BillingError as error:
            faults.append(f"{quote.place}: {error.found}")
            continue
        key = (rate.base_currency, rate.currency, rate.rate_date)
        if rates.setdefault(key, rate).rate_e10 != rate.rate_e10:
            faults.append(f"{quote.place}: {rate.currency} has two rates on {rate.rate_date}")
    if faults:
        more = f", and {len(faults) - _MOST_NAMED} more" if len(faults) > _MOST_NAMED else ""
        raise BillingError("rates_invalid", f"{name}: {'; '.join(faults[:_MOST_NAMED])}{more}", _TODO)
    return RateFile(name=name, rates=tuple(rates.values()), left_out=tuple(left_out))


def _is_withdrawn(currency: str) -> bool:
    return bool(_CODE.fullmatch(currency)) and currency not in CURRENCIES


def _day(text: str) -> date:
    # "02 January 2024" is how the bank writes the day in the file of one day.
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise BillingError("rate_invalid", f"{text[:_LONGEST_VALUE]!r} is no day", "write it as 2025-01-31")


def _xml_quotes(name: str, content: bytes) -> Iterator[_Quote]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BillingError(
            "rates_unreadable", f"{name} declares a document type", "get the file from the bank"
        )
    try:
        root = ET.fromstring(content)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise BillingError("rates_unreadable", f"{name} is no XML: {error}", "get the file again") from error
    for day in root.iter():
        if "time" not in day.attrib:
            continue
        for number, cube in enumerate(day, 1):
            place = f"{day.attrib['time']}, entry {number}"
            currency, rate = cube.attrib.get("currency", ""), cube.attrib.get("rate", "")
            yield _Quote(place, day.attrib["time"], ECB_BASE, currency, rate)


def _csv_rows(name: str, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BillingError("rates_unreadable", f"{name} is no CSV in UTF-8", "get the file again") from error
    if not rows or not rows[0]:
        raise BillingError("rates_unreadable", f"{name} is empty", "get the file again")
    return rows


def _list_quotes(name: str, rows: list[list[str]]) -> Iterator[_Quote]:
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(_LIST_HEADER):
            raise BillingError("rates_invalid", f"{name}: row {number} has {len(row)} columns", _TODO)
        day, base, currency, rate = (cell.strip() for cell in row)
        yield _Quote(f"row {number}", day, base, currency, rate)


def _wide_quotes(header: list[str], rows: list[list[str]]) -> Iterator[_Quote]:
    for number, row in enumerate(rows, 2):
        cells = [cell.strip() for cell in row]
        for currency, rate in zip(header[1:], cells[1:], strict=False):
            if currency and rate not in _NOT_QUOTED:
                yield _Quote(f"row {number}", cells[0], ECB_BASE, currency, rate)
