"""The e-mail that carries a document: subject, plain text and HTML.

Belongs here: rendering ``email.subject.j2``, ``email.txt.j2`` and ``email.html.j2``.
Does not belong here: addresses, attachments and sending (``channels``).
"""

from billing_assets.documents.environment import make_environment, render
from billing_assets.documents.templates import Template
from billing_assets.documents.views import Document, view_of
from billing_assets.domain.mail_forms import MailForm

_SUBJECT_LIMIT = 180


class EmailRenderer:
    """Renders the e-mails of documents with one template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._environment = make_environment(template)

    def render(self, document: Document, *, form: MailForm = MailForm.ATTACHED) -> tuple[str, str, str]:
        """Return (subject, text, html) of the e-mail for ``document``.

        The subject is one line without control characters, so that nothing in it can begin another
        header. ``form`` is what it has of the document. Raises :class:`BillingError` where the template
        does not render.
        """
        return self.of_view(view_of(document, self.template, form=form))

    def of_view(self, view: dict[str, object]) -> tuple[str, str, str]:
        """Return the same from the view of a document, where that is made already."""
        subject, text, html = (
            render(self._environment, self.template.path_of(f"email.{form}.j2"), view)
            for form in ("subject", "txt", "html")
        )
        return " ".join(subject.split())[:_SUBJECT_LIMIT], text, html
