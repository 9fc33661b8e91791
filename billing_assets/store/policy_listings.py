"""One policy as other systems ask for it: its terms as the book has them now, and what was invoiced of it.

Belongs here: the read model. Does not belong here: writing the book (``policies``), invoices themselves
(``invoice_listings``).

It holds no name and no address, only the key of the payer.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRow:
    """A term as the book has it now, half-open; ``hold_code`` is empty where nothing holds it.

    ``cover_to_date`` is the first day without cover where cover ended early.
    """

    effective_date: date
    expiration_date: date
    cover_to_date: date | None
    payer_key: str
    product_code: str
    line_of_business: str
    place_code: str
    plan_code: str
    currency: str
    premium_minor: int
    hold_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedSum:
    """What was invoiced of a policy in one currency, given back, and the difference; with tax."""

    currency: str
    invoiced_minor: int
    credited_minor: int

    @property
    def balance_minor(self) -> int:
        """What was invoiced and not given back."""
        return self.invoiced_minor - self.credited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDetail:
    """A policy with its terms, oldest first, and its sums by currency.

    ``has_months_away``: invoices of detached months are not in the sums.
    """

    policy_number: str
    terms: tuple[TermRow, ...]
    sums: tuple[InvoicedSum, ...]
    has_months_away: bool


_POLICY = "select policy_id from policy where company_id = :company and policy_number = :number"
_TERMS = """
select v.effective_date, v.expiration_date, v.cover_to_date, y.payer_key, v.product_code, v.line_of_business,
    v.place_code, v.plan_code, v.currency, v.premium_minor, coalesce(v.hold_code, '') as hold_code,
    v.away_months <> '{}' as is_away
from policy_term_version v join payer y using (payer_id)
where v.company_id = :company and v.policy_id = :policy and v.superseded_batch_id is null
order by v.effective_date
"""
# The key of lines that were charged leads with the term; lines of credit notes are found by what they credit.
_SUMS = """
with charged as materialized (
    select l.invoice_id, l.policy_term_id, l.net_minor + l.tax_minor as amount_minor
    from policy_term t join invoice_line l using (policy_term_id)
    where t.policy_id = :policy and l.credited_invoice_id is null
), credited as (
    select l.invoice_id, l.net_minor + l.tax_minor as amount_minor
    from (select distinct invoice_id, policy_term_id from charged) c
    join invoice_line l on l.credited_invoice_id = c.invoice_id and l.policy_term_id = c.policy_term_id
)
select i.currency, sum(a.invoiced) as invoiced, sum(a.credited) as credited
from (select invoice_id, amount_minor as invoiced, 0 as credited from charged
    union all select invoice_id, 0, amount_minor from credited) a
join invoice i using (invoice_id)
where i.company_id = :company group by i.currency order by i.currency
"""


def show_policy(connection: Connection, company_id: int, policy_number: str) -> PolicyDetail:
    """Return a policy by its number, or raise ``policy_unknown``."""
    values: dict[str, object] = {"company": company_id, "number": policy_number}
    policy_id = connection.execute(text(_POLICY), values).scalar_one_or_none()
    if policy_id is None:
        raise BillingError(
            "policy_unknown",
            "the book has no policy with that number",
            "'billing invoices list --policy NUMBER' shows what was billed; an event that waits is no policy",
        )
    values["policy"] = policy_id
    rows = connection.execute(text(_TERMS), values).all()
    terms = tuple(TermRow(**{name: getattr(row, name) for name in TermRow.__slots__}) for row in rows)
    sums = tuple(
        InvoicedSum(
            currency=row.currency,
            invoiced_minor=int(row.invoiced or 0),
            credited_minor=int(row.credited or 0),
        )
        for row in connection.execute(text(_SUMS), values)
    )
    return PolicyDetail(
        policy_number=policy_number,
        terms=terms,
        sums=sums,
        has_months_away=any(row.is_away for row in rows),
    )
