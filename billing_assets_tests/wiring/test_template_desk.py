"""A company brings a template: approved by a second person, and frozen by what is issued from its day on."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.company_templates import TemplateAct, TemplateState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, today_of
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.template_desk import TemplateDesk
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.own_templates import own_folder

pytestmark = pytest.mark.long
FEBRUARY = date(2024, 2, 1)
MARCH = date(2024, 3, 1)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 6)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def active(desk: TemplateDesk, folder: Path, day: date) -> int:
    number = desk.add(folder, "invoice", note="new look", by="ana").template_id
    assert desk.test(number, by="ana").is_passed
    desk.approve(number, note="good", by="luis")
    desk.activate(number, day, note="from now on", by="ana")
    return number


def versions(billing: Billing, day: date) -> set[tuple[int, bool]]:
    with billing.database.transaction() as connection:
        rows = connection.execute(
            text(
                "select distinct template_version_id from invoice join billing_run using (run_id) "
                "where billing_date = :day and document_kind = 'invoice'"
            ),
            {"day": day},
        ).scalars()
        return {(row, billing.shelf.is_own(row)) for row in list(rows)}


def test_what_is_issued_from_its_day_on_freezes_it_and_what_was_issued_keeps_its_own(
    billing: Billing, tmp_path: Path
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    [(shipped, is_own)] = versions(billing, FEBRUARY)
    assert not is_own
    desk = TemplateDesk(billing)
    number = active(desk, own_folder(tmp_path / "own"), today_of(desk.company))
    assert desk.row(number).prints
    billing.invoice(billing.order(MARCH, today_of(desk.company)))
    [(own, is_own)] = versions(billing, MARCH)
    assert is_own
    assert versions(billing, FEBRUARY) == {(shipped, False)}
    # Printed, shown and mailed by the version that each froze, in an enclosure or not.
    pages = Desk(billing)
    for day, words in ((FEBRUARY, False), (MARCH, True)):
        printed = billing.print(day)
        assert printed.facts["unprintable_count"] == 0
        with billing.database.transaction() as connection:
            invoice = connection.execute(
                text(
                    "select document_number(prefix, invoice_number) from invoice "
                    "join number_series using (number_series_id) join billing_run using (run_id) "
                    "where billing_date = :day limit 1"
                ),
                {"day": day},
            ).scalar_one()
        assert OfficeDesk(pages).message(invoice).words.startswith("Our own") is words
        assert invoice in pages.invoice_html(invoice)
        assert pages.invoice_pdf(invoice).startswith(b"%PDF")
        assert pages.invoice_pdf(invoice) == pages.invoice_pdf(invoice)
    assert own != shipped
    # The audit and a replay find nothing: the template is part of the record.
    assert [result.check.check_id for result in billing.audit() if result.offender_count] == []
    assert billing.replay(FEBRUARY, MARCH).differences == ()


def test_a_company_without_templates_freezes_the_shipped_one(billing: Billing) -> None:
    for kind in DocumentKind:
        frozen = billing.template_choice(kind, FEBRUARY).general
        assert frozen.template_sha256 == billing.template_of(kind).sha256
        assert not billing.shelf.is_own(frozen.template_version_id)


def test_the_version_that_began_last_prints_until_it_is_retired(billing: Billing, tmp_path: Path) -> None:
    desk = TemplateDesk(billing)
    today = today_of(desk.company)
    first = active(desk, own_folder(tmp_path / "a"), today)
    second = active(desk, own_folder(tmp_path / "b", **{"email.subject.j2": "B {{ title }}"}), today)
    third = active(
        desk, own_folder(tmp_path / "c", **{"email.subject.j2": "C {{ title }}"}), today + timedelta(days=9)
    )
    assert [row.template.template_id for row in desk.rows() if row.prints] == [second]
    desk.retire(second, note="wrong", by="ana")
    assert [row.template.template_id for row in desk.rows() if row.prints] == [first]
    assert desk.row(third).state is TemplateState.APPROVED
    assert [row.template.version_number for row in desk.rows()] == [3, 2, 1]
    later = billing.template_choice(DocumentKind.INVOICE, today + timedelta(days=9)).general
    assert later.template_sha256 == desk.row(third).template.content_sha256
    shipped = billing.template_choice(DocumentKind.CREDIT_NOTE, today).general
    assert shipped.template_sha256 == billing.template_of(DocumentKind.CREDIT_NOTE).sha256


def test_the_second_person_is_another_one_and_every_act_is_in_the_audit_log(
    billing: Billing, tmp_path: Path
) -> None:
    desk = TemplateDesk(billing)
    number = desk.add(own_folder(tmp_path / "own"), "invoice", note="n", by="ana").template_id
    with pytest.raises(BillingError, match="template_not_tested"):
        desk.approve(number, note="good", by="luis")
    desk.test(number, by="ana")
    with pytest.raises(BillingError, match="four_eyes"):
        desk.approve(number, note="good", by="ANA")
    assert desk.may_not(number, TemplateAct.APPROVE, "luis") is None
    with pytest.raises(BillingError, match="template_not_approved"):
        desk.activate(number, today_of(desk.company), note="n", by="luis")
    with pytest.raises(BillingError, match="note_missing"):
        desk.approve(number, note=" ", by="luis")
    desk.approve(number, note="good", by="luis")
    desk.retire(number, note="never used", by="ana")
    with pytest.raises(BillingError, match="template_unknown"):
        desk.row(number + 1)
    with billing.database.transaction() as connection:
        acts = connection.execute(
            text("select act, signed_by from audit_entry where subject_kind = 'template' order by 1")
        ).all()
    assert [tuple(row) for row in acts] == [
        ("add_template", "ana"),
        ("approve_template", "luis"),
        ("retire_template", "ana"),
        ("test_template", "ana"),
    ]


def test_a_test_renders_issued_documents_and_keeps_what_it_finds(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(FEBRUARY))
    desk = TemplateDesk(billing)
    broken = own_folder(tmp_path / "own", **{"email.txt.j2": "{{ password }}"})
    number = desk.add(broken, "invoice", note="n", by="ana").template_id
    found = desk.test(number, by="ana", real_count=2)
    assert not found.is_passed
    assert {each.code for each in found.findings} == {"template_does_not_render"}
    assert "invoice/email.txt.j2:1" in found.findings[0].found
    assert len(found.documents) >= 2
    row = desk.row(number)
    assert row.state is TemplateState.FAILED
    assert row.template.events[-1].result["documents"] == list(found.documents)


def test_a_preview_shows_the_sample_or_an_issued_document(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(FEBRUARY))
    desk = TemplateDesk(billing)
    folder = own_folder(tmp_path / "own")
    number = desk.add(folder, "invoice", note="n", by="ana").template_id
    assert desk.preview(number, ("mail",), "de").language == "de"
    assert desk.preview(number, ("mail",), number="INV-00000001").text == "Our own: INV-00000001"
    notes = desk.add(folder, "credit_note", note="n", by="ana").template_id
    with pytest.raises(BillingError, match="template_kind_differs"):
        desk.preview(notes, ("mail",), number="INV-00000001")
    with pytest.raises(BillingError, match="template_kind_unknown"):
        desk.add(folder, "reminder", note="n", by="ana")
