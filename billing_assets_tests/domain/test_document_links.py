"""A signed link says what it is to, and not a letter of it can be changed."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_assets.domain.document_links import LONGEST_LINK, DocumentLink, opened_link, signed_link

NOW = datetime(2025, 3, 12, tzinfo=UTC)
OLD, NEW = b"an old secret", b"a new secret"
LINK = DocumentLink(company_id=1, payer_id=7, invoice_id=42, expires_at=NOW + timedelta(days=30))


def test_what_was_signed_is_opened_until_it_expires() -> None:
    text = signed_link(LINK, NEW)
    assert opened_link(text, [NEW], NOW) == LINK
    assert opened_link(text, [NEW], LINK.expires_at - timedelta(seconds=1)) == LINK
    assert opened_link(text, [NEW], LINK.expires_at) is None


def test_an_older_secret_still_opens_and_another_never_does() -> None:
    text = signed_link(LINK, OLD)
    assert opened_link(text, [NEW, OLD], NOW) == LINK
    assert opened_link(text, [NEW], NOW) is None
    assert opened_link(text, [], NOW) is None


def test_no_character_of_a_link_can_be_another() -> None:
    text = signed_link(LINK, NEW)
    for place, character in enumerate(text):
        changed = text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]
        assert opened_link(changed, [NEW], NOW) is None, place
    assert len(text) < LONGEST_LINK


@pytest.mark.parametrize(
    "text", ["", ".", "x", "x.", ".x", "é.é", "a.b.c", "x" * 201, f"{'A' * 100}.{'A' * 43}"]
)
def test_what_is_no_link_opens_nothing(text: str) -> None:
    assert opened_link(text, [NEW], NOW) is None


def test_a_link_of_one_document_is_none_of_another() -> None:
    body, _, mac = signed_link(LINK, NEW).partition(".")
    other_body, _, other_mac = signed_link(
        DocumentLink(company_id=1, payer_id=8, invoice_id=43, expires_at=LINK.expires_at), NEW
    ).partition(".")
    assert opened_link(f"{body}.{other_mac}", [NEW], NOW) is None
    assert opened_link(f"{other_body}.{mac}", [NEW], NOW) is None
