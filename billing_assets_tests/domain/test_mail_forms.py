"""Links stand in the places that a mail has for them, in both of its parts, and nowhere else."""

import pytest

from billing_assets.domain.mail_forms import (
    DOCUMENT_PLACE,
    PORTAL_PLACE,
    WANTED,
    MailForm,
    shows_link,
    with_addresses,
)


def test_every_form_can_be_wanted() -> None:
    assert set(WANTED.values()) == set(MailForm)


@pytest.mark.parametrize(
    ("text", "html", "expected"),
    [
        (DOCUMENT_PLACE, DOCUMENT_PLACE, True),
        (DOCUMENT_PLACE, "", False),
        ("", DOCUMENT_PLACE, False),
        (PORTAL_PLACE, PORTAL_PLACE, False),
    ],
)
def test_a_link_has_to_stand_in_both_parts(text: str, html: str, expected: bool) -> None:
    assert shows_link(text, html) is expected


def test_an_address_is_escaped_in_html_alone() -> None:
    text, html = with_addresses(
        f"Open: {DOCUMENT_PLACE}\nor {PORTAL_PLACE}",
        f'<a href="{DOCUMENT_PLACE}">Open</a> or {PORTAL_PLACE}',
        document_url='https://bills.example.com/my/see/a?b=1&c="',
        portal_url="https://bills.example.com/my/",
    )
    assert text == 'Open: https://bills.example.com/my/see/a?b=1&c="\nor https://bills.example.com/my/'
    assert html == (
        '<a href="https://bills.example.com/my/see/a?b=1&amp;c=&quot;">Open</a> or '
        "https://bills.example.com/my/"
    )


def test_a_mail_without_places_stays_as_it_is() -> None:
    said = ("Attached.", "<p>Attached.</p>")
    assert with_addresses(*said, document_url="https://a", portal_url="https://b") == said
