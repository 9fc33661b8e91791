"""Letters are printed by a frozen template, and again to the same bytes, or it is said that they differ."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.documents.views import sample_document
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import Letter, LetterKind
from billing_assets.store.connection import Database
from billing_assets.wiring.letter_press import ShelfPress
from billing_assets_tests.books import billing_over, fill_book


def prepare(database: Database, home: Path) -> None:
    del home
    fill_book(database, 1)


@pytest.fixture
def press(database: Database, tmp_path: Path) -> Iterator[ShelfPress]:
    with ExitStack() as stack:
        shelf = billing_over(database, tmp_path, stack).shelf
        yield ShelfPress(shelf, lambda number: number.encode())


def letter(press: ShelfPress, kind: LetterKind) -> Letter:
    found = sample_document(press._shelf.shipped(kind))
    assert isinstance(found, Letter)
    return found


@pytest.mark.parametrize(
    "kind", [LetterKind.STATEMENT, LetterKind.PAYMENT_RECEIPT, LetterKind.DOCUMENT_COVER]
)
def test_a_letter_is_printed_again_to_the_same_bytes(press: ShelfPress, kind: LetterKind) -> None:
    from hashlib import sha256

    printed = press.letter(letter(press, kind))
    digest = sha256(printed.pdf).hexdigest()
    assert press.again(printed.record, printed.template_version_id, digest) == printed.pdf
    with pytest.raises(BillingError, match="rendering_changed"):
        press.again(printed.record.replace("Sevilla", "Toledo"), printed.template_version_id, digest)


def test_what_no_font_can_draw_is_for_a_person(press: ShelfPress) -> None:
    found = letter(press, LetterKind.STATEMENT)
    strange = replace(found, payer=replace(found.payer, name="\U0001f9ff"))
    with pytest.raises(UnansweredError, match="unprintable"):
        press.letter(strange)


def test_an_invoice_that_is_shown_and_not_kept_answers_nothing(press: ShelfPress) -> None:
    with pytest.raises(UnansweredError, match="unprintable"):
        ShelfPress(press._shelf, lambda _number: None).copy("INV-00000001")
