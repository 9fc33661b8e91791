"""Billing runs: one open run per company and billing date, and what became of every charge that was due.

Belongs here: states, outcomes and their reasons. Does not belong here: the work (``steps``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.backdating import UNASKED, Backdating
from billing_assets.domain.holds import BILLING_HOLD
from billing_assets.domain.selections import EVERYTHING, Selection


class RunState(StrEnum):
    """``planned``: charges are counted; ``running``: shards are being committed; ``finalised``: complete.

    ``held``: a planned run that exceeds a safety bound and waits for approval; ``rejected``: a planned run
    that somebody has dropped, so that its date is planned anew.
    """

    PLANNED = "planned"
    HELD = "held"
    RUNNING = "running"
    FINALISED = "finalised"
    REJECTED = "rejected"


class CatchUp(StrEnum):
    """How a run bills what was missed: an invoice for each due date, or one for each policy term."""

    PER_PERIOD = "per_period"
    ONE_INVOICE = "one_invoice"


class RunKind(StrEnum):
    """``billing`` bills what a date has due; ``correction`` issues credit notes that somebody asked for.

    ``on_demand`` bills single policies that somebody asked for, each up to a date of its own.
    """

    BILLING = "billing"
    CORRECTION = "correction"
    ON_DEMAND = "on_demand"


class Outcome(StrEnum):
    """What became of a due charge: exactly one of these; ``credited`` gives back, by a credit note."""

    INVOICED = "invoiced"
    ZERO = "zero"
    HELD = "held"
    FAILED = "failed"
    CREDITED = "credited"

    @property
    def has_document(self) -> bool:
        """Whether a numbered document stands for it; every other outcome has a reason instead.

        >>> [outcome.value for outcome in Outcome if outcome.has_document]
        ['invoiced', 'credited']
        """
        return self in {Outcome.INVOICED, Outcome.CREDITED}


NO_TAX_RULE = "no_tax_rule"
"""Why the charges of an invoice failed on one of which no tax row falls."""

OUTCOME_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no_cover": "cover ended before it began: no day of the term is covered",
        "zero_premium": "the premium of the term is zero",
        "rounds_to_zero": "the part of the premium that falls on the covered days is below one minor unit",
        "changed_after_billing": (
            "the book changed a term that was already billed: a person decides what is owed"
        ),
        "row_is_problem": (
            "a row of a book, or of a file of changes, that speaks of the term was refused: correct it, or "
            "close the problem to bill on as before"
        ),
        "billed_under_another_term": (
            "the term begins inside a period that was billed under an earlier term of the policy: a person "
            "decides what is owed"
        ),
        NO_TAX_RULE: (
            "no tax rule covers the place, line of business and tax point of a charge of the invoice: add a "
            "dated row; 'billing runs charges' names the charge"
        ),
        "no_plan_row": "no row of the payment plan is valid on the first day of the term: add a dated row",
        "plan_currency_differs": (
            "the plan has an amount in another currency than the term's: choose another plan, or add one for "
            "the currency"
        ),
        "cancelled": "the term is cancelled: what is owed of it is billed or given back by itself",
        "nothing_left": "the changes of the term leave nothing of it to bill",
        "billed_elsewhere": (
            "more is to be given back than was billed here; the rest was billed before the cut-over: a "
            "person decides"
        ),
        "cover_differs_from_changes": (
            "the book ends cover on another day than the changes of the term do: a person decides which is "
            "right"
        ),
        "price_contains_tax": (
            "the term has changes, and its price contains tax: a person bills or credits the difference"
        ),
        "several_charges": (
            "the term has changes and several charge lines, and a change does not say which of them it is "
            "of: a person bills or credits the difference"
        ),
        BILLING_HOLD: (
            "a hold stops billing for the place and product of the policy: the first run after it bills this"
        ),
        "amount_out_of_range": "the amount is beyond any credible charge",
    }
)
"""``reason_code`` -> words. Every outcome without a document has one.

>>> "no_cover" in OUTCOME_REASONS
True
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What a run is asked to do; it holds every date, so that a replay makes the same bytes.

    ``billing_date`` is the as-of date; ``issuing_date`` is the date the documents are to carry, moved forward
    where the number series is already later. ``backdating`` says why it is a past one, where that was to be
    approved. ``catch_up`` None: as the date's run was planned, or per period; one that has begun goes on as
    it began. ``selection``: which policies it bills; the run of the date bills the rest of them.
    ``template_name``: its documents are printed by the company's templates of that name; empty: as the date's
    run was planned, else by those without a name.
    """

    company_code: str
    billing_date: date
    issuing_date: date
    backdating: Backdating = UNASKED
    catch_up: CatchUp | None = None
    selection: Selection = EVERYTHING
    template_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """Control total of one outcome in one currency, in minor units."""

    outcome: Outcome
    currency: str
    charge_count: int
    net_minor: int
