"""The view model of any document: an invoice, a credit note or a letter.

Belongs here: choosing who makes the view, and reading the sample of a template.
Does not belong here: the views themselves (``view_model``, ``letters``), invented payers (``sample_payers``).
"""

from dataclasses import replace
from typing import TypeAlias

from billing_assets.documents.invoice_json import invoice_from_json
from billing_assets.documents.labels import catalogues_of, choose
from billing_assets.documents.letter_json import letter_from_json
from billing_assets.documents.letters import letter_view
from billing_assets.documents.sample_payers import SAMPLE_PAYERS
from billing_assets.documents.templates import Template
from billing_assets.documents.view_model import build_view
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind, Invoice
from billing_assets.domain.letters import Letter, LetterKind
from billing_assets.domain.mail_forms import MailForm

Document: TypeAlias = Invoice | Letter

DOCUMENT_KINDS: tuple[str, ...] = tuple(kind.value for kind in (*DocumentKind, *LetterKind))
"""The kinds of document, each with a folder of templates."""


def view_of(
    document: Document, template: Template, *, form: MailForm = MailForm.ATTACHED
) -> dict[str, object]:
    """Return what ``document`` shows by ``template``; raises where its amounts do not add up.

    ``form`` is of the mail of an invoice, which says of its PDF what is true.
    """
    if isinstance(document, Invoice):
        return build_view(document, template, form=form)
    return letter_view(document, template)


def languages_of(template: Template) -> list[str]:
    """Return the languages that ``template`` has words in.

    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> languages_of(load_template(default_templates_dir(), "reminder"))
    ['de', 'en', 'es', 'fr']
    """
    return sorted(catalogues_of(template))


def sample_document(template: Template, language: str = "") -> Document:
    """Return the sample of ``template``, for a reader of ``language`` (a BCP 47 tag) where one is named.

    The sample has an invented payer in each language; in a language that was added, its own payer reads it.
    Raises ``language_unknown`` for a language that the template has no words in.
    """
    text = template.text("sample.json")
    is_invoice = template.kind in tuple(DocumentKind)
    document: Document = invoice_from_json(text) if is_invoice else letter_from_json(text)
    if not language:
        return document
    wanted = language.replace("_", "-").split("-")[0].lower()
    if wanted not in catalogues_of(template):
        raise BillingError(
            "language_unknown",
            f"the template '{template.kind}' has no words in the language '{language[:12]}'",
            f"choose from {', '.join(languages_of(template))}, or add labels.{wanted[:8]}.toml to the folder",
        )
    payer = SAMPLE_PAYERS.get(wanted, document.payer)
    return replace(document, payer=replace(payer, payer_key=document.payer.payer_key, language=language))


def language_of(document: Document, template: Template) -> str:
    """Return the language that ``document`` is written in: the payer's, or else English."""
    return choose(catalogues_of(template), document.payer.language).language
