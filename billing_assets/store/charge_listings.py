"""Due charges as people see them: what became of each policy in a run.

Belongs here: read models of the outcomes of a run, by policy, limited, paged by key.
Does not belong here: counting them (``runs``), deciding them (``frames``).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.numbering import document_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFilter:
    """Which charges of a run; ``outcome`` and ``reason_code`` empty for all, after ``after`` in the order.

    ``after`` is (policy number, installment number) of the last row seen, None from the beginning.
    """

    run_id: int
    outcome: str = ""
    reason_code: str = ""
    policy_number: str = ""
    payer_key: str = ""
    after: tuple[str, int] | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRow:
    """A due charge of one policy with its outcome; installment 0 stands for the whole term.

    ``charge_code`` and ``charge_name`` are those of its charge line, empty where it is of the whole premium.
    ``payer_key`` is that of the payer whom it is billed to, the first of the term where it is not invoiced.
    ``line_of_business``, ``place_code`` and ``effective_date``, the first day of the term, are what it is
    taxed by. ``advice`` says more of a reason than its code does, where there is more to say.
    """

    policy_number: str
    payer_key: str
    installment_number: int
    charge_kind: str
    outcome: str
    reason_code: str
    period_from_date: date
    period_to_date: date
    due_date: date
    currency: str
    net_minor: int
    invoice_number: str
    line_of_business: str
    place_code: str
    effective_date: date
    charge_code: str = ""
    charge_name: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCharges:
    """How many charges of one run of a date ended ``outcome`` and were not billed since.

    ``is_lifted``: what held them is answered, and the run of a date after ``held_on_date`` bills them: the
    last date on which any of them was held or failed, because a date tells of a version of a term but once.
    ``is_under_hold``: a hold of the billing clock stopped them, and nobody has to look.
    """

    outcome: str
    charge_count: int
    run_id: int
    held_on_date: date
    is_lifted: bool = False
    is_under_hold: bool = False


# An installment stands as its last run left it: whole in one run, it may stand line by line in the next.
# Installment 0 stands for the whole term: it is answered as soon as any installment of the term is.
_STANDING = """
with found as (
    select d.*, max(d.run_id) over (partition by d.policy_term_id, d.installment_number, d.revision,
        d.charge_kind = 'premium_change') as last_run_id
    from due_charge d join billing_run r using (run_id)
    where r.company_id = :company and r.billing_date = :day and d.outcome in ('held', 'failed')
), last as (
    select * from found where run_id = last_run_id
)
select last.outcome, count(*), last.run_id, max(told.held_on_date),
    last.outcome = 'held' and last.reason_code = 'row_is_problem' and not exists (
        select from problem_hold h join problem q on q.problem_id = h.problem_id and q.is_open
        where h.company_id = v.company_id and h.policy_id = v.policy_id
            and h.policy_term_id = last.policy_term_id and h.released_batch_id is null) as is_lifted,
    last.outcome = 'held' and last.reason_code = 'billing_hold' as is_under_hold
from last join policy_term_version v using (policy_term_version_id)
cross join lateral (
    select max(b.billing_date) as held_on_date from due_charge e join billing_run b using (run_id)
    where e.company_id = v.company_id and e.policy_term_id = last.policy_term_id
        and e.installment_number = last.installment_number and e.outcome in ('held', 'failed')
) told
where v.superseded_batch_id is null and v.away_months = '{}' and not exists (
    select from due_charge z where z.policy_term_id = last.policy_term_id and z.run_id > last.run_id
        and (z.installment_number = last.installment_number or last.installment_number = 0)
        and z.outcome in ('invoiced', 'zero'))
group by last.outcome, last.run_id, is_lifted, is_under_hold
order by is_lifted, is_under_hold, last.outcome, last.run_id
"""

# A page ends with a whole installment, so that the next one begins below it.
_CHARGES = """
select * from (
    select p.policy_number, y.payer_key, d.installment_number, d.charge_kind, d.outcome,
        coalesce(d.reason_code, '') as reason_code, d.period_from_date, d.period_to_date, d.due_date,
        d.currency, d.net_minor, s.prefix, i.invoice_number, d.charge_number,
        coalesce(h.charge_code, '') as charge_code, coalesce(h.charge_name, '') as charge_name,
        coalesce(h.line_of_business, v.line_of_business) as line_of_business, v.place_code, v.effective_date
    from due_charge d join policy_term t using (policy_term_id) join policy p using (policy_id)
    join policy_term_version v using (policy_term_version_id)
    join payer y on y.payer_id = d.payer_id
    left join invoice i using (invoice_id) left join number_series s using (number_series_id)
    left join policy_term_charge h on h.policy_term_version_id = d.policy_term_version_id
        and h.charge_number = d.charge_number
    where d.company_id = :company and d.run_id = :run
        and (:outcome = '' or d.outcome = :outcome) and (:reason = '' or d.reason_code = :reason)
        and (:policy = '' or p.policy_number = :policy) and (:payer = '' or y.payer_key = :payer)
        and (cast(:after_policy as text) is null
            or (p.policy_number, d.installment_number) > (:after_policy, cast(:after_number as integer)))
    order by p.policy_number, d.installment_number fetch first :limit rows with ties
) page
order by policy_number, installment_number, charge_kind <> 'premium', charge_number, invoice_number
"""


def list_charges(connection: Connection, company_id: int, wanted: ChargeFilter) -> list[ChargeRow]:
    """Return the wanted charges, by policy number and installment."""
    after_policy, after_number = wanted.after or (None, None)
    values = {
        "company": company_id,
        "run": wanted.run_id,
        "outcome": wanted.outcome,
        "reason": wanted.reason_code,
        "policy": wanted.policy_number,
        "payer": wanted.payer_key,
        "after_policy": after_policy,
        "after_number": after_number,
        "limit": wanted.limit,
    }
    return [
        ChargeRow(
            policy_number=row.policy_number,
            payer_key=row.payer_key,
            installment_number=row.installment_number,
            charge_kind=row.charge_kind,
            line_of_business=row.line_of_business,
            place_code=row.place_code,
            effective_date=row.effective_date,
            charge_code=row.charge_code,
            charge_name=row.charge_name,
            outcome=row.outcome,
            reason_code=row.reason_code,
            period_from_date=row.period_from_date,
            period_to_date=row.period_to_date,
            due_date=row.due_date,
            currency=row.currency,
            net_minor=row.net_minor,
            invoice_number="" if row.prefix is None else document_number(row.prefix, row.invoice_number),
        )
        for row in connection.execute(text(_CHARGES), values)
    ]


def standing_charges(connection: Connection, company_id: int, billing_date: date) -> list[StandingCharges]:
    """Return the held and failed charges of a date that are not billed yet, by the run that lists them.

    A charge stands no more once it was billed, on that date or a later one, or once the book changed its
    term: then a run says anew what becomes of it.
    """
    rows = connection.execute(text(_STANDING), {"company": company_id, "day": billing_date})
    names = ("outcome", "charge_count", "run_id", "held_on_date", "is_lifted", "is_under_hold")
    return [StandingCharges(**dict(zip(names, row, strict=True))) for row in rows]
