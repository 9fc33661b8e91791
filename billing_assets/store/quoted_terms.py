"""A policy term with what was billed of it, for a quote.

Belongs here: one read model. Does not belong here: what a cancellation comes to (``frames.earned_premium``).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_changes import TermChange
from billing_assets.domain.term_days import TermDayCount, TermDays
from billing_assets.store.away_months import require_terms_here
from billing_assets.store.policy_changes import read_changes
from billing_assets.store.standing_lines import standing

_TERM = f"""
select p.policy_number, v.effective_date, v.expiration_date, v.cover_to_date, v.cut_over_date, v.currency,
    v.premium_minor, v.plan_code, coalesce((
        select n.day_count from payment_plan n
        where n.plan_code = v.plan_code and n.valid_from <= v.effective_date
            and (n.valid_to is null or v.effective_date < n.valid_to)
        order by n.valid_from desc limit 1), 'actual_term') as day_count, coalesce((
        select sum(l.net_minor + l.contained_tax_minor - coalesce((
            select sum(c.net_minor + c.contained_tax_minor) from invoice_line c
            where c.credited_invoice_id = l.invoice_id
                and c.credited_line_number = l.line_number), 0))::bigint
        from invoice_line l
        where l.policy_term_id = v.policy_term_id and l.charge_kind in ('premium', 'premium_change')
            and l.credited_invoice_id is null), 0) as billed_net_minor,
    (select count(*) from invoice_line l
        where l.policy_term_id = v.policy_term_id and l.charge_kind in ('premium', 'premium_change')
            and l.credited_invoice_id is null and {standing("l")}) as billed_line_count, v.charge_count,
    v.payer_count,
    v.policy_term_id
from policy p join policy_term_version v using (policy_id, company_id)
where p.company_id = :company and p.policy_number = :policy and v.superseded_batch_id is null
    and v.effective_date <= :day and :day <= v.expiration_date
order by v.effective_date desc limit 1
"""  # noqa: S608 - constants
_TERMS = """
select v.effective_date, v.expiration_date
from policy p join policy_term_version v using (policy_id, company_id)
where p.company_id = :company and p.policy_number = :policy and v.superseded_batch_id is null
order by v.effective_date
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedTerm:
    """A term as the book has it now, and the premium of it that invoices of this store carry, without tax.

    What credit notes gave back is taken off. ``changes`` are those of the term that were imported. Where the
    price contains its tax, the premium and what was billed of it are prices.

    Installments that were due before ``cut_over_date`` were billed elsewhere. ``day_count`` is that of the
    plan; of a plan without a row for the term calendar days count. ``charge_count`` is how many charge lines
    the premium is made of, 0 where it is one charge; ``payer_count`` is how many payers there are, 0 for one.
    """

    policy_number: str
    effective_date: date
    expiration_date: date
    cover_to_date: date | None
    cut_over_date: date
    currency: str
    premium_minor: int
    plan_code: str
    day_count: TermDayCount
    billed_net_minor: int
    billed_line_count: int
    charge_count: int = 0
    payer_count: int = 0
    changes: tuple[TermChange, ...] = ()

    @property
    def days(self) -> TermDays:
        """The days of the term, as its plan counts them."""
        return TermDays(self.day_count, self.effective_date, self.expiration_date)


def read_quoted_term(connection: Connection, company_id: int, policy_number: str, day: date) -> QuotedTerm:
    """Return the term of a policy in which a day lies; of two that meet on it, the one that begins.

    Raises:
        BillingError: ``policy_unknown``; ``term_unknown``, naming the terms that there are; ``month_away``
            where the term is closed and invoices of it are detached.
    """
    values = {"company": company_id, "policy": policy_number, "day": day}
    row = connection.execute(text(_TERM), values).mappings().first()
    if row is not None:
        require_terms_here(connection, [row["policy_term_id"]], f"the quote of policy {policy_number[:60]}")
        of_term = {name: value for name, value in row.items() if name != "policy_term_id"}
        return QuotedTerm(
            **of_term | {"day_count": TermDayCount(row["day_count"])},
            changes=tuple(read_changes(connection, company_id, [row["policy_term_id"]])),
        )
    terms = connection.execute(text(_TERMS), values).all()
    if not terms:
        raise BillingError(
            "policy_unknown",
            f"there is no policy '{policy_number[:60]}'",
            "write it as the policy book does; 'billing invoices list' shows policies that were billed",
        )
    spans = ", ".join(f"{first} to {last}" for first, last in terms)
    raise BillingError(
        "term_unknown",
        f"policy {policy_number} has no term on {day}; it has {spans}",
        "name a day inside one of them",
    )
