"""The rows that an issued invoice rests on: policy terms, plan rows, charges, tax rows, its run.

Belongs here: these rows as values, as the invoice points to them, whatever was added since.
Does not belong here: reading them (``store.invoice_sources``), what follows from them
(``explained_installments`` and its siblings).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from billing_assets.domain.cash_rounding import CashUnit
from billing_assets.domain.charge_lines import ChargeLine
from billing_assets.domain.invoices import Invoice, InvoiceLine
from billing_assets.domain.payer_shares import PayerShare
from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.domain.policy_changes import TermChange
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.domain.term_days import TermDays


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledTerm:
    """The version of a policy term that a line froze; ``file_name`` is the policy book that brought it.

    ``charges`` are its charge lines, in the order of their numbers; none: its premium is one charge.
    ``payers`` are its payers in that order; none: it has one.
    """

    policy_term_id: int
    policy_term_version_id: int
    file_name: str
    line_of_business: str
    place_code: str
    effective_date: date
    expiration_date: date
    anchor_date: date
    cover_to_date: date | None
    premium_minor: int
    cut_over_date: date = date.min
    charges: tuple[ChargeLine, ...] = ()
    payers: tuple[PayerShare, ...] = ()

    @property
    def cover_end(self) -> date | None:
        """Where cover ends before the term expires, or None."""
        is_early = self.cover_to_date is not None and self.cover_to_date < self.expiration_date
        return self.cover_to_date if is_early else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """A line that charged a part of the premium of a term, with what of its net was not given back."""

    invoice_id: int
    line_number: int
    period_from_date: date
    left_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSource:
    """What a line of a change rests on, as of the run that billed it or gave it back.

    ``changes`` are those of the term that the run knew. ``documented_minor``: what documents said of the part
    before, less all that was given back of it; ``corrected_minor``: what of that a person gave back by hand;
    ``premium_documented_minor`` is that of the premium at the beginning, and ``premium_lines`` what of it is
    said of each day with which a period begins, what a person gave back included. ``settled_numbers`` are the
    installments that were billed or recorded as zero before; ``is_begun``: something of the term was billed;
    ``part_lines`` are the lines that charged the part before.
    """

    changes: tuple[TermChange, ...]
    change_number: int
    documented_minor: int
    corrected_minor: int
    premium_documented_minor: int
    settled_numbers: frozenset[int]
    premium_lines: tuple[tuple[date, int], ...] = ()
    is_begun: bool = True
    part_lines: tuple[PartLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSource:
    """A line with its term, its plan row and its charge, by which it became due.

    ``change`` is of a line that bills a change, or that a run gives back for one. ``payer_number`` is which
    of several payers the line bills, 0 where the term has one.
    """

    line: InvoiceLine
    contained_tax_minor: int
    term: BilledTerm
    payment_plan_id: int
    plan: PaymentPlan
    charge_net_minor: int
    charge_due_date: date
    charge_billing_date: date
    change: ChangeSource | None = None
    payer_number: int = 0

    @property
    def charge(self) -> ChargeLine | None:
        """The charge line of the term that the line bills; None for a line of the whole premium, or a fee."""
        number = self.line.charge_number
        return next((each for each in self.term.charges if number and each.charge_number == number), None)

    @property
    def line_of_business(self) -> str:
        """By what the line is taxed: the line of business of its charge, or of the term."""
        return self.charge.line_of_business if self.charge else self.term.line_of_business

    @property
    def days(self) -> TermDays:
        """The days of the term, as its plan counts them."""
        return TermDays(self.plan.day_count, self.term.effective_date, self.term.expiration_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSource:
    """A tax of the document with its dated row, and other rows of its group that its lines may have met.

    Each row has the end that it had when the document was issued, where that was kept.
    """

    tax_number: int
    tax_rule_id: int
    rule: TaxRule
    base_minor: int
    tax_minor: int
    others: tuple[tuple[int, TaxRule], ...] = ()

    @property
    def by_row(self) -> list["TaxSource"]:
        """The tax by each row of its group."""
        others = (replace(self, tax_rule_id=row_id, rule=rule) for row_id, rule in self.others)
        return [self, *others]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashUnitSource:
    """The dated row by which the sum payable of the document was rounded."""

    cash_unit_id: int
    row: CashUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSource:
    """What the number and the date of issue come from: the series and the run.

    ``previous_issue_date`` is that of the invoice before it in the series; None for the first one.
    ``closed_day_id``: up to this row the run knew what the company has closed itself.
    ``backdating_reason`` and ``approved_by`` are empty where nobody had to approve the date.
    """

    prefix: str
    number: int
    previous_issue_date: date | None
    run_id: int
    run_billing_date: date
    run_issuing_date: date
    backdating_reason: str
    approved_by: str
    company_place_code: str
    closed_day_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSources:
    """An issued invoice with every row that it rests on."""

    invoice: Invoice
    record_format: int
    lines: tuple[LineSource, ...]
    taxes: tuple[TaxSource, ...]
    issue: IssueSource
    cash_unit: CashUnitSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditSources:
    """An issued credit note with the invoice that it credits, and every row that the two rest on.

    ``note`` has the term and the plan row of each line that it credits. ``net_before``: line of the invoice
    -> what credit notes before this one gave back of its net.
    """

    note: InvoiceSources
    original: InvoiceSources
    net_before: Mapping[int, int]

    @property
    def net_of(self) -> dict[int, int]:
        """The net of each line of the invoice, by its number."""
        return {source.line.line_number: source.line.net_minor for source in self.original.lines}

    def is_whole(self, term: LineSource | None = None) -> bool:
        """Tell whether the whole net of the invoice is given back by now, or all of the term of a line."""
        back = dict(self.net_before)
        for source in self.note.lines:
            number = source.line.credited_line_number or 0
            back[number] = back.get(number, 0) + source.line.net_minor
        return self._is_whole(back, term)

    def was_whole(self, term: LineSource) -> bool:
        """Tell whether notes before this one gave back the whole net of the term of a line."""
        return any(self.net_before.values()) and self._is_whole(self.net_before, term)

    def _is_whole(self, back: Mapping[int, int], term: LineSource | None) -> bool:
        return all(
            back.get(source.line.line_number, 0) == source.line.net_minor
            for source in self.original.lines
            if term is None or source.term.policy_term_id == term.term.policy_term_id
        )
