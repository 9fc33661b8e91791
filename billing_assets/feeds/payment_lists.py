"""Lists of payments: a CSV with a header, in UTF-8.

Belongs here: the form of a list, and telling lists from statements. Does not belong here: statements of banks
(``bank_statements``), what becomes of an entry (``steps.record_payments``).

Columns: ``key``, ``value_date``, ``amount``, ``currency``, and as wanted ``booking_date``, ``payer_key``,
``payer_name``, ``remittance``, ``returns`` (the key of the payment that went back) and ``reason``.
"""

import csv
from collections.abc import Sequence
from hashlib import sha256
from io import StringIO
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.payments import (
    LONGEST_NAME,
    LONGEST_REMITTANCE,
    NewPayment,
    NewReturn,
    PaymentProblem,
    SourceKind,
    amount_of,
    day_of,
    key_of,
    one_line,
)
from billing_assets.feeds.bank_statements import BankStatements
from billing_assets.steps.payment_ports import PaymentFile

REQUIRED = ("key", "value_date", "amount", "currency")
OPTIONAL = ("booking_date", "payer_key", "payer_name", "remittance", "returns", "reason")
_XML_BEGINS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff")


class PaymentFiles:
    """Reads a file of payments, whichever of the known forms it has."""

    def read(self, path: Path) -> PaymentFile:
        """Return the entries of a statement or of a list; raise as their readers do."""
        try:
            with path.open("rb") as file:
                first = file.read(64).lstrip()
        except OSError as error:
            raise _refused(path.name, str(error.strerror)) from error
        return (BankStatements() if first.startswith(_XML_BEGINS) else PaymentLists()).read(path)


class PaymentLists:
    """Reads CSV lists of payments."""

    def read(self, path: Path) -> PaymentFile:
        """Return the entries of a list.

        Raises:
            BillingError: ``payments_unreadable``, ``payments_header``.
        """
        content = path.read_bytes()
        rows = _rows(path.name, content)
        header = [name.strip().lower() for name in rows[0]]
        _require_header(path.name, header)
        payments: list[NewPayment] = []
        returns: list[NewReturn] = []
        problems: list[PaymentProblem] = []
        for number, row in enumerate(rows[1:], start=2):
            cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
            try:
                if len(row) != len(header):
                    raise ValueError("payment_row_malformed")
                if cells.get("returns"):
                    returns.append(_return(cells))
                else:
                    payments.append(_payment(cells))
            except ValueError as error:
                problems.append(_problem(number, row, cells, str(error)))
        return PaymentFile(
            name=path.name,
            content_sha256=sha256(content).hexdigest(),
            source_kind=SourceKind.BANK_TRANSFER,
            payments=tuple(payments),
            returns=tuple(returns),
            problems=tuple(problems),
        )


def _rows(name: str, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
        rows = [row for row in csv.reader(StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(name, str(error)) from error
    if len(rows) < 1:
        raise _refused(name, "it is empty")
    return rows


def _refused(name: str, reason: str) -> BillingError:
    return BillingError(
        "payments_unreadable",
        f"{name} cannot be read: {reason}",
        "save it as CSV in UTF-8 with commas, or bring in a camt.053 statement",
    )


def _require_header(name: str, header: Sequence[str]) -> None:
    missing = [column for column in REQUIRED if column not in header]
    unknown = [column for column in header if column not in {*REQUIRED, *OPTIONAL}]
    if missing or unknown or len(set(header)) != len(header):
        wrong = ", ".join([*missing, *unknown])[:80] or "a column stands twice"
        raise BillingError(
            "payments_header",
            f"the header of {name} lacks or misnames: {wrong}",
            f"the columns are {', '.join(REQUIRED)}, and as wanted {', '.join(OPTIONAL)}",
        )


def _payment(cells: dict[str, str]) -> NewPayment:
    value_date = day_of(cells["value_date"])
    booked = cells.get("booking_date", "")
    currency = cells["currency"]
    return NewPayment(
        source_kind=SourceKind.BANK_TRANSFER,
        external_key=key_of(cells["key"]),
        currency=currency,
        amount_minor=amount_of(cells["amount"], currency),
        value_date=value_date,
        booking_date=day_of(booked) if booked else value_date,
        payer_key=cells.get("payer_key", ""),
        payer_name=one_line(cells.get("payer_name", ""), LONGEST_NAME),
        remittance_text=one_line(cells.get("remittance", ""), LONGEST_REMITTANCE),
    )


def _return(cells: dict[str, str]) -> NewReturn:
    value_date = day_of(cells["value_date"])
    booked = cells.get("booking_date", "")
    return NewReturn(
        source_kind=SourceKind.BANK_TRANSFER,
        external_key=key_of(cells["key"]),
        original_key=key_of(cells["returns"]),
        currency=cells["currency"],
        amount_minor=amount_of(cells["amount"], cells["currency"]),
        value_date=value_date,
        booking_date=day_of(booked) if booked else value_date,
        reason_code=one_line(cells.get("reason", ""), LONGEST_NAME) or "returned",
    )


def _problem(number: int, row: Sequence[str], cells: dict[str, str], problem_code: str) -> PaymentProblem:
    name = {"currency": "currency", "date": "value_date", "key": "key"}.get(
        problem_code.split("_")[1], "amount"
    )
    return PaymentProblem(
        row_number=number,
        record_key=cells.get("key", "")[:300],
        problem_code=problem_code,
        field_name=name,
        original_value=cells.get(name, "")[:1_000],
        original_row=",".join(row)[:4_000],
    )
