"""The web page of a document: self-contained, for screens, phones, screen readers and paper.

Belongs here: rendering ``document.html.j2``. Does not belong here: serving it, or its words.
"""

from billing_assets.documents.environment import make_environment, render
from billing_assets.documents.templates import Template
from billing_assets.documents.views import Document, view_of


class HtmlRenderer:
    """Renders documents as HTML with one template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._environment = make_environment(template)

    def html(self, document: Document) -> str:
        """Return the page of ``document``: one HTML document that loads nothing else.

        Raises :class:`BillingError` where the template does not render.
        """
        return self.of_view(view_of(document, self.template))

    def of_view(self, view: dict[str, object]) -> str:
        """Return the same from the view of a document, where that is made already."""
        return render(self._environment, self.template.page("html.j2"), view)
