"""Statements of banks: camt.053 of ISO 20022, versions 02 and 08.

Belongs here: the form of a statement, its balances, which entries are payments and which are returns.
Does not belong here: whose a payment is (``frames.allocation``), whether an entry is known (``steps``).

What a file declares beyond elements is refused before it is read: no document type, so no entity. A statement
whose balances do not follow from its entries is refused whole; an entry that cannot be taken is a problem.
The key of an entry is the bank's own reference, or else its place in the statement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import parse_minor
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
from billing_assets.steps.payment_ports import PaymentFile

NAMESPACES = tuple(f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}" for version in ("02", "08"))
MOST_BYTES = 256 << 20
_DEEPEST = 40
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_NOT_PROVIDED = {"", "NOTPROVIDED"}
_LONGEST_ROW = 4_000


@dataclass(slots=True)
class _Found:
    """The entries of a file by what they are."""

    payments: list[NewPayment] = field(default_factory=list)
    returns: list[NewReturn] = field(default_factory=list)
    problems: list[PaymentProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry of a statement, with what all of its transactions share."""

    element: ET.Element
    number: int
    prefix: str
    currency: str
    amount_minor: int
    is_credit: bool
    value_date: date
    booking_date: date


class BankStatements:
    """Reads camt.053 files."""

    def read(self, path: Path) -> PaymentFile:
        """Return the entries of a file.

        Raises:
            BillingError: ``statement_unreadable``, ``statement_unknown_form``, ``statement_unbalanced``.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unreadable(path.name, str(error.strerror)) from error
        root = _parsed(path.name, content)
        found = _Found()
        for statement in root.iterfind("./{*}BkToCstmrStmt/{*}Stmt"):
            _read_statement(path.name, statement, found)
        return PaymentFile(
            name=path.name,
            content_sha256=sha256(content).hexdigest(),
            source_kind=SourceKind.BANK_TRANSFER,
            payments=tuple(found.payments),
            returns=tuple(found.returns),
            problems=tuple(found.problems),
        )


def _parsed(name: str, content: bytes) -> ET.Element:
    if len(content) > MOST_BYTES:
        raise _unreadable(name, f"it is larger than {MOST_BYTES:,} bytes")
    _require_plain(name, content)
    root = ET.fromstring(content)  # noqa: S314 - a document type is refused above
    if root.tag not in {f"{{{namespace}}}Document" for namespace in NAMESPACES}:
        raise BillingError(
            "statement_unknown_form",
            f"{name} is no statement of camt.053.001.02 or .08",
            "ask the bank for camt.053 in one of these versions, or bring the payments in as CSV",
        )
    return root


def _require_plain(name: str, content: bytes) -> None:
    """Refuse what is not well formed, is nested deeper than any statement, or declares a document type."""
    parser, depth = expat.ParserCreate(), 0

    def refuse(*_: object) -> NoReturn:
        raise _unreadable(name, "it declares a document type")

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _unreadable(name, "it is nested too deep")

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _unreadable(name, str(error)) from error


def _unreadable(name: str, reason: str) -> BillingError:
    return BillingError(
        "statement_unreadable", f"{name} cannot be read as XML: {reason}", "get the file from the bank again"
    )


def _read_statement(name: str, statement: ET.Element, found: _Found) -> None:
    _require_balance(name, statement)
    account = _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")
    prefix = f"{account[-8:]}/{_text(statement, 'Id')}"
    for number, element in enumerate(statement.iterfind("{*}Ntry"), start=1):
        try:
            _read_entry(_entry(element, number, account[-8:], prefix), found)
        except ValueError as error:
            found.problems.append(_problem(element, number, str(error)))


def _require_balance(name: str, statement: ET.Element) -> None:
    """Refuse a statement whose entries do not lead from its first balance to its last."""
    balances: dict[str, tuple[str, int]] = {}
    for element in statement.iterfind("{*}Bal"):
        code = _text(element, "Tp/CdOrPrtry/Cd")
        kind = "first" if code in _OPENING else "last" if code in _CLOSING else ""
        if kind == "last" or (kind and kind not in balances):
            balances[kind] = _signed(name, element)
    if set(balances) != {"first", "last"}:
        _unbalanced(name, statement, "it has no opening or no closing balance")
    entries = [
        _signed(name, element) for element in statement.iterfind("{*}Ntry") if _status(element) == "BOOK"
    ]
    (currency, first), (of_last, last) = balances["first"], balances["last"]
    if {each for each, _ in entries} | {of_last} != {currency}:
        _unbalanced(name, statement, "its balances and entries are of several currencies")
    if first + sum(amount for _, amount in entries) != last:
        _unbalanced(name, statement, "its opening balance and entries do not add up to its closing balance")


def _unbalanced(name: str, statement: ET.Element, reason: str) -> NoReturn:
    raise BillingError(
        "statement_unbalanced",
        f"{name}: statement '{_text(statement, 'Id')[:40]}': {reason}",
        "get the statement from the bank again; nothing of the file was taken",
    )


def _signed(name: str, element: ET.Element) -> tuple[str, int]:
    amount = element.find("{*}Amt")
    currency = amount.get("Ccy", "") if amount is not None else ""
    try:
        minor = parse_minor((amount.text or "") if amount is not None else "", currency)
    except (ValueError, BillingError) as error:
        raise _unreadable(name, f"an amount cannot be read: {error}") from error
    return currency, minor if _text(element, "CdtDbtInd") == "CRDT" else -minor


def _entry(element: ET.Element, number: int, account: str, prefix: str) -> _Entry:
    currency, amount = _amount(element)
    booked = _day(element, "BookgDt")
    reference = _text(element, "AcctSvcrRef")
    place = f"{prefix}/{_text(element, 'NtryRef') or number}"
    return _Entry(
        element=element,
        number=number,
        prefix=f"{account}/{reference}" if reference not in _NOT_PROVIDED else place,
        currency=currency,
        amount_minor=amount,
        is_credit=_text(element, "CdtDbtInd") == "CRDT",
        value_date=_day(element, "ValDt") if element.find("{*}ValDt") is not None else booked,
        booking_date=booked,
    )


def _read_entry(entry: _Entry, found: _Found) -> None:
    """Add the transactions of an entry, all of them or, as one problem, none."""
    if _status(entry.element) != "BOOK":
        raise ValueError("payment_not_booked")
    details = entry.element.findall("{*}NtryDtls/{*}TxDtls") or [entry.element]
    amounts = [_amount_of_details(each, entry, len(details)) for each in details]
    if sum(amounts) != entry.amount_minor:
        raise ValueError("payment_batch_differs")
    payments, returns = [], []
    for number, (each, amount) in enumerate(zip(details, amounts, strict=True), start=1):
        own = _text(each, "Refs/AcctSvcrRef")
        is_own = len(details) > 1 and own not in _NOT_PROVIDED
        key = key_of(f"{entry.prefix}/{own if is_own else number}" if len(details) > 1 else entry.prefix)
        if entry.is_credit:
            payments.append(_payment(entry, each, key, amount))
        else:
            returns.append(_return(entry, each, key, amount))
    found.payments += payments
    found.returns += returns


def _amount_of_details(details: ET.Element, entry: _Entry, count: int) -> int:
    if count == 1:
        return entry.amount_minor
    for path in ("{*}Amt", "{*}AmtDtls/{*}TxAmt/{*}Amt"):
        amount = details.find(path)
        if amount is not None and amount.get("Ccy") == entry.currency:
            return amount_of(amount.text or "", entry.currency)
    raise ValueError("payment_batch_differs")


def _payment(entry: _Entry, details: ET.Element, key: str, amount_minor: int) -> NewPayment:
    charge = _charge(details, entry.currency)
    structured = [_clean(each) for each in details.iterfind("{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref")]
    written = [_clean(each) for each in details.iterfind("{*}RmtInf/{*}Ustrd")]
    name = _text(details, "RltdPties/Dbtr/Nm") or _text(details, "RltdPties/Dbtr/Pty/Nm")
    end_to_end = _text(details, "Refs/EndToEndId")
    return NewPayment(
        source_kind=SourceKind.BANK_TRANSFER,
        external_key=key,
        end_to_end_key="" if end_to_end in _NOT_PROVIDED else one_line(end_to_end, LONGEST_NAME),
        currency=entry.currency,
        amount_minor=amount_minor + charge,
        charge_minor=charge,
        value_date=entry.value_date,
        booking_date=entry.booking_date,
        payer_name=one_line(name, LONGEST_NAME),
        remittance_text=one_line(" ".join([*structured, *written]), LONGEST_REMITTANCE),
    )


def _return(entry: _Entry, details: ET.Element, key: str, amount_minor: int) -> NewReturn:
    reason = _text(details, "RtrInf/Rsn/Cd") or _text(details, "RtrInf/Rsn/Prtry")
    is_reversal = _text(entry.element, "RvslInd") == "true"
    if not reason and not is_reversal:
        raise ValueError("payment_debit")
    original = _text(details, "Refs/EndToEndId")
    if original in _NOT_PROVIDED:
        raise ValueError("payment_return_unnamed")
    return NewReturn(
        source_kind=SourceKind.BANK_TRANSFER,
        external_key=key,
        original_key=one_line(original, LONGEST_NAME),
        currency=entry.currency,
        amount_minor=amount_minor,
        value_date=entry.value_date,
        booking_date=entry.booking_date,
        reason_code=one_line(reason, LONGEST_NAME) or "reversal",
    )


def _charge(details: ET.Element, currency: str) -> int:
    """Return what the bank kept of a payment before it booked it."""
    kept = 0
    for record in details.iterfind("{*}Chrgs/{*}Rcrd"):
        amount = record.find("{*}Amt")
        is_kept = _text(record, "ChrgInclInd") == "true" and _text(record, "CdtDbtInd") != "CRDT"
        if amount is not None and is_kept and amount.get("Ccy") == currency:
            kept += amount_of(amount.text or "", currency)
    return kept


def _amount(element: ET.Element) -> tuple[str, int]:
    amount = element.find("{*}Amt")
    if amount is None:
        raise ValueError("payment_amount_empty")
    currency = amount.get("Ccy", "")
    return currency, amount_of(amount.text or "", currency)


def _status(element: ET.Element) -> str:
    """Return the status of an entry: plain text in version 02, a code below it in version 08."""
    return _text(element, "Sts/Cd") or _text(element, "Sts")


def _day(element: ET.Element, name: str) -> date:
    return day_of((_text(element, f"{name}/Dt") or _text(element, f"{name}/DtTm"))[:10])


def _text(element: ET.Element, path: str) -> str:
    found = element.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    return _clean(found) if found is not None else ""


def _clean(element: ET.Element) -> str:
    return (element.text or "").strip()


def _problem(element: ET.Element, number: int, problem_code: str) -> PaymentProblem:
    def texts() -> Iterator[str]:
        for each in element.iter():
            if each.text and each.text.strip():
                yield f"{each.tag.rpartition('}')[2]}={each.text.strip()}"

    return PaymentProblem(
        row_number=number,
        record_key=_text(element, "AcctSvcrRef") or _text(element, "NtryRef"),
        problem_code=problem_code,
        field_name="Ntry",
        original_value=_text(element, "Amt"),
        original_row="; ".join(texts())[:_LONGEST_ROW],
    )
