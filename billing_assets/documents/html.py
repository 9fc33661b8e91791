"""The web page of an invoice: self-contained, for screens, phones, screen readers and paper.

Belongs here: rendering ``document.html.j2``. Does not belong here: serving it, or its words.
"""

from billing_assets.documents.environment import make_environment, render
from billing_assets.documents.templates import Template
from billing_assets.documents.view_model import build_view
from billing_assets.domain.invoices import Invoice


class HtmlRenderer:
    """Renders invoices as HTML with one template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._environment = make_environment(template)

    def html(self, invoice: Invoice) -> str:
        """Return the page of ``invoice``: one HTML document that loads nothing else.

        Raises :class:`BillingError` where the template does not render.
        """
        view = build_view(invoice, self.template)
        return render(self._environment, self.template.page("html.j2"), view)
