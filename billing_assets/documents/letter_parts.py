"""The parts that the page of a letter is put together from: paragraphs, tables, sums, sections, a way to pay.

Belongs here: the form of each part, and the tables that several kinds of letter have.
Does not belong here: which parts a kind has (``account_letters``, ``dunning_letters``), the page (templates).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from billing_assets.documents import formats
from billing_assets.documents.cleaning import clean
from billing_assets.documents.page_parts import Reader, transfer_box
from billing_assets.domain.letters import Letter, OverdueItem

Cell: TypeAlias = "str | tuple[str, str]"
"""The text of a cell, or the text and a note below it."""


@dataclass(frozen=True, slots=True)
class LetterReader(Reader):
    """A reader of a letter: a date inside a sentence is never torn apart at the end of a line."""

    def day(self, day: date) -> str:
        """Return a date with its month in words and no place to break."""
        return formats.long_date(day, self.locale_code).replace(" ", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: ``is_number`` stands right, ``is_wide`` takes the room that the others leave."""

    label: str
    is_number: bool = False
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a letter shows between its head and its end.

    ``values`` fill the sentences of its e-mail. ``variant`` chooses among labels: ``title_2`` goes before
    ``title``. ``due`` and ``payment`` are None where there is nothing to show.
    """

    values: Mapping[str, str]
    facts: Sequence[tuple[str, str]] = ()
    paragraphs: Sequence[str] = ()
    due: Mapping[str, object] | None = None
    tables: Sequence[Mapping[str, object]] = ()
    taxes: Sequence[Mapping[str, str]] = ()
    sums: Sequence[tuple[str, str]] = ()
    sections: Sequence[tuple[str, str]] = ()
    payment: Mapping[str, object] | None = None
    variant: str = ""


def said(reader: Reader, key: str, variant: str = "", **values: str) -> str:
    """Return the label ``key`` filled in: that of the variant where there is one."""
    own = f"{key}_{variant}"
    return reader.words.fill(own if own in reader.words.text else key, **values)


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    title: str = "",
    is_even: bool = False,
    strong_rows: Sequence[int] = (),
) -> dict[str, object]:
    """Return a table as the page reads it; the columns of an even one are all as wide."""
    return {
        "title": title,
        "is_even": is_even,
        "columns": [
            {"label": each.label, "is_number": each.is_number, "is_wide": each.is_wide} for each in columns
        ],
        "rows": [
            {
                "is_strong": number in {count % len(rows) for count in strong_rows},
                "cells": [
                    {"text": cell, "note": ""}
                    if isinstance(cell, str)
                    else {"text": cell[0], "note": cell[1]}
                    for cell in row
                ],
            }
            for number, row in enumerate(rows)
        ],
    }


def due_box(
    label: str, amount: str, reader: Reader, date_label: str = "", day: date | None = None
) -> dict[str, object]:
    """Return the box below the paragraphs: the amount that matters, and until when or since when."""
    return {
        "label": label,
        "amount": amount,
        "date_label": date_label,
        "date": reader.day(day) if day else "",
        "date_iso": day.isoformat() if day else "",
    }


def in_currency(label: str, reader: Reader) -> str:
    """Return the heading of a column of amounts."""
    return f"{label} ({reader.currency})"


def named_document(letter: Letter, number: str, policy_number: str, reader: Reader) -> Cell:
    """Return a document number; with the policy where the letter is about several."""
    text = clean(number, 40)
    if len(letter.policies) < 2 or not policy_number:  # noqa: PLR2004 - one policy stands in the head
        return text
    return text, reader.words.fill("policy", number=clean(policy_number, 40))


def overdue_table(letter: Letter, overdue: Sequence[OverdueItem], reader: Reader) -> dict[str, object]:
    """Return the table of documents that are past due."""
    text = reader.words.text
    return table(
        [
            Column(label=text["document"], is_wide=True),
            Column(label=text["due_date"]),
            Column(label=text["past_due_days"], is_number=True),
            Column(label=in_currency(text["amount"], reader), is_number=True),
            Column(label=in_currency(text["open_amount"], reader), is_number=True),
        ],
        [
            [
                named_document(letter, each.document_number, each.policy_number, reader),
                formats.short_date(each.due_date, reader.locale_code),
                str(each.past_due_days),
                reader.amount(each.total_minor),
                reader.amount(each.open_minor),
            ]
            for each in overdue
        ],
    )


def letter_transfer(letter: Letter, reader: Reader, amount_minor: int, due_date: date) -> dict[str, object]:
    """Return how an amount above zero is paid, with the letter's own reference."""
    return transfer_box(
        letter.creditor,
        reader,
        amount_minor=amount_minor,
        due_date=due_date,
        reference=letter.payment_reference or letter.document_number,
    )
