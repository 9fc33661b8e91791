"""Months that are detached: which may be, what is written of one, and what is told of one that is away.

Belongs here: the month as people name it, the reasons that keep one attached, its record.
Does not belong here: the rows of a month (``store.month_rows``), the files that hold them
(``feeds.month_folders``).

A month is that of the billing date of an invoice; its credit notes go with it, whenever they were issued. It
can be detached when each term that it billed is closed for good.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from types import MappingProxyType

from billing_assets.domain.certificate_files import canonical_text, text_sha256
from billing_assets.domain.errors import BillingError

LEAST_BOUND_MONTHS = 30
"""Within so many months after its end a term may still have an installment or a change to be settled."""

BOUND_MONTHS = 36
"""So many months after its end a term is closed for good, unless another number is given."""

RECORD_FORMAT = 1
MONTH_AWAY = "month_away"
"""The code of the problem, and of the error, of whatever speaks of a month that is detached."""

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

_TEXT = """
nothing_billed | nothing was billed in it | there is nothing to detach
no_finished_run | no run of an open day is finished | bill a date first
run_unfinished | runs that are not finished: {count} | \
finish, approve or reject them; 'billing runs' shows them
month_recent | it ended less than {bound} months before the last finished run | wait, or bill up to today
term_recent | terms that ended less than {bound} months before the last finished run: {count} | \
wait, or bill up to today
book_unread | terms that were imported again after the last finished run: {count} | bill a date first
term_held | terms that are held: {count} | settle them; 'billing problems' shows them
charge_open | terms with a charge that the last finished run held or failed: {count} | \
settle them; 'billing problems' and 'billing runs charges' show them
problem_open | open problems of its policies: {count} | close them; 'billing problems' shows them
delivery_open | deliveries of its documents that are not settled: {count} | \
send them or give them up; 'billing deliveries' shows them
"""


def _read(text: str) -> dict[str, tuple[str, str]]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return {code: (found, todo) for code, found, todo in rows}


_OBSTACLES: Mapping[str, tuple[str, str]] = MappingProxyType(_read(_TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What keeps a month attached, and how often it was found."""

    obstacle_code: str
    obstacle_count: int

    def words(self, bound_months: int = BOUND_MONTHS) -> str:
        """Say what it is.

        >>> Obstacle(obstacle_code="term_held", obstacle_count=1200).words()
        'terms that are held: 1,200'
        """
        found, _ = _OBSTACLES[self.obstacle_code]
        return found.format(count=f"{self.obstacle_count:,}", bound=bound_months)

    @property
    def todo(self) -> str:
        """What to do about it."""
        return _OBSTACLES[self.obstacle_code][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFile:
    """A file of rows of one table."""

    file_name: str
    row_count: int
    byte_count: int
    file_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTable:
    """The rows of a month in one table: their columns, the hash of all of them, and the files they are in."""

    table_name: str
    columns: tuple[str, ...]
    row_count: int
    rows_sha256: str
    files: tuple[MonthFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTotal:
    """The documents of a month of one kind and currency, in minor units."""

    document_kind: str
    currency: str
    document_count: int
    net_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRecord:
    """What is kept of a detached month, in the store and beside its files, as one text and its hash."""

    company_code: str
    month: date
    totals: tuple[MonthTotal, ...]
    tables: tuple[MonthTable, ...]

    @property
    def content(self) -> str:
        """The record as canonical text."""
        return canonical_text(
            {
                "format": RECORD_FORMAT,
                "company_code": self.company_code,
                "month": month_name(self.month),
                "totals": [asdict(total) for total in self.totals],
                "tables": [
                    {**asdict(table), "columns": list(table.columns), "files": list(map(asdict, table.files))}
                    for table in self.tables
                ],
            }
        )

    @property
    def content_sha256(self) -> str:
        """The SHA-256 of the text, in hex."""
        return text_sha256(self.content)

    @property
    def row_count(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.row_count for table in self.tables)

    @property
    def byte_count(self) -> int:
        """How many bytes all files have."""
        return sum(file.byte_count for table in self.tables for file in table.files)

    @property
    def document_count(self) -> int:
        """How many invoices and credit notes there are."""
        return sum(total.document_count for total in self.totals)


def record_from(content: str) -> MonthRecord:
    """Return the record of its text.

    Raises:
        BillingError: ``manifest_unreadable`` where the text is none of this format.

    >>> record = MonthRecord(company_code="alondra", month=date(2021, 1, 1), totals=(), tables=())
    >>> record_from(record.content) == record
    True
    """
    try:
        said = json.loads(content)
        if said["format"] != RECORD_FORMAT:
            raise ValueError("another format")
        return MonthRecord(
            company_code=str(said["company_code"]),
            month=month_from(said["month"]),
            totals=tuple(MonthTotal(**total) for total in said["totals"]),
            tables=tuple(
                MonthTable(
                    **{
                        **table,
                        "columns": tuple(table["columns"]),
                        "files": tuple(MonthFile(**file) for file in table["files"]),
                    }
                )
                for table in said["tables"]
            ),
        )
    except (ValueError, TypeError, KeyError, RecursionError, BillingError) as error:
        raise BillingError(
            "manifest_unreadable",
            "the manifest is not that of a detached month",
            "name a folder that 'billing months detach' has written, and leave its files as they are",
        ) from error


def month_from(text: str) -> date:
    """Return the first day of a month that is written as YYYY-MM.

    Raises:
        BillingError: ``month_malformed``.

    >>> month_from("2021-01")
    datetime.date(2021, 1, 1)
    """
    found = _MONTH.fullmatch(text)
    if found is None or found[1] == "0000":
        raise BillingError("month_malformed", f"'{text[:20]}' is not a month", "write it as 2021-01")
    return date(int(found[1]), int(found[2]), 1)


def month_name(month: date) -> str:
    """Return a month as people write it.

    >>> month_name(date(2021, 1, 1))
    '2021-01'
    """
    return f"{month.year:04d}-{month.month:02d}"


def require_bound(bound_months: int) -> None:
    """Raise ``bound_too_short`` where terms would count as closed that may still change.

    >>> require_bound(36)
    """
    if bound_months < LEAST_BOUND_MONTHS:
        raise BillingError(
            "bound_too_short",
            f"a term is not closed for good {bound_months} months after its end",
            f"name {LEAST_BOUND_MONTHS} months or more",
        )


def month_not_closed(month: date, obstacles: Sequence[Obstacle], bound_months: int) -> BillingError:
    """Return the error for a month that cannot be detached, with all that keeps it.

    >>> held = Obstacle(obstacle_code="term_held", obstacle_count=2)
    >>> month_not_closed(date(2021, 1, 1), [held], 36).found
    '2021-01 cannot be detached: terms that are held: 2'
    """
    return BillingError(
        "month_not_closed",
        f"{month_name(month)} cannot be detached: "
        + "; ".join(obstacle.words(bound_months) for obstacle in obstacles),
        obstacles[0].todo,
    )


def folder_in_use(found: str) -> BillingError:
    """Return the error for a folder that holds something else than the month that is to be written.

    >>> folder_in_use("/archive holds notes.txt").todo
    'name a folder of its own for each month'
    """
    return BillingError("folder_in_use", found, "name a folder of its own for each month")


def month_away(what: str, months: Sequence[date]) -> BillingError:
    """Return the error for what cannot be done because of months that are detached.

    >>> month_away("invoice INV-00000001 lies", [date(2021, 1, 1)]).found
    'invoice INV-00000001 lies in 2021-01, which is detached'
    """
    names = ", ".join(map(month_name, months))
    verb = "is" if len(months) == 1 else "are"
    return BillingError(
        MONTH_AWAY,
        f"{what} in {names}, which {verb} detached",
        "bring it back with 'billing months attach FOLDER'; 'billing months list' shows what is away",
    )
