"""Invoices on demand, their inbox and the retries of failed ones, put together.

Belongs here: answering one request, adding, draining and looking at the inbox, retrying what failed, over the
store of ``build``.
Does not belong here: the order of work (``steps``), SQL (``store``), how anything is shown (``cli``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from uuid import uuid4

from sqlalchemy import Connection

from billing_assets.domain.backdating import require_recent
from billing_assets.domain.on_demand import Answer, InboxEntry, OnDemandOrder, Preview, Request
from billing_assets.domain.retries import FailedCharge
from billing_assets.steps.drain_inbox import BATCH_REQUESTS, drain_inbox
from billing_assets.steps.invoice_on_demand import invoice_on_demand, preview_on_demand
from billing_assets.steps.result import StepResult
from billing_assets.steps.retry_failed_invoices import BATCH_POLICIES, retry_failed_invoices
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store import inbox
from billing_assets.store.inbox import InboxRow
from billing_assets.store.on_demand import SqlOnDemandStore
from billing_assets.wiring.build import Billing, today_of, utc_now


class OnDemandDesk:
    """Invoices on demand over the store of ``billing``; kept for many requests, it answers each faster."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the templates and the company of ``billing``."""
        self.billing = billing
        self.store = SqlOnDemandStore(billing.database, utc_now)

    @cached_property
    def company_code(self) -> str:
        """The company that everything here is of."""
        return self.billing.company_code()

    def invoice(
        self, policy_number: str, until: date | None = None, *, billing_date: date | None = None
    ) -> Answer:
        """Bill a policy now: what it has due up to ``until``, or its next installment.

        ``billing_date`` is the business date of the run, today if left out. What has to wait for a run under
        way is put into the inbox. Raises ``business_date_far_back``.
        """
        request = Request(policy_number=policy_number, until=until)
        order = self._order(billing_date)
        (answer,) = invoice_on_demand(
            order, (request,), store=self.store, templates=self.billing.templates_on(order.issuing_date)
        )
        return self._kept(answer) if answer.is_waiting else answer

    def preview(self, requests: Sequence[Request]) -> tuple[Preview, ...]:
        """Return what would become of requests today, and what they would come to; nothing is written."""
        return preview_on_demand(self._order(None), requests, store=self.store)

    def invoice_all(self, requests: Sequence[Request]) -> tuple[Answer, ...]:
        """Bill policies now, all in one run that the audit log names.

        What has to wait for a run under way is put into the inbox.
        """
        order = replace(self._order(None), is_signed=True)
        answers = invoice_on_demand(
            order, requests, store=self.store, templates=self.billing.templates_on(order.issuing_date)
        )
        return tuple(self._kept(answer) if answer.is_waiting else answer for answer in answers)

    def _kept(self, answer: Answer) -> Answer:
        """Put a request that waits into the inbox; return its answer with the number it has there."""
        with self._company() as (connection, company_id):
            key = f"on demand {uuid4()}"
            request_id = inbox.keep_waiting(connection, company_id, key, answer, utc_now())
        return replace(answer, request=replace(answer.request, request_id=request_id))

    def numbers_of(self, answer: Answer) -> tuple[str, ...]:
        """Return the numbers of the documents that a request led to."""
        if answer.run_id is None or answer.is_waiting:
            return ()
        with self._company() as (connection, company_id):
            return inbox.numbers_of(connection, company_id, answer.run_id, answer.request.policy_number)

    def add(self, entries: Sequence[InboxEntry]) -> int:
        """Put requests into the inbox; return how many it did not have yet, by their keys."""
        with self._company() as (connection, company_id):
            return inbox.add_requests(connection, company_id, entries, utc_now())

    def drain(
        self,
        *,
        batch_requests: int = BATCH_REQUESTS,
        billing_date: date | None = None,
        progress: Progress = silent,
    ) -> StepResult:
        """Answer the open requests of the inbox; see :func:`drain_inbox`."""
        order = self._order(billing_date)
        return drain_inbox(
            order,
            store=self.store,
            templates=self.billing.templates_on(order.issuing_date),
            batch_requests=batch_requests,
            progress=progress,
        )

    def retry(
        self,
        at: datetime | None = None,
        *,
        batch_policies: int = BATCH_POLICIES,
        billing_date: date | None = None,
        progress: Progress = silent,
    ) -> StepResult:
        """Try what failed and is due at ``at``, now if left out; see :func:`retry_failed_invoices`."""
        order = self._order(billing_date)
        return retry_failed_invoices(
            order,
            self.billing.settings.retry_rule,
            at or utc_now(),
            store=self.store,
            templates=self.billing.templates_on(order.issuing_date),
            batch_policies=batch_policies,
            progress=progress,
        )

    def failed_charges(self) -> list[FailedCharge]:
        """Return every charge that stands failed, with its attempts."""
        return self.store.list_failed(self.company_code)

    def requests(
        self, *, state: str = "", policy_number: str = "", before_id: int | None = None, limit: int = 20
    ) -> list[InboxRow]:
        """Return requests of the inbox, newest first."""
        with self._company() as (connection, company_id):
            return inbox.list_requests(
                connection,
                company_id,
                state=state,
                policy_number=policy_number,
                before_id=before_id,
                limit=limit,
            )

    def request(self, request_id: int) -> InboxRow:
        """Return one request; raises ``request_unknown``."""
        with self._company() as (connection, company_id):
            return inbox.show_request(connection, company_id, request_id)

    def open_count(self) -> int:
        """Return how many requests would be answered now: all open ones, while a run is on the new ones."""
        with self._company() as (connection, company_id):
            return inbox.count_open(connection, company_id)

    @contextmanager
    def _company(self) -> Iterator[tuple[Connection, int]]:
        """Yield a transaction, and the id of the company."""
        company_id = self.store.issuer(self.company_code).company_id
        with self.billing.database.transaction() as connection:
            yield connection, company_id

    def _order(self, billing_date: date | None) -> OnDemandOrder:
        company = self.store.issuer(self.company_code).company
        order = self.billing.order(billing_date or today_of(company), company=company)
        require_recent(self.billing.issue_rule(company), order.billing_date)
        return OnDemandOrder(
            company_code=order.company_code,
            billing_date=order.billing_date,
            issuing_date=order.issuing_date,
            backdating=order.backdating,
        )
