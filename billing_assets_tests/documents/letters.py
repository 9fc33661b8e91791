"""Letters that the document tests print: the samples of the templates."""

from functools import lru_cache
from typing import Any

from billing_assets.documents.letters import letter_view
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.documents.views import sample_document
from billing_assets.domain.letters import Letter


@lru_cache(maxsize=16)
def template_of(kind: str) -> Template:
    """The project's own template of a kind of document."""
    return load_template(default_templates_dir(), kind)


def letter(kind: str, language: str = "en") -> Any:
    """The sample of a kind of letter, for the invented payer of a language."""
    return sample_document(template_of(kind), language)


def seen(kind: str, given: Letter) -> Any:
    """The view of a letter."""
    return letter_view(given, template_of(kind))
