"""Changes of a policy in the middle of its term: endorsement, cancellation, reinstatement.

Belongs here: the kinds, and what a row of a file of changes may say.
Does not belong here: what changes come to (``frames.policy_changes``), how a cancelled term is earned
(``cancellation``), the form of the file (``feeds``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.money import parse_minor
from billing_assets.domain.problems import SEVERAL_CHARGES, SEVERAL_PAYERS

LARGEST_CHANGE_NUMBER = 32_767


class ChangeKind(StrEnum):
    """What a change does from its day on.

    ``endorsement``: another premium. ``cancellation``: no cover, by a method. ``reinstatement``: cover again;
    on the day of the cancellation it is one without a lapse.
    """

    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"
    REINSTATEMENT = "reinstatement"


CHANGE_FIELDS = (
    "policy_number",
    "effective_date",
    "change_number",
    "change_kind",
    "change_date",
    "premium",
    "method",
)
"""The columns of a file of changes; ``effective_date`` is that of the term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTerm:
    """A term of the store that a change may speak of; one with charge lines or several payers takes none.

    ``is_away``: invoices of it are in a detached month, and it takes no change that is not there.
    """

    policy_term_id: int
    policy_id: int
    policy_number: str
    effective_date: date
    expiration_date: date
    currency: str
    charge_count: int = 0
    payer_count: int = 0
    is_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """A change of a stored term.

    ``premium_minor`` is of an endorsement alone, ``method_code`` of a cancellation alone.
    """

    policy_term_id: int
    policy_id: int
    change_number: int
    change_kind: ChangeKind
    change_date: date
    premium_minor: int = 0
    method_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFault:
    """What is wrong with a row: the code of a problem and the field."""

    problem_code: str
    field_name: str


_REASON = re.compile(rf"({'|'.join(ChangeKind)}) (\d{{4}}-\d{{2}}-\d{{2}}) \(\d{{1,5}}\)")


def change_of_reason(reason: str) -> tuple[ChangeKind, date] | None:
    """Return kind and day of the change that the reason of a credit note names, None for any other reason.

    >>> change_of_reason("cancellation 2024-07-01 (1)")
    (<ChangeKind.CANCELLATION: 'cancellation'>, datetime.date(2024, 7, 1))
    >>> change_of_reason("the car was sold") is None
    True
    """
    found = _REASON.fullmatch(reason)
    day = day_of(found[2]) if found else None
    return (ChangeKind(found[1]), day) if found and day else None


_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[1-9]\d{0,4}")


def day_of(text: str) -> date | None:
    """Return the day that a cell names, None where it names none.

    >>> day_of("2024-02-29"), day_of("2023-02-29"), day_of("01/02/24")
    (datetime.date(2024, 2, 29), None, None)
    """
    try:
        return date.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None


def change_from(cells: Mapping[str, str], term: ChangedTerm | None) -> TermChange | ChangeFault:
    """Return the change that the cells of a row say (``CHANGE_FIELDS``), or the first thing that is wrong.

    ``term`` is the one that policy number and effective date name, None where there is none.

    >>> term = ChangedTerm(
    ...     policy_term_id=7,
    ...     policy_id=3,
    ...     policy_number="P-1",
    ...     effective_date=date(2024, 1, 1),
    ...     expiration_date=date(2025, 1, 1),
    ...     currency="EUR",
    ... )
    >>> names = ("P-1", "2024-01-01", "1", "endorsement", "2024-07-01", "1200.00", "")
    >>> cells = dict(zip(CHANGE_FIELDS, names, strict=True))
    >>> change_from(cells, term).premium_minor
    120000
    >>> from dataclasses import replace
    >>> change_from(cells, replace(term, charge_count=2)).problem_code
    'several_charges'
    >>> change_from(cells | {"change_date": "2025-01-01"}, term).problem_code
    'change_outside_term'
    """
    fault = _key_fault(cells) or _fault(term is None, "term_unknown", "effective_date")
    if fault or term is None:
        return fault or ChangeFault(problem_code="term_unknown", field_name="effective_date")
    kind, day = cells["change_kind"], day_of(cells["change_date"])
    fault = (
        _fault(kind not in list(ChangeKind), "change_kind_unknown", "change_kind")
        or _fault(not cells["change_date"], "date_empty", "change_date")
        or _fault(day is None, "date_invalid", "change_date")
    )
    if fault or day is None:
        return fault or ChangeFault(problem_code="date_invalid", field_name="change_date")
    fault = (
        _fault(not term.effective_date <= day < term.expiration_date, "change_outside_term", "change_date")
        or _fault(term.charge_count > 0, SEVERAL_CHARGES, "policy_number")
        or _fault(term.payer_count > 0, SEVERAL_PAYERS, "policy_number")
        or _method_fault(cells, day)
    )
    if fault:
        return fault
    premium = _premium(cells, term.currency)
    if isinstance(premium, ChangeFault):
        return premium
    return TermChange(
        policy_term_id=term.policy_term_id,
        policy_id=term.policy_id,
        change_number=int(cells["change_number"]),
        change_kind=ChangeKind(kind),
        change_date=day,
        premium_minor=premium,
        method_code=cells["method"],
    )


def _fault(is_wrong: bool, problem_code: str, field_name: str) -> ChangeFault | None:
    return ChangeFault(problem_code=problem_code, field_name=field_name) if is_wrong else None


def _key_fault(cells: Mapping[str, str]) -> ChangeFault | None:
    number = cells["change_number"]
    is_number = bool(_NUMBER.fullmatch(number)) and int(number) <= LARGEST_CHANGE_NUMBER
    return (
        _fault(not cells["policy_number"], "key_empty", "policy_number")
        or _fault(not cells["effective_date"], "date_empty", "effective_date")
        or _fault(day_of(cells["effective_date"]) is None, "date_invalid", "effective_date")
        or _fault(not is_number, "change_number_invalid", "change_number")
    )


def _method_fault(cells: Mapping[str, str], day: date) -> ChangeFault | None:
    method = cells["method"]
    if cells["change_kind"] != ChangeKind.CANCELLATION:
        return _fault(bool(method), "field_unexpected", "method")
    row = CANCELLATION_METHODS.get(method)
    is_valid = row is not None and row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
    return _fault(not is_valid, "method_unknown", "method")


def _premium(cells: Mapping[str, str], currency: str) -> int | ChangeFault:
    written = cells["premium"]
    if cells["change_kind"] != ChangeKind.ENDORSEMENT:
        return _fault(bool(written), "field_unexpected", "premium") or 0
    try:
        amount = parse_minor(written, currency)
    except ValueError as error:
        return ChangeFault(problem_code=str(error), field_name="premium")
    return _fault(amount < 0, "amount_negative", "premium") or amount
