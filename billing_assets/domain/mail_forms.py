"""What an e-mail has of its document: the PDF itself, a link to it, or neither.

Belongs here: the forms, which of them a company wants, and the places in a mail where a link will stand. Does
not belong here: making links (``document_links``), the words of a mail (``documents``).

A mail is rendered, hashed and kept with names in the place of its addresses: every sending has a link of its
own, which is a key to the document and is kept nowhere, and the words prove to be the same all the same.
"""

from enum import StrEnum
from html import escape

DOCUMENT_PLACE = "https://document.invalid/"
"""Stands in a rendered mail where the link to the document will. No such host can be (RFC 2606)."""

PORTAL_PLACE = "https://portal.invalid/"
"""Stands in a rendered mail where the address of the portal will."""


class MailForm(StrEnum):
    """What a mail has of its document."""

    ATTACHED = "attached"
    LINKED = "linked"
    BARE = "bare"


WANTED = {"pdf": MailForm.ATTACHED, "link": MailForm.LINKED, "none": MailForm.BARE}
"""What a company says of its mails -> their form."""


def shows_link(text: str, html: str) -> bool:
    """Tell whether both parts of a rendered mail have a place for the link to the document.

    >>> shows_link(f"Open it: {DOCUMENT_PLACE}", f'<a href="{DOCUMENT_PLACE}">Open it</a>')
    True
    >>> shows_link("The invoice is attached.", "")
    False
    """
    return DOCUMENT_PLACE in text and DOCUMENT_PLACE in html


def with_addresses(text: str, html: str, *, document_url: str, portal_url: str) -> tuple[str, str]:
    """Return both parts of a mail with the addresses in their places.

    >>> with_addresses(DOCUMENT_PLACE, PORTAL_PLACE, document_url="https://a/1", portal_url="https://a/?b&c")
    ('https://a/1', 'https://a/?b&amp;c')
    """
    addresses = {DOCUMENT_PLACE: document_url, PORTAL_PLACE: portal_url}
    for place, address in addresses.items():
        text = text.replace(place, address)
        html = html.replace(place, escape(address))
    return text, html
