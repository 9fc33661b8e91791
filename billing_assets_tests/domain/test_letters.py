"""Each kind of letter has a record, and each record its kind."""

from billing_assets.documents.views import DOCUMENT_KINDS
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.letters import LETTERS, LetterKind, kind_of
from billing_assets_tests.documents.letters import letter


def test_every_kind_has_a_record_of_its_own() -> None:
    assert LETTERS.keys() == set(LetterKind)
    assert len(set(LETTERS.values())) == len(LetterKind)
    assert not {*LetterKind} & {*DocumentKind}
    assert {*DOCUMENT_KINDS} == {*LetterKind, *DocumentKind}


def test_a_letter_knows_its_kind() -> None:
    assert [kind_of(letter(kind)) for kind in LetterKind] == [*LetterKind]
