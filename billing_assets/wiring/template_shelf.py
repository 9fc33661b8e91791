"""Which templates documents freeze: the company's own that are active on their day, or the shipped ones.

Belongs here: registering the versions that documents may freeze. Does not belong here: which of them a
document gets (``domain.template_choice``), what is done with versions of one's own (``template_desk``),
rendering (``documents``).
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.enclosed import Task
from billing_assets.documents.enclosure import Enclosure, Rendered
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.templates import (
    Template,
    default_templates_dir,
    engine_version,
    from_archive,
    load_template,
)
from billing_assets.documents.views import Document
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.letters import LetterKind
from billing_assets.domain.mail_forms import MailForm
from billing_assets.domain.template_choice import (
    FrozenTemplate,
    ScopedTemplate,
    TemplateChoice,
    choice_of,
    name_inactive,
)
from billing_assets.store.company_templates import (
    active_templates,
    is_own_version,
    read_own_archive,
    read_template,
)
from billing_assets.store.connection import Database
from billing_assets.store.templates import read_template_archive, register_template


class TemplateShelf:
    """The templates of the program and of its companies; kept for as long as the program runs."""

    def __init__(
        self, database: Database, home: Path, clock: Callable[[], datetime], templates_dir: Path | None = None
    ) -> None:
        """Use the store, and ``templates_dir`` in the place of the shipped templates."""
        self.database = database
        self.cache_dir = home / "cache" / "templates"
        self._clock = clock
        self._folder = templates_dir
        self._shipped: dict[str, FrozenTemplate] = {}
        self._own: dict[int, FrozenTemplate] = {}

    @cached_property
    def fonts(self) -> dict[str, bytes]:
        """The fonts of the program's invoice template."""
        return self.shipped(DocumentKind.INVOICE).fonts()

    def shipped(self, kind: DocumentKind | LetterKind) -> Template:
        """Return the template of this program for a kind of document."""
        return load_template(self._folder or default_templates_dir(), kind)

    def choice_on(self, company_id: int, kind: DocumentKind, day: date, name: str = "") -> TemplateChoice:
        """Return the versions that documents of a kind freeze which a company issues on a day.

        Raises ``template_name_inactive`` where invoices are to have a template of a name, and none is active.
        Credit notes of a run with a name go by that name where the company has such a template of them.
        """
        with self.database.transaction() as connection:
            active = active_templates(connection, company_id, kind, day, name)
        if name and kind is DocumentKind.INVOICE and not any(each.template_name for each in active):
            raise name_inactive(name, day.isoformat())
        own = [
            ScopedTemplate(
                scope=each.scope,
                template=self._frozen_own(company_id, each.template_id),
                is_named=bool(each.template_name),
            )
            for each in active
        ]
        return choice_of(self._frozen_shipped(kind), own)

    def is_own(self, template_version_id: int) -> bool:
        """Tell whether a frozen version is of files that a company added."""
        with self.database.transaction() as connection:
            return is_own_version(connection, template_version_id)

    def archive(self, template_version_id: int) -> bytes:
        """Return the files of a frozen version as one archive."""
        with self.database.transaction() as connection:
            return read_template_archive(connection, template_version_id)

    def web_page(self, template_version_id: int, document: Document) -> str:
        """Return the web page of a document by the version that it froze."""
        archive = self.archive(template_version_id)
        if self.is_own(template_version_id):
            return self.enclosed(archive, document, ("html",)).html
        return HtmlRenderer(from_archive(archive, self.cache_dir)).html(document)

    def mail(
        self, template_version_id: int, document: Document, *, form: MailForm = MailForm.ATTACHED
    ) -> tuple[str, str, str]:
        """Return (subject, text, html) of the e-mail of a document by the version that it froze.

        ``form``: what the mail has of the document.
        """
        archive = self.archive(template_version_id)
        if self.is_own(template_version_id):
            made = self.enclosed(archive, document, ("mail",), mail_form=form)
            return made.subject, made.text, made.mail_html
        return EmailRenderer(from_archive(archive, self.cache_dir)).render(document, form=form)

    def enclosed(
        self,
        archive: bytes,
        document: Document | None,
        forms: tuple[str, ...],
        language: str = "",
        *,
        mail_form: MailForm = MailForm.ATTACHED,
    ) -> Rendered:
        """Render one document, or the template's sample, in an enclosure that ends with it."""
        enclosure = Enclosure()
        try:
            path = str(self.kept(archive))
            return enclosure.render(
                Task(archive=path, document=document, forms=forms, language=language, mail_form=mail_form)
            )
        finally:
            enclosure.close()

    def kept(self, archive: bytes) -> Path:
        """Return the path of an archive in the cache."""
        template = from_archive(archive, self.cache_dir)
        path = self.cache_dir / f"{template.sha256}.archive"
        if not path.exists() or path.read_bytes() != archive:
            path.write_bytes(archive)
        return path

    def frozen_letter(self, kind: LetterKind) -> FrozenTemplate:
        """Return the version of this program's template that letters of a kind freeze now."""
        return self._frozen_shipped(kind)

    def _frozen_shipped(self, kind: DocumentKind | LetterKind) -> FrozenTemplate:
        if kind not in self._shipped:
            template = self.shipped(kind)
            self._shipped[kind] = self._registered(kind, template.sha256, template.archive())
        return self._shipped[kind]

    def _frozen_own(self, company_id: int, template_id: int) -> FrozenTemplate:
        if template_id not in self._own:
            with self.database.transaction() as connection:
                template = read_template(connection, company_id, template_id)
                archive = read_own_archive(connection, company_id, template_id)
            self._own[template_id] = self._registered(
                template.document_kind, template.content_sha256, archive
            )
        return self._own[template_id]

    def _registered(self, kind: str, content_sha256: str, archive: bytes) -> FrozenTemplate:
        with self.database.transaction() as connection:
            return register_template(
                connection, kind, content_sha256, engine_version(), archive, self._clock()
            )
