"""The names of a file's columns, held against the columns that a mapping asks for.

Belongs here: what is wrong with a header, of CSV and Parquet alike. Does not belong here: cutting a header
out of a file (``records``), the cells below it (``policy_files``, ``parquet_rows``).
"""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

from billing_assets.domain.book_mapping import BookMapping
from billing_assets.domain.errors import BillingError


def check_header(file_name: str, header: Sequence[str], mapping: BookMapping) -> None:
    """Raise where the file lacks a column that ``mapping`` names, or names a column twice.

    Raises:
        BillingError: ``header_doubled`` or ``mapping_column_missing``, with the nearest name.

    >>> from billing_assets.domain.book_mapping import FieldSource
    >>> check_header("a.csv", ["no"], BookMapping(fields={"policy_number": FieldSource(columns=("no",))}))
    """
    doubled = [column for column, count in Counter(header).items() if count > 1 and column]
    if doubled:
        raise BillingError(
            "header_doubled",
            f"{file_name} names the column '{doubled[0][:60]}' more than once",
            "give every column a name of its own",
        )
    missing = [column for column in mapping.source_columns() if column not in header]
    if missing:
        keys = mapping.keys_of_columns()
        close = get_close_matches(missing[0], header, 1) if len(header) > 1 else []
        hint = f"did you mean '{close[0]}'?" if close else _missing_hint(header, missing, mapping)
        listed = ", ".join(f"'{column}' ({keys[column]})" for column in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""  # noqa: PLR2004 - as many as listed
        raise BillingError("mapping_column_missing", f"{file_name} has no column {listed}{more}", hint)


def _missing_hint(header: Sequence[str], missing: Sequence[str], mapping: BookMapping) -> str:
    if len(header) == 1:
        mark = mapping.format.delimiter
        return f"the header is one name: check 'format.delimiter' ('{mark}') and the header row"
    if set(missing) <= {charge.column for charge in mapping.charges}:
        return (
            "give the file the columns of its charges, correct them under 'charges' in the mapping, or bring "
            "a file whose premiums are one charge with a mapping without 'charges'"
        )
    return "correct the column in the mapping; the file must begin with a header row"
