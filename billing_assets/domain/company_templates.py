"""Templates of a company: versions that are tested, approved by a second person and active from a date.

Belongs here: the states, and which act leads where. Does not belong here: the files and their rendering
(``documents``), rows and which version prints a document of a day (``store.company_templates``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.template_choice import EVERY_DOCUMENT, TemplateScope


class TemplateAct(StrEnum):
    """What is done with a version, each act once but for tests."""

    TEST = "test"
    APPROVE = "approve"
    ACTIVATE = "activate"
    RETIRE = "retire"


class TemplateState(StrEnum):
    """Where a version stands; ``failed`` is a draft whose last test found something."""

    DRAFT = "draft"
    FAILED = "failed"
    TESTED = "tested"
    APPROVED = "approved"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEvent:
    """One act: who, when, why; ``from_date`` of what holds from then on, and what a test came to.

    ``scope`` is what the version is active for, of the act that makes it active.
    """

    act: TemplateAct
    acted_by: str
    acted_at: datetime
    note: str = ""
    from_date: date | None = None
    scope: TemplateScope = EVERY_DOCUMENT
    is_passed: bool | None = None
    result: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyTemplate:
    """A version of a company's template of one kind of document, with what was done with it, oldest first.

    One with a ``template_name`` prints for those runs alone that ask for the name.
    """

    template_id: int
    document_kind: str
    version_number: int
    content_sha256: str
    note: str
    added_by: str
    added_at: datetime
    template_name: str = ""
    events: tuple[TemplateEvent, ...] = ()

    def last(self, act: TemplateAct) -> TemplateEvent | None:
        """Return when an act was done last, or None."""
        return next((event for event in reversed(self.events) if event.act is act), None)

    def is_active_on(self, day: date) -> bool:
        """Tell whether documents of a day may be printed by it."""
        begun, ended = self.last(TemplateAct.ACTIVATE), self.last(TemplateAct.RETIRE)
        has_begun = begun is not None and begun.from_date is not None and begun.from_date <= day
        return has_begun and not self._is_over(ended, day)

    @property
    def scope(self) -> TemplateScope:
        """What it is active for; of one that was never active, every document."""
        begun = self.last(TemplateAct.ACTIVATE)
        return EVERY_DOCUMENT if begun is None else begun.scope

    def state_on(self, day: date) -> TemplateState:
        """Return where the version stands on a day; one that is active later is approved until then."""
        if self._is_over(self.last(TemplateAct.RETIRE), day):
            return TemplateState.RETIRED
        if self.is_active_on(day):
            return TemplateState.ACTIVE
        if self.last(TemplateAct.APPROVE):
            return TemplateState.APPROVED
        test = self.last(TemplateAct.TEST)
        if test is None:
            return TemplateState.DRAFT
        return TemplateState.TESTED if test.is_passed else TemplateState.FAILED

    @staticmethod
    def _is_over(ended: TemplateEvent | None, day: date) -> bool:
        return ended is not None and ended.from_date is not None and ended.from_date <= day


def own_kind(kind: str) -> DocumentKind:
    """Return a kind of document that a company may have templates of, or raise ``template_kind_unknown``.

    >>> own_kind("credit_note")
    <DocumentKind.CREDIT_NOTE: 'credit_note'>
    """
    if kind in tuple(DocumentKind):
        return DocumentKind(kind)
    raise BillingError(
        "template_kind_unknown",
        f"a company has no templates of its own for '{kind[:40]}'",
        f"choose from {', '.join(DocumentKind)}",
    )


def refused(
    template: CompanyTemplate, act: TemplateAct, by: str, today: date, from_date: date | None = None
) -> BillingError | None:
    """Return why an act cannot be done with a version, or None.

    >>> from datetime import UTC
    >>> at = datetime(2027, 1, 1, tzinfo=UTC)
    >>> draft = CompanyTemplate(
    ...     template_id=7,
    ...     document_kind="invoice",
    ...     version_number=1,
    ...     content_sha256="",
    ...     note="",
    ...     added_by="ana",
    ...     added_at=at,
    ... )
    >>> refused(draft, TemplateAct.APPROVE, "luis", date(2027, 1, 1)).code
    'template_not_tested'
    """
    number = template.template_id
    if template.last(TemplateAct.RETIRE):
        return BillingError(
            "template_retired", f"template {number} is retired", "add the files again: they are a new version"
        )
    if act is not TemplateAct.TEST and template.last(act):
        return _done(number, act)
    if from_date is not None and from_date < today:
        return BillingError(
            "template_date_past",
            f"{from_date} is over",
            "name today or a later day: what was issued keeps its template",
        )
    if act is TemplateAct.APPROVE:
        return _untested(template) or _own(template, by)
    if act is TemplateAct.ACTIVATE:
        return _untested(template) or _unapproved(template)
    return None


def _untested(template: CompanyTemplate) -> BillingError | None:
    test, number = template.last(TemplateAct.TEST), template.template_id
    if test and test.is_passed:
        return None
    found = f"template {number} has not passed its last test" if test else f"template {number} was not tested"
    todo = f"look at what is found: 'billing templates test {number}'"
    return BillingError("template_not_tested", found, todo)


def _unapproved(template: CompanyTemplate) -> BillingError | None:
    if template.last(TemplateAct.APPROVE):
        return None
    number = template.template_id
    return BillingError(
        "template_not_approved",
        f"template {number} is not approved",
        f"let somebody else than {template.added_by} approve it: 'billing templates approve {number}'",
    )


def template_unknown(template_id: int) -> BillingError:
    """Return the error for a number that no template of the company has.

    >>> template_unknown(7).found
    'there is no template 7'
    """
    return BillingError(
        "template_unknown", f"there is no template {template_id}", "'billing templates own' shows the numbers"
    )


def _own(template: CompanyTemplate, by: str) -> BillingError | None:
    if template.added_by.strip().casefold() != by.strip().casefold():
        return None
    return BillingError(
        "four_eyes",
        f"template {template.template_id} was added by {template.added_by}, who cannot approve it too",
        "another approver has to look at it",
    )


def _done(number: int, act: TemplateAct) -> BillingError:
    done = {TemplateAct.APPROVE: "approved", TemplateAct.ACTIVATE: "activated"}.get(act, "retired")
    return BillingError(
        "template_act_done",
        f"template {number} is {done} already",
        f"'billing templates show {number}' says by whom",
    )
