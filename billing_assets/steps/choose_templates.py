"""Choose: the template of each document that is about to be numbered.

Belongs here: asking for what the choice goes by, and only for that. Does not belong here: which template is
preferred (``domain.template_choice``), freezing it (``frames.numbered``).
"""

from billing_assets.domain.template_choice import TemplateChoice
from billing_assets.frames.document_templates import (
    DocumentTemplates,
    document_traits,
    one_template,
    templates_by_traits,
)
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.issue_ports import DocumentWork


def choose_templates(drafts: Drafts, choice: TemplateChoice, work: DocumentWork) -> DocumentTemplates:
    """Return the template of each draft, in their order.

    Where one template prints everything, nothing is read. Else product and place are those of the terms on
    the document, and the language is that of its payer, each as the document freezes it.
    """
    if not choice.scoped or drafts.invoices.is_empty():
        return one_template(choice.general)
    terms = languages = None
    if choice.asks_for_terms:
        terms = work.read_term_traits(drafts.lines["policy_term_version_id"].unique())
    if choice.asks_for_languages:
        languages = work.read_languages(drafts.invoices["payer_version_id"].unique())
    return templates_by_traits(document_traits(drafts.invoices, drafts.lines, terms, languages), choice)
