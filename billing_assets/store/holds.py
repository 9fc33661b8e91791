"""Holds in the store: setting and lifting them, which stand, and what waits in the outbox because of one.

Belongs here: rows of ``clock_hold``. Does not belong here: what a hold covers (``domain.holds``), what it
keeps from being billed (``frames.holds``).

Billing and the setting of holds take turns, so that a run knows each hold that was set before it was planned.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import Hold, HoldClock, HoldTerms, hold_texts, hold_unknown
from billing_assets.store.audit_log import record_act

_HOLDS = """
select hold_id, clocks, place_codes, product_codes, from_date, until_date, reason, set_by, set_at, lifted_at,
    lifted_by, lift_reason
from clock_hold
where company_id = :company and (lifted_at is null or not :standing)
order by hold_id
"""
_ADD = """
insert into clock_hold (company_id, clocks, place_codes, product_codes, from_date, until_date, reason, set_by,
    set_at)
values (:company, :clocks, :places, :products, :from, :until, :reason, :by, :at)
returning hold_id
"""
_LIFT = """
update clock_hold set lifted_at = :at, lifted_by = :by, lift_reason = :reason
where company_id = :company and hold_id = :hold and lifted_at is null
returning hold_id
"""
_UNKNOWN_PRODUCTS = """
select wanted.code from unnest(cast(:codes as text[])) as wanted (code)
where not exists (select from policy_term_version v
    where v.company_id = :company and v.product_code = wanted.code and v.superseded_batch_id is null)
"""

# A row of no table: what it would be, were it set.
_WAITING = """
with wanted as (
    select row(0, cast(:company as smallint), cast(:clocks as text[]), cast(:places as text[]),
        cast(:products as text[]), date '2000-01-01', null, '', '', now(), null, '', '')::clock_hold as hold
)
select count(*) from delivery v cross join wanted w
where v.company_id = :company and v.state = 'queued' and exists (
    select from document hd
    join invoice_line hl on hl.invoice_id = hd.invoice_id
    join policy_term_version ht on ht.policy_term_version_id = hl.policy_term_version_id
    where hd.document_id = v.document_id and is_held_by(w.hold, ht.place_code, ht.product_code))
"""

_STOPS_SENDING = """h.company_id = :company and h.lifted_at is null and 'send' = any(h.clocks)
    and cast(:today as date) between h.from_date and coalesce(h.until_date, 'infinity')"""

# The first half is asked once, so that nothing is looked up of each message where nothing is held.
NO_HOLD_STOPS = f"""(not exists (select from clock_hold h where {_STOPS_SENDING})
    or not exists (
        select from clock_hold h
        join document hd on hd.document_id = v.document_id
        join invoice_line hl on hl.invoice_id = hd.invoice_id
        join policy_term_version ht on ht.policy_term_version_id = hl.policy_term_version_id
        where {_STOPS_SENDING} and is_held_by(h, ht.place_code, ht.product_code)))"""  # noqa: S608 - constants
"""Condition of a delivery ``v`` that may leave on ``:today``; one held line of its document is enough."""

_SENDING_AGAIN = """h.company_id = :company and 'send' = any(h.clocks)
    and (h.lifted_at >= h.from_date or (h.lifted_at is null and h.until_date < cast(:today as date)))"""

# The last day of a hold ends where the company lives, at most a day after it ends in UTC.
HAS_WAITED = f"""(v.attempt_count = 0 and exists (select from clock_hold h where {_SENDING_AGAIN})
    and exists (
        select from clock_hold h
        join document hd on hd.document_id = v.document_id
        join invoice_line hl on hl.invoice_id = hd.invoice_id
        join policy_term_version ht on ht.policy_term_version_id = hl.policy_term_version_id
        where {_SENDING_AGAIN} and v.queued_at < least(h.lifted_at, h.until_date + 2)
            and is_held_by(h, ht.place_code, ht.product_code)))"""  # noqa: S608 - constants
"""Condition of a delivery ``v`` that a hold stopped which is over or lifted: it leaves with any deliveries.

Once only, as with what was held until a day: what was refused for now waits for those of its own date.
"""


def read_holds(connection: Connection, company_id: int, *, standing: bool = True) -> list[Hold]:
    """Return the holds of a company that stand, or all there ever were, oldest first."""
    values = {"company": company_id, "standing": standing}
    return [_hold(row) for row in connection.execute(text(_HOLDS), values)]


def holds_on(
    connection: Connection, company_id: int, clock: HoldClock, days: Iterable[date]
) -> tuple[Hold, ...]:
    """Return the holds that stop a clock on one of these days, oldest first."""
    asked = tuple(days)
    return tuple(hold for hold in read_holds(connection, company_id) if hold.stops(clock, asked))


def add_hold(
    connection: Connection, company_id: int, terms: HoldTerms, *, reason: str, by: str, at: datetime
) -> int:
    """Keep a hold and return its number; whoever calls has the lock of the company's runs.

    Raises ``hold_product_unknown`` for a product that no policy of the book has.
    """
    require_products(connection, company_id, terms.product_codes)
    values = {
        "company": company_id,
        "clocks": [clock.value for clock in terms.clocks],
        "places": list(terms.place_codes),
        "products": list(terms.product_codes),
        "from": terms.from_date,
        "until": terms.until_date,
        "reason": reason,
        "by": by,
        "at": at,
    }
    hold_id = int(connection.execute(text(_ADD), values).scalar_one())
    record_act(connection, _act(Act.SET_HOLD, hold_id, company_id, reason, by, hold_texts(terms)), at)
    return hold_id


def lift_hold(
    connection: Connection, company_id: int, hold_id: int, *, reason: str, by: str, at: datetime
) -> None:
    """End a hold that stands; raise ``hold_unknown`` where none does."""
    values = {"company": company_id, "hold": hold_id, "reason": reason, "by": by, "at": at}
    if connection.execute(text(_LIFT), values).rowcount != 1:
        raise hold_unknown(hold_id)
    record_act(connection, _act(Act.LIFT_HOLD, hold_id, company_id, reason, by, None), at)


def require_products(connection: Connection, company_id: int, codes: Sequence[str]) -> None:
    """Raise ``hold_product_unknown`` for a product that no policy of the book has."""
    values = {"company": company_id, "codes": list(codes)}
    unknown = connection.execute(text(_UNKNOWN_PRODUCTS), values).scalars().all()
    if unknown:
        raise BillingError(
            "hold_product_unknown",
            f"no policy of the book has the product '{unknown[0][:40]}'",
            "write products as the policy book does",
        )


def waiting_by(connection: Connection, company_id: int, terms: HoldTerms) -> int:
    """Return how many messages wait in the outbox now that a hold of these terms would be of."""
    values = {
        "company": company_id,
        "clocks": [clock.value for clock in terms.clocks],
        "places": list(terms.place_codes),
        "products": list(terms.product_codes),
    }
    return int(connection.execute(text(_WAITING), values).scalar_one())


def _act(
    act: Act, hold_id: int, company_id: int, reason: str, by: str, after: dict[str, str] | None
) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.HOLD,
        subject_id=str(hold_id),
        company_id=company_id,
        reason=reason,
        signed_by=by,
        after=after,
    )


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        terms=HoldTerms(
            clocks=tuple(HoldClock(clock) for clock in row.clocks),
            place_codes=tuple(row.place_codes),
            product_codes=tuple(row.product_codes),
            from_date=row.from_date,
            until_date=row.until_date,
        ),
        reason=row.reason,
        set_by=row.set_by,
        set_at=row.set_at,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lift_reason=row.lift_reason,
    )
