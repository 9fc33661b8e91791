"""Files of payment plans: a CSV with one plan row a line, under the names of its fields.

Belongs here: the form of the file, each fault with its row and field. Does not belong here: what a field may
hold (``domain.plan_records``), whether a row fits those of the store (``store.plan_rows``).

A file is taken whole or not at all.
"""

import csv
import io
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.plan_records import PLAN_FIELDS, REQUIRED_FIELDS, plan_from
from billing_assets.domain.text_fields import Fault
from billing_assets.steps.plan_ports import PlacedPlan, PlanFile, plans_invalid

_UNREADABLE = "plans_unreadable"


class PlanFiles:
    """The reader of plan files that the step asks for."""

    def read(self, path: Path) -> PlanFile:
        """Return the plan rows of the file; see :func:`read_plan_file`."""
        return read_plan_file(path)


def read_plan_file(path: Path) -> PlanFile:
    """Return the plan rows of a CSV file, in its order; row 1 is the first one below the header.

    The header names the fields, in any order; those that may be left out have their default. Empty lines are
    no rows, as in a policy book.

    Raises:
        BillingError: ``plans_unreadable``, or ``plans_invalid`` naming row and field of every bad cell.
    """
    header, *rows = _csv_rows(path)
    names = [name.strip() for name in header]
    _check_header(path.name, names)
    placed: list[PlacedPlan] = []
    faults: list[tuple[str, Fault]] = []
    written = [row for row in rows if any(cell.strip() for cell in row)]
    for number, row in enumerate(written, 1):
        place = f"row {number}"
        if len(row) != len(names):
            faults.append((place, Fault("", f"it has {len(row)} cells, the header {len(names)}")))
            continue
        plan, found = plan_from(dict(zip(names, row, strict=True)))
        faults += [(place, fault) for fault in found]
        if plan is not None:
            placed.append(PlacedPlan(place=place, plan=plan))
    if faults:
        raise plans_invalid(path.name, faults)
    if not placed:
        raise BillingError(_UNREADABLE, f"{path.name} holds no plan row", "write a row below the header")
    return PlanFile(name=path.name, plans=tuple(placed))


def _check_header(name: str, names: list[str]) -> None:
    unknown = [column for column in names if column not in PLAN_FIELDS]
    missing = [column for column in REQUIRED_FIELDS if column not in names]
    twice = sorted({column for column in names if names.count(column) > 1})
    parts = (("has unknown columns", unknown), ("lacks the columns", missing), ("names twice", twice))
    if len(names) == 1 and ";" in names[0]:
        raise BillingError(_UNREADABLE, f"{name} parts its columns by ';'", "save it as CSV with ',' instead")
    found = [f"{words} {', '.join(column[:40] for column in columns)}" for words, columns in parts if columns]
    if found:
        raise BillingError(
            _UNREADABLE,
            f"{name} {' and '.join(found)}",
            f"the columns of a plan are {', '.join(PLAN_FIELDS)}",
        )


def _csv_rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except OSError as error:
        raise BillingError(
            _UNREADABLE, f"{path.name}: {error.strerror}", "name a file of plans that can be read"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BillingError(
            _UNREADABLE, f"{path.name} is no CSV in UTF-8", "save it as CSV in UTF-8"
        ) from error
    if not rows or not rows[0]:
        raise BillingError(
            _UNREADABLE, f"{path.name} is empty", "write the names of the fields in its first line"
        )
    return rows
