"""The faults of the fictional policy book: what real exports hold, one row each.

Belongs here: one row per kind of fault, with the problem that intake should make of it.
Does not belong here: finding such faults, and faults of the file as a whole (cut short, sent twice).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

COLUMNS = (
    "POLIZA",
    "CLIENTE",
    "NOMBRE",
    "APELLIDOS",
    "DIRECCION_1",
    "DIRECCION_2",
    "PAIS",
    "CORREO",
    "IDIOMA",
    "PRODUCTO",
    "RAMO",
    "TERRITORIO",
    "DIVISA",
    "FORMA_PAGO",
    "F_EFECTO",
    "F_VENCIMIENTO",
    "F_ANCLA",
    "F_BAJA",
    "F_ALTA",
    "PRIMA_TOTAL",
)
"""Columns of the demo book, as its insurer calls them."""

RAW_QUOTE = "\ue000"
"""Is written as a bare quote, where a quote of a value would be doubled."""

AT = {name: position for position, name in enumerate(COLUMNS)}

Rows = list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFault:
    """One kind of fault.

    ``spoil`` makes of a valid row the rows that are written; each of them is a problem ``problem_code``.
    Where that is empty the rows are valid, if odd; ``duplicate_count`` of them are copies that intake drops.
    """

    name: str
    problem_code: str
    spoil: Callable[[list[str]], Rows]
    duplicate_count: int = 0


def _put(**values: str) -> Callable[[list[str]], Rows]:
    def spoil(row: list[str]) -> Rows:
        spoiled = list(row)
        for column, value in values.items():
            spoiled[AT[column]] = value
        return [spoiled]

    return spoil


def _beside(**values: str) -> Callable[[list[str]], Rows]:
    def spoil(row: list[str]) -> Rows:
        return [row, *_put(**values)(row)]

    return spoil


def _end_before_start(row: list[str]) -> Rows:
    return _put(F_EFECTO=row[AT["F_VENCIMIENTO"]], F_VENCIMIENTO=row[AT["F_EFECTO"]], F_ANCLA="", F_BAJA="")(
        row
    )


def _contract_after_term(row: list[str]) -> Rows:
    return _put(F_ALTA=row[AT["F_VENCIMIENTO"]])(row)


def _overlap(row: list[str]) -> Rows:
    """The same policy with a second term that begins a day later."""
    day, month, year = (int(part) for part in row[AT["F_EFECTO"]].split("."))
    later = date(year, month, day) + timedelta(days=1)
    whole = _put(F_BAJA="")(row)[0]
    return _beside(F_EFECTO=f"{later:%d.%m.%Y}")(whole)


def _long_key(row: list[str]) -> Rows:
    return _put(POLIZA=row[AT["POLIZA"]].ljust(300, "9"))(row)


def _bell_in_key(row: list[str]) -> Rows:
    return _put(POLIZA=row[AT["POLIZA"]] + "\x07")(row)


def _last_column_missing(row: list[str]) -> Rows:
    return [row[:-1]]


def _one_column_more(row: list[str]) -> Rows:
    return [[*row, "X"]]


_EMAIL_WITH_LINE_BREAK = "a.lopez@example.com\r\nBcc: todos@example.org"

_BAD = (
    DemoFault(name="30 February", problem_code="date_invalid", spoil=_put(F_EFECTO="30.02.2024")),
    DemoFault(name="grouping mark", problem_code="amount_not_a_number", spoil=_put(PRIMA_TOTAL="1.234,56")),
    DemoFault(name="unknown currency", problem_code="currency_unknown", spoil=_put(DIVISA="PTS")),
    DemoFault(name="empty key", problem_code="key_empty", spoil=_put(POLIZA="")),
    DemoFault(name="end before start", problem_code="end_before_start", spoil=_end_before_start),
    DemoFault(name="conflicting duplicate", problem_code="key_conflict", spoil=_beside(PRIMA_TOTAL="999")),
    DemoFault(
        name="29 February in a common year", problem_code="date_invalid", spoil=_put(F_BAJA="29.02.2023")
    ),
    DemoFault(name="end of time", problem_code="date_out_of_range", spoil=_put(F_VENCIMIENTO="31.12.9999")),
    DemoFault(name="two-digit year", problem_code="date_invalid", spoil=_put(F_EFECTO="01/02/26")),
    DemoFault(name="no start", problem_code="date_empty", spoil=_put(F_EFECTO="")),
    DemoFault(name="contract after term", problem_code="cover_starts_after_term", spoil=_contract_after_term),
    DemoFault(name="overlapping terms", problem_code="period_overlap", spoil=_overlap),
    DemoFault(name="empty amount", problem_code="amount_empty", spoil=_put(PRIMA_TOTAL="")),
    DemoFault(name="not a number", problem_code="amount_not_a_number", spoil=_put(PRIMA_TOTAL="NaN")),
    DemoFault(name="infinite", problem_code="amount_not_a_number", spoil=_put(PRIMA_TOTAL="1e309")),
    DemoFault(
        name="three decimals", problem_code="amount_too_fine", spoil=_put(DIVISA="EUR", PRIMA_TOTAL="312,505")
    ),
    DemoFault(
        name="half a yen", problem_code="amount_too_fine", spoil=_put(DIVISA="JPY", PRIMA_TOTAL="10,50")
    ),
    DemoFault(name="negative", problem_code="amount_negative", spoil=_put(PRIMA_TOTAL="-120,00")),
    DemoFault(name="absurd", problem_code="amount_out_of_range", spoil=_put(PRIMA_TOTAL="9" * 17)),
    DemoFault(name="long key", problem_code="key_too_long", spoil=_long_key),
    DemoFault(name="bell in the key", problem_code="key_has_control_characters", spoil=_bell_in_key),
    DemoFault(name="no payer", problem_code="payer_key_empty", spoil=_put(CLIENTE="")),
    DemoFault(name="no name", problem_code="payer_name_empty", spoil=_put(NOMBRE="", APELLIDOS="")),
    DemoFault(name="endless name", problem_code="text_too_long", spoil=_put(NOMBRE="Ana " * 2_500)),
    DemoFault(name="unknown plan", problem_code="value_unmapped", spoil=_put(FORMA_PAGO="Q9")),
    DemoFault(name="unknown place", problem_code="value_unmapped", spoil=_put(TERRITORIO="ATL")),
    DemoFault(name="unknown branch", problem_code="value_unmapped", spoil=_put(RAMO="NAVES")),
    DemoFault(name="unknown language", problem_code="language_unknown", spoil=_put(IDIOMA="??")),
    DemoFault(name="a column short", problem_code="row_shape", spoil=_last_column_missing),
    DemoFault(name="a column more", problem_code="row_shape", spoil=_one_column_more),
    DemoFault(name="open quote", problem_code="row_shape", spoil=_put(NOMBRE=RAW_QUOTE + "Ana")),
    # The surrogate is written as the byte 0xF1: an n with tilde of Latin-1 in a file of UTF-8.
    DemoFault(name="foreign encoding", problem_code="encoding_invalid", spoil=_put(NOMBRE="Bego\udcf1a")),
)

_ODD = (
    DemoFault(name="duplicate", problem_code="", spoil=_beside(), duplicate_count=1),
    DemoFault(
        name="HTML in a name", problem_code="", spoil=_put(APELLIDOS="<b>López</b> & <script>x()</script>")
    ),
    DemoFault(
        name="template in a name", problem_code="", spoil=_put(NOMBRE="{{7*7}}", APELLIDOS="{% raw %} #let x")
    ),
    DemoFault(name="text from right to left", problem_code="", spoil=_put(NOMBRE="\u202enimaJ\u202c")),
    DemoFault(name="formula in a name", problem_code="", spoil=_put(NOMBRE='=HYPERLINK("x")')),
    DemoFault(name="separator and quotes", problem_code="", spoil=_put(DIRECCION_1='Calle "Nueva"; 3')),
    DemoFault(
        name="two e-mails", problem_code="", spoil=_put(CORREO="a.ruiz@example.com, b.ruiz@example.net")
    ),
    DemoFault(name="line break in an e-mail", problem_code="", spoil=_put(CORREO=_EMAIL_WITH_LINE_BREAK)),
)


def _mixed() -> tuple[DemoFault, ...]:
    """One odd row after each four bad ones, so that a short book has some of both."""
    mixed = list(_BAD)
    for position, fault in enumerate(_ODD):
        mixed.insert(position * 5, fault)
    return tuple(mixed)


FAULTS = _mixed()
"""Every kind of fault, in the order in which the demo book takes them."""
