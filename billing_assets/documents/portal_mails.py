"""Mails about the portal of payers: the link to sign in, and the notice of a document in the inbox.

Belongs here: subject, text and HTML, in the payer's language. Does not belong here: the words
(``templates/portal_mail``), links and their signatures (``wiring``), sending (``channels``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from html import escape

from babel.dates import format_date

from billing_assets.documents.cleaning import clean
from billing_assets.documents.labels import Catalogue, choose, load_catalogues
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.companies import Company
from billing_assets.domain.deliveries import EmailMessageParts

_LONGEST_NAME, _LONGEST_SUBJECT = 120, 180


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link of one use for one payer."""

    payer_key: str
    payer_name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedDocument:
    """A document in an inbox, with the link that opens it until a day, and where the portal is."""

    document_kind: str
    document_number: str
    url: str
    last_date: date
    portal_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMail:
    """A mail in words; ``language`` is that of the words."""

    language: str
    subject: str
    text: str
    html: str

    def message(
        self, company: Company, to_email: str, *, message_id: str, dated_at: datetime
    ) -> EmailMessageParts:
        """Return the mail as the company sends it to an address; nothing is attached."""
        return EmailMessageParts(
            message_id=message_id,
            dated_at=dated_at,
            from_name=company.name,
            from_email=company.email,
            to_email=to_email,
            subject=self.subject,
            text=self.text,
            html=self.html,
            language=self.language,
            attachments=(),
        )


@lru_cache(maxsize=1)
def _words() -> dict[str, Catalogue]:
    return load_catalogues(load_template(default_templates_dir(), "portal_mail"))


def sign_in_mail(
    company_name: str, links: Sequence[SignInLink], minutes: int, language: str, region: str = ""
) -> PortalMail:
    """Return the mail with a link for each payer of an address."""
    words = choose(_words(), language).for_region(region)
    company = _name(company_name)
    parts: list[tuple[str, str]] = [(words.fill("link_hello", company=company), "")]
    for link in links:
        said = words.fill("link_for", payer=_name(link.payer_name), customer=_name(link.payer_key))
        parts += [(said, ""), (words.text["link_action"], link.url)]
    parts += [
        (words.fill("link_rules", minutes=str(minutes)), ""),
        (words.text["link_not_you"], ""),
    ]
    return _mail(words, words.fill("link_subject", company=company), parts)


def notice_mail(company_name: str, document: NoticedDocument, language: str, region: str = "") -> PortalMail:
    """Return the notice of a document in the inbox; the document is not in it."""
    words = choose(_words(), language).for_region(region)
    company, number = _name(company_name), clean(document.document_number, 40)
    kind = words.name("kinds", document.document_kind)
    until = str(format_date(document.last_date, "long", locale=words.locale_code(region)))
    parts = [
        (words.fill("notice_hello", company=company, kind=kind, number=number), ""),
        (words.text["notice_action"], document.url),
        (words.fill("notice_rules", date=until), ""),
        (words.fill("notice_sign_in", url=document.portal_url), ""),
    ]
    return _mail(words, words.fill("notice_subject", company=company, number=number), parts)


def _name(text: str) -> str:
    return clean(text, _LONGEST_NAME)


def _mail(words: Catalogue, subject: str, parts: Sequence[tuple[str, str]]) -> PortalMail:
    """Return a mail of paragraphs, each with the address that it links to where it is a link."""
    plain = [f"{said}: {url}" if url else said for said, url in parts]
    marked = [f'<a href="{escape(url)}">{escape(said)}</a>' if url else escape(said) for said, url in parts]
    body = "\n".join(f"<p>{part}</p>" for part in marked)
    return PortalMail(
        language=words.language,
        subject=" ".join(subject.split())[:_LONGEST_SUBJECT],
        text="\n\n".join(plain) + "\n",
        html=f'<!doctype html>\n<html lang="{words.language}">\n<head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>\n<body>\n{body}\n</body>\n</html>\n",
    )
