"""The test of a template: its sample and real documents, in every form and language, looked at.

Belongs here: what is rendered and what is wrong with it. Does not belong here: rendering (``enclosure``),
keeping the result (``store``), whether the page is pleasant: that is for the second person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing_assets.documents.enclosed import Task
from billing_assets.documents.enclosure import Enclosure, Rendered
from billing_assets.documents.views import Document
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice

_FORMS = ("pdf", "html", "mail")
_MOST_FINDINGS = 50
_MARKS = {"pdf_ua_missing": b"pdfuaid:part", "pdf_a_missing": b"pdfaid:part"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong: a code, the document (``sample.es`` or a number), and words without personal data."""

    code: str
    document: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTest:
    """What a test came to; ``documents`` are the numbers of the real ones."""

    findings: tuple[Finding, ...]
    languages: tuple[str, ...]
    documents: tuple[str, ...]
    engine_version: str

    @property
    def is_passed(self) -> bool:
        """Whether nothing was found and something was rendered."""
        return not self.findings and bool(self.languages)

    def as_json(self) -> dict[str, object]:
        """Return what is kept with the version."""
        return {
            "findings": [
                {"code": each.code, "document": each.document, "found": each.found} for each in self.findings
            ],
            "languages": list(self.languages),
            "documents": list(self.documents),
            "engine_version": self.engine_version,
        }


def run_template_test(
    archive: str, documents: Iterable[Document], enclosure: Enclosure, engine_version: str
) -> TemplateTest:
    """Return what is wrong with the template in the file ``archive``.

    Its sample is rendered in each of its languages, then each of ``documents``, as PDF, web page and e-mail.
    """
    try:
        languages, findings = _labels(archive, enclosure)
    except BillingError as error:
        return TemplateTest(
            findings=(_fault(error, "labels"),), languages=(), documents=(), engine_version=engine_version
        )
    for language in languages:
        findings += _looked_at(
            f"sample.{language}",
            Task(archive=archive, document=None, forms=_FORMS, language=language),
            enclosure,
        )
    numbers = []
    for document in documents:
        number = document.invoice_number if isinstance(document, Invoice) else document.document_number
        numbers.append(number)
        findings += _looked_at(number, Task(archive=archive, document=document, forms=_FORMS), enclosure)
    return TemplateTest(
        findings=tuple(findings[:_MOST_FINDINGS]),
        languages=languages,
        documents=tuple(numbers),
        engine_version=engine_version,
    )


def _labels(archive: str, enclosure: Enclosure) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the languages of the template, and what a language has no words for."""
    made = enclosure.render(Task(archive=archive, document=None, forms=("labels",)))
    missing = [
        Finding(
            code="label_missing", document=f"labels.{language}", found=f"no words for {', '.join(keys[:8])}"
        )
        for language, keys in made.missing_labels.items()
        if keys
    ]
    return tuple(made.missing_labels), missing


def _looked_at(name: str, task: Task, enclosure: Enclosure) -> list[Finding]:
    try:
        made = enclosure.render(task)
    except BillingError as error:
        return [_fault(error, name)]
    return [
        Finding(code=code, document=name, found=found)
        for code, found in _faults_of(made, is_sample=task.document is None)
    ]


def _faults_of(made: Rendered, *, is_sample: bool) -> Sequence[tuple[str, str]]:
    faults = [
        (code, f"the PDF does not say {mark.decode()}")
        for code, mark in _MARKS.items()
        if mark not in made.pdf
    ]
    if made.missing_characters:
        # What a customer's name is written in is nobody's business here.
        shown = " ".join(made.missing_characters) if is_sample else str(len(made.missing_characters))
        faults.append(("characters_missing", f"no font can draw: {shown}"))
    for form, text in (
        ("the web page", made.html),
        ("the e-mail", made.text),
        ("the e-mail", made.mail_html),
    ):
        if made.number not in text:
            faults.append(("number_missing", f"{form} does not show the number of the document"))
    if not made.subject.strip():
        faults.append(("subject_missing", "the e-mail has no subject"))
    return faults


def _fault(error: BillingError, document: str) -> Finding:
    return Finding(code=error.code, document=document, found=error.found)
