"""The view model of a letter: everything it shows, already in the reader's language, as JSON.

Belongs here: the head and the end that all letters have around the body of their kind.
Does not belong here: the bodies (``account_letters``, ``dunning_letters``), invoices (``view_model``).
"""

from collections.abc import Callable, Mapping

from billing_assets.documents.account_letters import ACCOUNT_BODIES
from billing_assets.documents.cleaning import clean
from billing_assets.documents.dunning_letters import DUNNING_BODIES
from billing_assets.documents.labels import Catalogue, catalogues_of, choose, region_of
from billing_assets.documents.letter_parts import Body, LetterReader, said
from billing_assets.documents.letter_sums import check_letter
from billing_assets.documents.page_parts import (
    Reader,
    creditor_view,
    link_view,
    paper_of,
    policy_fact,
    recipient_lines,
    subject_line,
)
from billing_assets.documents.templates import Template
from billing_assets.domain.letters import Letter, LetterKind, kind_of
from billing_assets.domain.mail_forms import MailForm
from billing_assets.domain.product_names import names_in

_BODIES: Mapping[LetterKind, Callable[..., Body]] = {**ACCOUNT_BODIES, **DUNNING_BODIES}


def letter_view(letter: Letter, template: Template) -> dict[str, object]:
    """Return what ``letter`` shows: JSON of strings, with lists of rows.

    The words come from ``template``, in the payer's language or else in English. Raises
    ``document_does_not_add_up`` where the amounts do not add up.

    >>> from billing_assets.documents.letter_json import letter_from_json
    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> template = load_template(default_templates_dir(), "reminder")
    >>> letter_view(letter_from_json(template.text("sample.json")), template)["title"]
    'Segundo aviso de pago'
    """
    check_letter(letter)
    region = region_of(letter.payer.language, letter.payer.country_code)
    words = choose(catalogues_of(template), letter.payer.language)
    words = words.with_own("products", names_in(letter.creditor.product_names, words.language))
    words = words.for_region(region)
    reader = LetterReader(words, words.locale_code(region), letter.currency)
    body = _BODIES[kind_of(letter)](letter, reader)
    return {
        **_head(letter, reader, body),
        "labels": {**words.text, "how_to_pay": said(reader, "how_to_pay", body.variant)},
        "statement": "",
        "paragraphs": list(body.paragraphs),
        "facts": _facts(letter, reader, body),
        "due": body.due,
        "lines": [],
        "totals": None,
        "tables": list(body.tables),
        "taxes": list(body.taxes),
        "sums": [{"label": label, "value": value} for label, value in body.sums],
        "sections": [{"heading": heading, "text": text} for heading, text in body.sections],
        "payment": body.payment,
        "mail": _mail(letter, reader, body),
        **link_view(words, MailForm.ATTACHED),
    }


def _head(letter: Letter, reader: Reader, body: Body) -> dict[str, object]:
    words: Catalogue = reader.words
    title = said(reader, "title", body.variant)
    number = clean(letter.document_number, 40)
    creditor = creditor_view(letter.creditor, words)
    return {
        "schema": 1,
        "language": words.language,
        "locale": reader.locale_code.replace("_", "-"),
        "paper": paper_of(letter.creditor),
        "title": title,
        "document_number": number,
        "continued": words.fill("continued", title=title, number=number),
        "issue_date_iso": letter.issue_date.isoformat(),
        "issue_date": reader.day(letter.issue_date),
        "currency": letter.currency,
        "creditor": creditor,
        "logo_alt": words.fill("logo_alt", name=str(creditor["name"])),
        "recipient": recipient_lines(letter.payer, letter.creditor),
        "payer_name": clean(letter.payer.name),
        "subject": subject_line([(each.policy_number, each.product_code) for each in letter.policies], words),
    }


def _facts(letter: Letter, reader: Reader, body: Body) -> list[dict[str, str]]:
    text = reader.words.text
    facts = [
        (text["document_number"], clean(letter.document_number, 40)),
        (text["issue_date"], reader.day(letter.issue_date)),
        *body.facts,
        policy_fact([each.policy_number for each in letter.policies], reader.words),
        (text["customer_number"], clean(letter.payer.payer_key, 40)),
    ]
    return [{"label": label, "value": value} for label, value in facts]


def _mail(letter: Letter, reader: Reader, body: Body) -> dict[str, str]:
    values = {"number": clean(letter.document_number, 40), **body.values}
    return {
        "subject": said(reader, "mail_subject", body.variant, **values),
        "preheader": said(reader, "mail_preheader", body.variant, **values),
        "greeting": reader.words.fill("mail_greeting", name=clean(letter.payer.name)),
        "intro": said(reader, "mail_intro", body.variant, **values),
        "reason": reader.words.fill("mail_reason_documents", name=clean(letter.creditor.name, 70)),
    }
