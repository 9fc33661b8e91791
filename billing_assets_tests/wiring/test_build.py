"""The program put together: over a store of one's own or the embedded one, and never over a wrong schema."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.backdating import Backdating
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.run_listings import show_run
from billing_assets.wiring import build
from billing_assets.wiring.build import Billing, utc_now
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book
from billing_assets_tests.databases import run_sql

FEBRUARY = date(2024, 2, 1)


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 6)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_the_company_is_the_only_one_or_the_one_that_was_named(billing: Billing) -> None:
    assert billing.company_code() == "alondra"
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, company_code="zeta"), AT)
    with pytest.raises(BillingError, match="there are 2 companies"):
        billing.company_code()
    billing.settings = billing.settings.model_copy(update={"company": "zeta"})
    assert billing.company_code() == "zeta"


def test_a_past_billing_date_is_issued_today_unless_the_store_rehearses_the_past(billing: Billing) -> None:
    assert billing.order(FEBRUARY).issuing_date == FEBRUARY
    assert billing.order(FEBRUARY).backdating.approved_by == "the setting BILLING_ISSUE_ON"
    assert billing.order(FEBRUARY, date(2024, 3, 1)).issuing_date == date(2024, 3, 1)
    billing.settings = billing.settings.model_copy(update={"issue_on": "today"})
    order = billing.order(FEBRUARY)
    assert abs((utc_now().date() - order.issuing_date).days) <= 1
    assert order.backdating == Backdating()


@pytest.mark.parametrize("issue_on", ["today", "billing_date"])
def test_an_issue_date_after_today_in_the_companys_zone_is_refused(
    billing: Billing, monkeypatch: pytest.MonkeyPatch, issue_on: str
) -> None:
    """Madrid is an hour ahead in winter: at 23:30 UTC its next day has begun."""
    billing.settings = billing.settings.model_copy(update={"issue_on": issue_on, "backdating_days": 3_650})
    monkeypatch.setattr(build, "utc_now", lambda: datetime(2024, 2, 9, 23, 30, tzinfo=UTC))
    assert billing.order(FEBRUARY, date(2024, 2, 10)).issuing_date == date(2024, 2, 10)
    for ahead in (date(2024, 2, 11), date(2024, 4, 8)):
        with pytest.raises(BillingError) as caught:
            billing.order(FEBRUARY, ahead)
        assert caught.value.code == "issue_date_ahead"


def test_a_run_keeps_why_its_documents_carry_a_past_date(billing: Billing) -> None:
    billing.settings = billing.settings.model_copy(update={"issue_on": "today"})
    with pytest.raises(BillingError, match="backdating_unapproved"):
        billing.order(FEBRUARY, date(1990, 1, 1))
    approved = Backdating(reason="agreed with the auditor", approved_by="Ana")
    billing.invoice(billing.order(FEBRUARY, FEBRUARY, approved))
    with billing.database.transaction() as connection:
        assert show_run(connection, 1, 1).backdating == approved
        issued = connection.execute(text("select distinct issue_date from invoice")).scalars().all()
    assert issued == [FEBRUARY]


@pytest.mark.long
def test_an_issue_date_never_lies_before_the_last_one_of_the_series(billing: Billing) -> None:
    approved = Backdating(reason="agreed with the auditor", approved_by="Ana")
    billing.invoice(billing.order(FEBRUARY))
    billing.invoice(billing.order(date(2024, 6, 3), date(1990, 1, 1), approved))
    with billing.database.transaction() as connection:
        issued = connection.execute(text("select distinct issue_date from invoice")).scalars().all()
    assert issued == [FEBRUARY]
    assert not [result for result in billing.audit() if result.offender_count]


@pytest.mark.long
def test_a_run_goes_from_book_to_mailbox(billing: Billing, tmp_path: Path) -> None:
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        billing.settings = billing.settings.model_copy(update={"smtp_port": mailbox.port})
        results = list(billing.run(billing.order(FEBRUARY)))
        assert len(mailbox.messages()) == 5
    assert [result.step for result in results] == ["raise_invoices", "print_documents", "deliver_documents"]
    (report,) = billing.run_reports(FEBRUARY)
    assert report["outcome_counts"]["invoiced"] == 6
    assert billing.run_chart(report).startswith(b"\x89PNG")
    assert billing.book_stamp().policy_count == 6


@pytest.mark.long
@pytest.mark.parametrize("is_quiet", [False, True], ids=["delivering", "quiet"])
def test_a_broken_invariant_stops_the_run_before_anything_is_queued(
    billing: Billing, *, is_quiet: bool
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    spoil = "update billing.number_series set last_number = last_number + 1"
    run_sql(url_of(billing.database), spoil)
    steps = billing.run(billing.order(FEBRUARY), is_quiet=is_quiet)
    with pytest.raises(BillingError, match="I08") as caught:
        list(steps)
    assert caught.value.code == "audit_failed"
    with billing.database.transaction() as connection:
        assert connection.execute(text("select count(*) from delivery")).scalar_one() == 0


@pytest.mark.long
def test_a_quiet_run_makes_the_documents_and_sends_nothing(billing: Billing) -> None:
    results = list(billing.run(billing.order(FEBRUARY), is_quiet=True))
    assert [result.step for result in results] == ["raise_invoices", "print_documents"]
    with billing.database.transaction() as connection:
        assert connection.execute(text("select count(*) from delivery")).scalar_one() == 0


@pytest.mark.long
def test_what_is_broken_for_one_company_does_not_stop_another(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, company_code="zeta"), AT)
    run_sql(url_of(billing.database), "update billing.number_series set last_number = last_number + 1")

    def work_for(company_code: str) -> None:
        billing.settings = billing.settings.model_copy(update={"company": company_code})

    work_for("zeta")
    for day in (None, FEBRUARY):
        billing.require_clean(day)
    assert not [result for result in billing.audit() if result.offender_count]
    work_for("alondra")
    for day in (None, FEBRUARY):
        with pytest.raises(BillingError, match="I08"):
            billing.require_clean(day)
    work_for("")
    assert [result.check.check_id for result in billing.audit() if result.offender_count] == ["I08"]


@pytest.mark.long
def test_an_invoice_is_delivered_by_the_template_that_it_froze(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(FEBRUARY))
    frozen = billing.template_choice(DocumentKind.INVOICE, FEBRUARY).general
    folder = tmp_path / "templates"
    for name, content in billing.template_of(DocumentKind.INVOICE).files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"#panic()" if name.endswith("document.typ") else content)
    with MailboxServer(tmp_path / "mailbox") as mailbox, ExitStack() as stack:
        later = billing_over(billing.database, tmp_path, stack, templates_dir=folder, smtp_port=mailbox.port)
        again = later.template_choice(DocumentKind.INVOICE, FEBRUARY).general
        assert again.template_version_id != frozen.template_version_id
        later.print(FEBRUARY)
        assert later.deliver(FEBRUARY).facts["sent_count"] == 5
