"""The calculation that a run, a preview and a replay all go by: what is due of a shard, and its price.

Belongs here: the order in which the formulas of installments and of changes meet.
Does not belong here: the formulas (``frames``), reading a shard, adding shards up (``price_plan``).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.charges import PREMIUM
from billing_assets.domain.holds import HoldTerms
from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.change_charges import ChangedDue, changed_due
from billing_assets.frames.change_credits import credited_charges, with_reasons, with_returned
from billing_assets.frames.change_holds import with_change_holds
from billing_assets.frames.columns import SETTLED_SCHEMA
from billing_assets.frames.credits import draft_credits
from billing_assets.frames.documents import payer_plan_ids
from billing_assets.frames.due_charges import due_charges
from billing_assets.frames.holds import with_holds
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.on_demand import due_until
from billing_assets.steps.run_ports import RuleRows, ShardBook

_REACH = timedelta(days=900)
"""So long after a term has ended each of its installments has had its billing date."""

_PLANNED = (Outcome.INVOICED.value, Outcome.ZERO.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """What decides, beside the book itself, what is due on a date and what it costs.

    ``place_code`` is the place of the company. What was to be billed up to ``held_until`` is left to the run
    that is held there, and so are changes until somebody has decided on it. With ``until``
    (``columns.UNTIL_SCHEMA``) only what each of its policies has due up to a date of its own is due.
    ``holds`` stop the billing clock of the terms that they are of.
    """

    billing_date: date
    place_code: str
    rules: RuleRows
    closed_days: ClosedDays
    held_until: date | None
    catch_up: CatchUp
    until: pl.DataFrame | None = None
    holds: tuple[HoldTerms, ...] = ()

    def due(self, book: ShardBook) -> pl.DataFrame:
        """Return what is due of a shard of the book (``columns.DUE_SCHEMA``), without what is given back."""
        if book.changes is None:
            return self.installments(book)
        return self._changed(book, book.changes).due

    def installments(self, book: ShardBook) -> pl.DataFrame:
        """Return what is due of the installments alone, whatever changes there are."""
        return self._due(book, with_holds(book.terms, self.holds))

    def drafts(self, book: ShardBook) -> Drafts:
        """Return the priced invoices and credit notes of a shard of the book."""
        if book.changes is None:
            return self.priced(self.installments(book))
        changed, changes = self._changed(book, book.changes), book.changes
        drafts = self.priced(changed.due)
        lines = with_returned(changes.lines, changed.returns)
        if lines.is_empty():
            return drafts
        notes = draft_credits(lines, changes.taxes, self.rules.tax_rules)
        notes = replace(notes, invoices=_with_reason(notes, changes))
        charges = credited_charges(notes.lines, book.terms, self.billing_date, drafts.invoices.height)
        indexed = drafts.charges.with_columns(pl.col("draft_index").cast(pl.Int64))
        return replace(drafts, credits=notes, charges=pl.concat([indexed, charges], how="diagonal"))

    def priced(self, due: pl.DataFrame) -> Drafts:
        """Return the priced invoices of what is due (``columns.DUE_SCHEMA``)."""
        by_payer = payer_plan_ids(self.rules.plans)
        has_groups = self.rules.has_tax_groups
        return draft_invoices(due, self.rules.tax_rules, self.catch_up, by_payer, has_tax_groups=has_groups)

    def _due(self, book: ShardBook, terms: pl.DataFrame) -> pl.DataFrame:
        found = due_charges(
            terms,
            self.rules.plans,
            book.settled,
            self.billing_date,
            self.place_code,
            self.closed_days,
            book.charge_lines,
            book.payer_shares,
        )
        if self.held_until is not None:
            found = found.filter(pl.col("billing_date") > self.held_until)
        return found if self.until is None else due_until(found, self.until)

    def open_day(self, day: date) -> date:
        """Return the first day, from ``day`` on, on which the company is open."""
        company = CompanyCalendar(place_code=self.place_code, closed=self.closed_days)
        while company.is_closed(day):
            day += timedelta(days=1)
        return day

    def last_day(self, terms: pl.DataFrame) -> date:
        """Return an open day by which every installment of the terms has had its billing date."""
        return self.open_day(max(terms["expiration_date"].to_list(), default=self.billing_date) + _REACH)

    def _changed(self, book: ShardBook, changes: ChangeBook) -> ChangedDue:
        held = with_holds(book.terms, self.holds)
        terms = with_change_holds(held, changes, self.rules.tax_rules, book.charge_lines, book.payer_shares)
        with_own = terms.join(changes.changes, on="policy_term_id", how="semi")
        company = CompanyCalendar(place_code=self.place_code, closed=self.closed_days)
        return changed_due(
            self._due(book, terms),
            with_own,
            self.rules.plans,
            self._planned(with_own, changes),
            changes,
            self.billing_date,
            is_open=not company.is_closed(self.billing_date),
            is_settling=self.held_until is None,
        )

    def _planned(self, terms: pl.DataFrame, changes: ChangeBook) -> pl.DataFrame:
        """Return all installments of the terms that are billed here, with what they plan and ``is_open``."""
        free = terms.with_columns(hold_code=pl.lit(None, pl.String))
        day, nothing = self.last_day(terms), pl.DataFrame(schema=SETTLED_SCHEMA)
        found = due_charges(free, self.rules.plans, nothing, day, self.place_code, self.closed_days)
        whole = found.filter(pl.col("charge_kind") == PREMIUM.charge_kind, pl.col("outcome").is_in(_PLANNED))
        key = ["policy_term_id", "installment_number"]
        billed = changes.lines.filter(
            pl.col("charge_kind") == PREMIUM.charge_kind, pl.col("revision") == 0
        ).select(key)
        closed = pl.concat([billed, changes.zeros.select(key)]).unique()
        marks = closed.with_columns(is_open=pl.lit(value=False))
        return whole.join(marks, on=key, how="left").with_columns(pl.col("is_open").fill_null(value=True))


def _with_reason(notes: Drafts, changes: ChangeBook) -> pl.DataFrame:
    """Return the credit notes with the change that they come from: the first, where several terms have one.

    A line of a term without changes may stand first, with nothing but a fixed amount of the document.
    """
    lines = with_reasons(notes.lines, changes.changes).filter(pl.col("credit_reason").is_not_null())
    reasons = lines.select("draft_index", "credit_reason").unique("draft_index", keep="first")
    return notes.invoices.join(reasons, on="draft_index", how="left", maintain_order="left")
