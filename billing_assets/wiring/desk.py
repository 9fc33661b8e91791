"""The desk: what people look at and the small things they do, beside the steps of billing.

Belongs here: lists and single records, problems closed and given away, an invoice's PDF and page, companies,
the import of a policy book and of rates. Everything is of one company, that of :meth:`Billing.company_code`.
Does not belong here: rule rows (``rule_desk``), the steps of a run (``build``), SQL (``store``), how anything
is shown (``cli``, ``portal``).
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_assets.documents.explanations import ExplanationView, tell
from billing_assets.documents.run_chart import rehearsal_chart
from billing_assets.documents.templates import default_templates_dir
from billing_assets.domain.book_mapping import BookControls
from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.certificate_files import KeptCertificate
from billing_assets.domain.companies import Company, company_from
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import ExchangeRate
from billing_assets.domain.explained_documents import require_line, require_match
from billing_assets.domain.invoices import Invoice
from billing_assets.feeds.change_files import ChangeFiles
from billing_assets.feeds.exchange_rates import ExchangeRateFiles
from billing_assets.feeds.mapping import read_mapping
from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.steps.delivery_ports import PrintJob, rendering_changed
from billing_assets.steps.rate_ports import KeptRates
from billing_assets.steps.read_exchange_rates import read_exchange_rates
from billing_assets.steps.read_policy_book import IntakeOrder, read_policy_book
from billing_assets.steps.read_policy_changes import read_policy_changes
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store import (
    batch_listings,
    charge_listings,
    delivery_listings,
    invoice_listings,
    problem_listings,
    problems,
    run_listings,
)
from billing_assets.store.certificates import read_certificate
from billing_assets.store.closed_days import ClosedDayRow, closed_day_history, read_closed_days
from billing_assets.store.companies import company_codes, read_issuer, save_company
from billing_assets.store.document_views import DocumentView, view_document
from billing_assets.store.exchange_rates import SqlRateStore, list_rates
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.policies import SqlIntakeStore
from billing_assets.store.policy_changes import SqlChangeStore
from billing_assets.store.policy_listings import PolicyDetail, show_policy
from billing_assets.wiring.build import Billing, time_zone_differs, today_of, utc_now
from billing_assets.wiring.explanations import read_explanation
from billing_assets.wiring.invoice_details import InvoiceDetail, read_invoice_detail
from billing_assets.wiring.ledger_desk import LedgerDesk
from billing_assets.wiring.month_desk import MonthDesk
from billing_assets.wiring.rule_desk import RuleDesk
from billing_assets.wiring.untaxed_charges import is_untaxed, with_tax_advice

if TYPE_CHECKING:
    from billing_assets.wiring.access_desk import AccessDesk
    from billing_assets.wiring.endpoints import Endpoints


class Desk:
    """The reading side and the small acts, over the store of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the press and the company of ``billing``."""
        self.billing = billing
        self.database = billing.database
        self.rules = RuleDesk(billing.database)

    @cached_property
    def company_id(self) -> int:
        """The company that everything here is of."""
        with self.database.transaction() as connection:
            return read_issuer(connection, self.billing.company_code()).company_id

    @cached_property
    def ledger(self) -> LedgerDesk:
        """The ledger of the company."""
        return LedgerDesk(self.database, self.company_id)

    @cached_property
    def endpoints(self) -> "Endpoints":
        """The endpoints that documents are pushed to."""
        # What speaks HTTP is loaded where it is asked for.
        from billing_assets.wiring.endpoints import Endpoints

        return Endpoints(self.database, self.billing.settings, self.billing.company_code(), utc_now)

    @cached_property
    def access(self) -> "AccessDesk":
        """The accounts of the office and the audit log of the company."""
        # What hashes passwords is loaded where it is asked for.
        from billing_assets.wiring.access_desk import AccessDesk

        return AccessDesk(self.database, self.company_id, self.billing.settings)

    @cached_property
    def months(self) -> MonthDesk:
        """The billing months of the company."""
        return MonthDesk(self.database, self.company_id, self.billing.company_code(), utc_now)

    def company_codes(self) -> list[str]:
        """Return the codes of all companies."""
        with self.database.transaction() as connection:
            return company_codes(connection)

    def company(self, company_code: str = "") -> Company:
        """Return the newest settings of a company, by default the one of this program."""
        with self.database.transaction() as connection:
            return read_issuer(connection, company_code or self.billing.company_code()).company

    def set_company(self, record: Mapping[str, object]) -> tuple[Company, bool]:
        """Record the settings; return the company and whether anything changed.

        Raises ``time_zone_differs`` where BILLING_TIME_ZONE is set, for this company, to another zone.
        """
        company, settings = company_from(dict(record)), self.billing.settings
        is_ours = settings.company in {"", company.company_code} and "time_zone" in settings.model_fields_set
        if is_ours and settings.time_zone != company.time_zone:
            raise time_zone_differs(company, settings.time_zone)
        with self.database.transaction() as connection:
            return company, save_company(connection, company, utc_now())

    def closed_days(self) -> ClosedDays:
        """Return the days that the company has closed itself, as of now."""
        with self.database.transaction() as connection:
            return read_closed_days(connection, self.company_id)

    def closed_day_history(self, year: int) -> list[ClosedDayRow]:
        """Return every closing of a day of the year, and what was taken back, in order."""
        with self.database.transaction() as connection:
            return closed_day_history(connection, self.company_id, year)

    def import_policies(
        self,
        path: Path,
        mapping_path: Path,
        cut_over_date: date | None = None,
        controls: BookControls | None = None,
        *,
        is_again: bool = False,
        progress: Progress = silent,
    ) -> StepResult:
        """Import a policy book; see :func:`read_policy_book`."""
        company = self.company()
        order = IntakeOrder(
            company_code=company.company_code,
            path=path,
            mapping=read_mapping(mapping_path),
            as_of_date=today_of(company),
            cut_over_date=cut_over_date,
            controls=controls or BookControls(),
            is_again=is_again,
        )
        store = SqlIntakeStore(self.database)
        return read_policy_book(order, reader=PolicyFiles(), store=store, clock=utc_now, progress=progress)

    def import_changes(self, path: Path, *, progress: Progress = silent) -> StepResult:
        """Import a file of changes in the middle of terms; see :func:`read_policy_changes`."""
        return read_policy_changes(
            path,
            self.billing.company_code(),
            reader=ChangeFiles(),
            store=SqlChangeStore(self.database),
            clock=utc_now,
            progress=progress,
        )

    def runs(self, limit: int, before_id: int | None = None) -> list[run_listings.RunRow]:
        """Return the newest runs."""
        with self.database.transaction() as connection:
            wanted = run_listings.RunFilter(limit=limit, before_id=before_id)
            return run_listings.list_runs(connection, self.company_id, wanted)

    def run(self, run_id: int) -> run_listings.RunDetail:
        """Return one run, or raise ``run_unknown``."""
        with self.database.transaction() as connection:
            return run_listings.show_run(connection, self.company_id, run_id)

    def certificate(self, run_id: int) -> KeptCertificate:
        """Return the completeness certificate of a run, or raise ``certificate_missing``, saying why."""
        with self.database.transaction() as connection:
            return read_certificate(connection, self.company_id, run_id)

    def rehearsal_chart(self, rehearsal: Mapping[str, Any]) -> bytes:
        """Return the chart of what a run would come to, a PNG."""
        return rehearsal_chart(rehearsal, self.billing.settings.templates_dir or default_templates_dir())

    def charges(self, wanted: charge_listings.ChargeFilter) -> list[charge_listings.ChargeRow]:
        """Return what became of the policies of a run; raise ``run_unknown`` where there is no such run."""
        with self.database.transaction() as connection:
            run_listings.show_run(connection, self.company_id, wanted.run_id)
            found = charge_listings.list_charges(connection, self.company_id, wanted)
        if not any(map(is_untaxed, found)):
            return found
        return with_tax_advice(found, self.billing.runs.rule_rows().tax_rules)

    def standing_charges(self, billing_date: date) -> list[charge_listings.StandingCharges]:
        """Return the held and failed charges of a date that were not billed since."""
        with self.database.transaction() as connection:
            return charge_listings.standing_charges(connection, self.company_id, billing_date)

    def last_run_of(self, billing_date: date) -> int | None:
        """Return the id of the last run of a date, or None."""
        with self.database.transaction() as connection:
            return run_listings.last_run_of(connection, self.company_id, billing_date)

    def invoices(self, wanted: invoice_listings.InvoiceFilter) -> list[invoice_listings.InvoiceRow]:
        """Return the newest invoices that fit."""
        with self.database.transaction() as connection:
            return invoice_listings.list_invoices(connection, self.company_id, wanted)

    def last_import(self) -> batch_listings.BatchRow:
        """Return the newest import, or raise ``nothing_imported``."""
        with self.database.transaction() as connection:
            return batch_listings.last_import(connection, self.company_id)

    def invoice_totals(self) -> list[dict[str, Any]]:
        """Return currency, count, net, tax and total (minor units) of everything issued."""
        with self.database.transaction() as connection:
            return invoice_listings.invoice_totals(connection, self.company_id)

    def invoice(self, number: str) -> InvoiceDetail:
        """Return one invoice by its printed number, or raise ``invoice_unknown``."""
        with self.database.transaction() as connection:
            return read_invoice_detail(connection, self.company_id, number)

    def invoice_pdf(self, number: str) -> bytes:
        """Return the PDF of an invoice: the kept bytes, or its first rendering, which is kept from then on.

        Not kept where a font lacks a character. Raises ``rendering_changed`` where it would come out another.
        """
        return self._rendering(number)[0]

    def kept_pdf(self, number: str) -> bytes | None:
        """Return what :meth:`invoice_pdf` does, and None where that is not kept."""
        pdf, is_kept = self._rendering(number)
        return pdf if is_kept else None

    def _rendering(self, number: str) -> tuple[bytes, bool]:
        found, view = self._view(number)
        if view.pdf and sha256(view.pdf).hexdigest() == view.pdf_sha256:
            return view.pdf, True
        job = PrintJob(
            document_id=view.document_id,
            template_version_id=view.template_version_id,
            invoice=found,
            pdf_sha256=view.pdf_sha256,
        )
        (printed,) = self.billing.press.print_all([job])
        if printed.fault:
            raise printed.fault
        if not printed.missing_character_count:
            for document_id in self.billing.documents.keep_renderings([printed]):
                raise rendering_changed(document_id)
        return printed.pdf, not printed.missing_character_count

    def invoice_html(self, number: str) -> str:
        """Return the web page of an invoice, by the template that it froze at issue."""
        found, view = self._view(number)
        return self.billing.shelf.web_page(view.template_version_id, found)

    def explain(
        self, number: str, line_number: int | None = None, language: str = "", *, is_checked: bool = True
    ) -> ExplanationView:
        """Return why every amount and date of an invoice, or of one line, is what it is, in words.

        Everything is worked out again from the rows that the invoice froze, in the payer's language or in
        ``language``. With ``is_checked`` a result that is not what was recorded raises
        ``explanation_differs``; else it is marked, and ``explanation.differences`` has it.
        """
        with self.database.transaction() as connection:
            sources, explanation = read_explanation(connection, self.company_id, number)
        if line_number is not None:
            require_line(sources, line_number)
        if is_checked:
            require_match(explanation)
        template = self.billing.template_of(sources.invoice.document_kind)
        return tell(explanation, sources, line_number=line_number, language=language, template=template)

    def import_rates(self, path: Path, source: str, recorded_by: str) -> StepResult:
        """Keep the rates of a file; see :func:`read_exchange_rates`."""
        store = SqlRateStore(self.database, self.company_id, utc_now)
        return read_exchange_rates(path, source, recorded_by, reader=ExchangeRateFiles(), store=store)

    def set_rate(self, rate: ExchangeRate, recorded_by: str) -> KeptRates:
        """Keep one rate."""
        return SqlRateStore(self.database, self.company_id, utc_now).keep([rate], recorded_by)

    def rates(
        self, currency: str = "", day: date | None = None, before_id: int | None = None, limit: int = 100
    ) -> list[tuple[ExchangeRate, str, datetime]]:
        """Return exchange rates, newest row first, with who recorded each and when."""
        with self.database.transaction() as connection:
            return list_rates(
                connection, self.company_id, currency=currency, day=day, before_id=before_id, limit=limit
            )

    def policy(self, policy_number: str) -> PolicyDetail:
        """Return a policy with its terms and what was invoiced of it, or raise ``policy_unknown``."""
        with self.database.transaction() as connection:
            return show_policy(connection, self.company_id, policy_number)

    def undelivered(self, wanted: delivery_listings.DeliveryFilter) -> list[delivery_listings.DeliveryRow]:
        """Return deliveries that were not accepted, longest waiting first."""
        with self.database.transaction() as connection:
            return delivery_listings.list_undelivered(connection, self.company_id, wanted)

    def delivery(self, delivery_id: int) -> delivery_listings.DeliveryDetail:
        """Return one delivery with attempts and decisions, or raise ``delivery_unknown``."""
        with self.database.transaction() as connection:
            return delivery_listings.show_delivery(connection, self.company_id, delivery_id)

    def delivery_counts(self) -> dict[str, int]:
        """Return state -> deliveries."""
        with self.database.transaction() as connection:
            return delivery_listings.count_deliveries(connection, self.company_id)

    def delivery_reasons(self, *, with_given_up: bool = False) -> list[delivery_listings.ReasonCount]:
        """Return why deliveries are not sent, the most frequent reason first."""
        with self.database.transaction() as connection:
            return delivery_listings.count_reasons(connection, self.company_id, with_given_up=with_given_up)

    def waiting_later(self, billing_date: date | None) -> delivery_listings.WaitingLater:
        """Return which messages have their next attempt later than now, of one date or of all."""
        with self.database.transaction() as connection:
            return delivery_listings.count_waiting_later(connection, self.company_id, billing_date, utc_now())

    def given_up_count(self) -> int:
        """Return how many of the failed deliveries were given up."""
        with self.database.transaction() as connection:
            return delivery_listings.count_given_up(connection, self.company_id)

    def problems(self, wanted: problem_listings.ProblemFilter) -> list[problem_listings.ProblemRow]:
        """Return the newest problems that fit."""
        with self.database.transaction() as connection:
            return problem_listings.list_problems(connection, self.company_id, wanted)

    def problem_counts(self) -> dict[str, int]:
        """Return problem code -> open problems."""
        with self.database.transaction() as connection:
            return problem_listings.count_problems(connection, self.company_id)

    def problem(self, problem_id: int) -> problem_listings.ProblemDetail:
        """Return one problem with what the file says, or raise ``problem_unknown``."""
        with self.database.transaction() as connection:
            return problem_listings.show_problem(connection, self.company_id, problem_id)

    def close_problem(self, problem_id: int, note: str, closed_by: str) -> problem_listings.ProblemRow:
        """Close an open problem and keep why and who.

        Raises:
            BillingError: ``problem_unknown``, ``problem_closed``, ``note_missing``, ``name_missing``;
                ``problem_holds_term`` where its term would stay held with nothing to say so.
        """
        note, closed_by = signed(note, closed_by)
        with self.database.transaction() as connection:
            if problems.holds_a_term(connection, self.company_id, problem_id):
                raise BillingError(
                    "problem_holds_term",
                    f"problem {problem_id} says why its policy term is held, and the term stays held",
                    "give it to whoever decides: 'billing problems assign'; it closes when a book says again "
                    "what was billed",
                )
            is_closed = problems.close_problem(
                connection, self.company_id, problem_id, note=note, closed_by=closed_by, closed_at=utc_now()
            )
            if not is_closed:
                self._raise_not_open(problem_id)
            return problem_listings.show_problem(connection, self.company_id, problem_id).problem

    def assign_problem(self, problem_id: int, owner: str) -> None:
        """Give an open problem to ``owner``; raise where there is no such open problem."""
        if not owner.strip():
            raise BillingError(
                "owner_empty", "the new owner has no name", "give a name or a team: --to claims"
            )
        with self.database.transaction() as connection:
            if not problems.assign_problem(connection, self.company_id, problem_id, owner.strip(), utc_now()):
                self._raise_not_open(problem_id)

    def _raise_not_open(self, problem_id: int) -> None:
        self.problem(problem_id)
        raise BillingError(
            "problem_closed", f"problem {problem_id} is closed", "'billing problems list' shows what is open"
        )

    def _view(self, number: str) -> tuple[Invoice, DocumentView]:
        with self.database.transaction() as connection:
            found = find_invoice(connection, self.company_id, number)
            return found, view_document(connection, found.invoice_id, utc_now())
