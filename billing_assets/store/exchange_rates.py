"""Exchange rates in the store: dated rows of a company, only ever added to.

Belongs here: keeping rates, and which one holds on a day. Does not belong here: conversion
(``domain.exchange_rates``).

A correction is a row beside the first: the newest row of a day counts, and a report that used an earlier one
names it by its id. Where a company comes to declare another base currency, the rows for one unit of the
former one stay and are not used any more.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import ExchangeRate, oldest_good_date
from billing_assets.steps.rate_ports import KeptRates
from billing_assets.steps.run_ports import Clock
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in
from billing_assets.store.locks import LockSpace, hold_in_transaction

_COLUMNS = "base_currency, currency, rate_date, rate_e10, source, exchange_rate_id"
_NEWEST = f"""
select distinct on (currency, rate_date) {_COLUMNS}
from exchange_rate
where company_id = :company and base_currency = :base and rate_date between :first and :last
order by currency, rate_date, exchange_rate_id desc
"""  # noqa: S608 - constants
_ON = f"""
select distinct on (currency) {_COLUMNS}
from exchange_rate
where company_id = :company and base_currency = :base and rate_date between :first and :last
order by currency, rate_date desc, exchange_rate_id desc
"""  # noqa: S608 - constants
_BASE = """
select coalesce(
    (select nullif(content::jsonb ->> 'rate_base_currency', '') from company_version
    where company_id = :company order by company_version_id desc limit 1),
    (select base_currency from exchange_rate
    where company_id = :company order by exchange_rate_id desc limit 1))
"""
_LIST = f"""
select {_COLUMNS}, recorded_by, recorded_at
from exchange_rate
where company_id = :company and (:currency = '' or currency = :currency)
    and (cast(:day as date) is null or rate_date = :day)
    and (cast(:before as bigint) is null or exchange_rate_id < :before)
order by exchange_rate_id desc limit :limit
"""  # noqa: S608 - constants


class SqlRateStore:
    """The rates of one company."""

    def __init__(self, database: Database, company_id: int, clock: Clock) -> None:
        """Keep rates of ``company_id`` in ``database``."""
        self.database, self.company_id, self.clock = database, company_id, clock

    def keep(self, rates: Sequence[ExchangeRate], recorded_by: str) -> KeptRates:
        """Append what is new or differs, in one transaction; see :func:`keep_rates`."""
        with self.database.transaction() as connection:
            return keep_rates(connection, self.company_id, rates, recorded_by, self.clock())


def keep_rates(
    connection: Connection,
    company_id: int,
    rates: Sequence[ExchangeRate],
    recorded_by: str,
    recorded_at: datetime,
) -> KeptRates:
    """Append the rates that are not there yet, or were others; raise ``rate_base_differs``.

    The rates of a company are for one unit of one base, so that any two of a day give a third: of the
    currency that its settings declare, or else that of the newest rate there is.
    """
    # Two imports at once would each find the other's rows missing.
    hold_in_transaction(connection, LockSpace.RATES, company_id)
    base = _checked_base(connection, company_id, rates)
    days = [rate.rate_date for rate in rates]
    span = {"company": company_id, "base": base, "first": min(days), "last": max(days)}
    known = {(row.currency, row.rate_date): row.rate_e10 for row in connection.execute(text(_NEWEST), span)}
    fresh = [rate for rate in rates if known.get((rate.currency, rate.rate_date)) != rate.rate_e10]
    corrected = sum((rate.currency, rate.rate_date) in known for rate in fresh)
    rows = pl.DataFrame(
        [
            {
                "company_id": company_id,
                "base_currency": rate.base_currency,
                "currency": rate.currency,
                "rate_date": rate.rate_date,
                "rate_e10": rate.rate_e10,
                "source": rate.source,
                "recorded_by": recorded_by,
                "recorded_at": recorded_at.isoformat(),
            }
            for rate in fresh
        ]
    )
    if fresh:
        copy_in(connection, "exchange_rate", rows)
        record_act(connection, _act(company_id, base, fresh, recorded_by), recorded_at)
    return KeptRates(
        new_count=len(fresh) - corrected, corrected_count=corrected, unchanged_count=len(rates) - len(fresh)
    )


def _act(company_id: int, base: str, fresh: Sequence[ExchangeRate], recorded_by: str) -> AuditAct:
    days = [rate.rate_date for rate in fresh]
    return AuditAct(
        act=Act.RECORD_RATES,
        subject=Subject.RATES,
        subject_id=base,
        company_id=company_id,
        reason=", ".join(sorted({rate.source for rate in fresh})),
        signed_by=recorded_by,
        after={"rate_count": len(fresh), "first_date": str(min(days)), "last_date": str(max(days))},
    )


def rates_on(connection: Connection, company_id: int, day: date) -> dict[str, ExchangeRate]:
    """Return currency -> the rate that holds on ``day``: the last one up to it, unless that is too old."""
    base = _base(connection, company_id)
    values = {"company": company_id, "base": base, "first": oldest_good_date(day), "last": day}
    found = [_rate(row) for row in connection.execute(text(_ON), values)]
    return {rate.currency: rate for rate in found}


def list_rates(
    connection: Connection,
    company_id: int,
    *,
    currency: str = "",
    day: date | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[tuple[ExchangeRate, str, datetime]]:
    """Return rates, newest row first, each with who recorded it and when."""
    values = {"company": company_id, "currency": currency, "day": day, "before": before_id, "limit": limit}
    return [(_rate(row), row.recorded_by, row.recorded_at) for row in connection.execute(text(_LIST), values)]


def _base(connection: Connection, company_id: int) -> str | None:
    """Return the currency of which rates are for one unit: as the company declares, or of its newest rate."""
    base: str | None = connection.execute(text(_BASE), {"company": company_id}).scalar_one()
    return base


def _checked_base(connection: Connection, company_id: int, rates: Sequence[ExchangeRate]) -> str:
    base = _base(connection, company_id) or rates[0].base_currency
    others = sorted({rate.base_currency for rate in rates} - {base})
    if others:
        raise BillingError(
            "rate_base_differs",
            f"rates for one {base} and for one {others[0]} cannot be kept side by side",
            "give every rate for one unit of the same currency; where the rates that are there have the "
            "wrong one, declare the right one in the company's setting 'rate_base_currency'",
        )
    return base


def _rate(row: Row[Any]) -> ExchangeRate:
    return ExchangeRate(
        base_currency=row.base_currency,
        currency=row.currency,
        rate_date=row.rate_date,
        rate_e10=row.rate_e10,
        source=row.source,
        exchange_rate_id=row.exchange_rate_id,
    )
