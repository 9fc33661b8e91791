"""Templates of the company, as people add, test, approve and activate them.

Belongs here: each act from the files to the row, and looking at a version. Does not belong here: which act
may follow which (``domain.company_templates``), which version prints what (``template_shelf``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing_assets.documents.bundles import read_bundle
from billing_assets.documents.enclosure import Enclosure, Rendered
from billing_assets.documents.template_tests import TemplateTest, run_template_test
from billing_assets.documents.templates import engine_version
from billing_assets.domain.company_templates import (
    CompanyTemplate,
    TemplateAct,
    TemplateEvent,
    TemplateState,
    own_kind,
    refused,
)
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.template_choice import EVERY_DOCUMENT, TemplateScope, required_name
from billing_assets.store.company_templates import (
    ActiveTemplate,
    act_on_template,
    active_templates,
    add_template,
    read_own_archive,
    read_template,
    read_templates,
    recent_invoice_ids,
)
from billing_assets.store.invoice_reader import find_invoice, read_invoices
from billing_assets.wiring.build import Billing, today_of, utc_now

REAL_COUNT = 2
"""How many issued documents of each language a test renders, if nobody says another number."""

_MOST_REAL = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A version and where it stands today.

    ``prints``: documents of today may get it, because it became active last of those that have its name and
    are for the same products, places and languages.
    """

    template: CompanyTemplate
    state: TemplateState
    prints: bool


class TemplateDesk:
    """The templates of the company of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the company of ``billing``."""
        self.billing = billing
        self.database = billing.database
        issuer = billing.runs.issuer(billing.company_code())
        self.company, self.company_id = issuer.company, issuer.company_id

    def rows(self) -> list[TemplateRow]:
        """Return every version, the newest first."""
        today = today_of(self.company)
        with self.database.transaction() as connection:
            found = read_templates(connection, self.company_id)
            names = {each.template_name for each in found}
            printing = {
                number
                for kind in DocumentKind
                for name in names
                for number in _printing(active_templates(connection, self.company_id, kind, today, name))
            }
        return [
            TemplateRow(template=each, state=each.state_on(today), prints=each.template_id in printing)
            for each in reversed(found)
        ]

    def row(self, template_id: int) -> TemplateRow:
        """Return one version, or raise ``template_unknown``."""
        self._template(template_id)
        return next(row for row in self.rows() if row.template.template_id == template_id)

    def may_not(self, template_id: int, act: TemplateAct, by: str) -> BillingError | None:
        """Return why somebody cannot do an act with a version today, or None."""
        return refused(self._template(template_id), act, by, today_of(self.company))

    def add(self, path: Path, kind: str, *, name: str = "", note: str, by: str) -> CompanyTemplate:
        """Keep the files of a folder or a bundle as a new version: a draft.

        One with a ``name`` prints for those runs that ask for it. Raises ``template_kind_unknown``,
        ``template_name_invalid``, ``note_missing``, ``name_missing`` and what ``read_bundle`` raises.
        """
        (note, by), name = signed(note, by), required_name(name)
        template = read_bundle(path, own_kind(kind))
        content = template.sha256, template.archive()
        with self.database.transaction() as connection:
            template_id = add_template(
                connection, self.company_id, kind, content, name=name, note=note, by=by, at=utc_now()
            )
        return self._template(template_id)

    def test(self, template_id: int, *, by: str, real_count: int = REAL_COUNT) -> TemplateTest:
        """Render the sample and real documents with a version, and keep what was found.

        Raises ``template_unknown``, ``template_retired``, ``name_missing``.
        """
        note, by = signed("test", by)
        template = self._template(template_id)
        refusal = refused(template, TemplateAct.TEST, by, today_of(self.company))
        if refusal:
            raise refusal
        count = min(max(real_count, 0), _MOST_REAL)
        with self.database.transaction() as connection:
            archive = read_own_archive(connection, self.company_id, template_id)
            ids = recent_invoice_ids(connection, self.company_id, template.document_kind, count)
            documents = read_invoices(connection, ids)
        enclosure = Enclosure()
        try:
            path = str(self.billing.shelf.kept(archive))
            found = run_template_test(path, documents, enclosure, engine_version())
        finally:
            enclosure.close()
        event = TemplateEvent(
            act=TemplateAct.TEST,
            acted_by=by,
            acted_at=utc_now(),
            note=note,
            is_passed=found.is_passed,
            result=found.as_json(),
        )
        self._record(template_id, event)
        return found

    def approve(self, template_id: int, *, note: str, by: str) -> CompanyTemplate:
        """Approve a version that has passed its test, as somebody else than who added it."""
        return self._act(template_id, TemplateAct.APPROVE, note, by, None)

    def activate(
        self,
        template_id: int,
        from_date: date,
        *,
        scope: TemplateScope = EVERY_DOCUMENT,
        note: str,
        by: str,
    ) -> CompanyTemplate:
        """Let an approved version print what is issued from a day on, of all documents or of a ``scope``."""
        return self._act(template_id, TemplateAct.ACTIVATE, note, by, from_date, scope)

    def retire(
        self, template_id: int, from_date: date | None = None, *, note: str, by: str
    ) -> CompanyTemplate:
        """Let a version print nothing that is issued from a day on, today if none is named."""
        return self._act(template_id, TemplateAct.RETIRE, note, by, from_date or today_of(self.company))

    def preview(
        self, template_id: int, forms: tuple[str, ...], language: str = "", number: str = ""
    ) -> Rendered:
        """Return the sample, or the issued document of a number, by a version. Nothing is kept.

        Raises ``template_unknown``, ``invoice_unknown``, ``template_kind_differs``, what an enclosure raises.
        """
        template = self._template(template_id)
        with self.database.transaction() as connection:
            archive = read_own_archive(connection, self.company_id, template_id)
            document = find_invoice(connection, self.company_id, number) if number else None
        if document is not None and document.document_kind != template.document_kind:
            raise BillingError(
                "template_kind_differs",
                f"{number[:40]} is no {template.document_kind}, and template {template_id} is of that kind",
                "name a document of the kind of the template",
            )
        return self.billing.shelf.enclosed(archive, document, forms, language)

    def _template(self, template_id: int) -> CompanyTemplate:
        with self.database.transaction() as connection:
            return read_template(connection, self.company_id, template_id)

    def _act(
        self,
        template_id: int,
        act: TemplateAct,
        note: str,
        by: str,
        from_date: date | None,
        scope: TemplateScope = EVERY_DOCUMENT,
    ) -> CompanyTemplate:
        note, by = signed(note, by)
        event = TemplateEvent(
            act=act, acted_by=by, acted_at=utc_now(), note=note, from_date=from_date, scope=scope
        )
        self._record(template_id, event)
        return self._template(template_id)

    def _record(self, template_id: int, event: TemplateEvent) -> None:
        with self.database.transaction() as connection:
            act_on_template(connection, self.company_id, template_id, event, today=today_of(self.company))


def _printing(active: Sequence[ActiveTemplate]) -> set[int]:
    """Return those that no later one with the same name and scope has taken the place of."""
    first: dict[tuple[str, TemplateScope], int] = {}
    for each in active:
        first.setdefault((each.template_name, each.scope), each.template_id)
    return set(first.values())
