"""What lies in months that are detached, for whoever asks for it.

Belongs here: the errors for documents, dates and terms that are away, and which months hold a term.
Does not belong here: detaching and attaching (``detached_months``), sums of what is away (the views of the
schema, where they are needed).
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.detached_months import month_away

_NUMBER = """
select n.month from away_number n join number_series s using (number_series_id)
where n.company_id = :company and s.prefix = :prefix and :number between n.first_number and n.last_number
"""
_DATE = """
select month from detached_month
where company_id = :company and attached_at is null and :day >= month
    and :day < month + interval '1 month'
"""
_TERMS = """
select distinct unnest(away_months) from policy_term_version
where policy_term_id = any(:terms) and away_months <> '{}' order by 1
"""


def months_of_number(connection: Connection, company_id: int, prefix: str, number: int) -> list[date]:
    """Return the month that is away with the document of that number; none where none is."""
    values = {"company": company_id, "prefix": prefix, "number": number}
    return list(connection.execute(text(_NUMBER), values).scalars())


def months_of_terms(connection: Connection, policy_term_ids: Sequence[int]) -> list[date]:
    """Return the months that are away with invoices of these terms, in order."""
    return list(connection.execute(text(_TERMS), {"terms": list(policy_term_ids)}).scalars())


def require_date_here(connection: Connection, company_id: int, billing_date: date) -> None:
    """Raise ``month_away`` where the month of a billing date is detached: nothing may be added to it."""
    values = {"company": company_id, "day": billing_date}
    months = list(connection.execute(text(_DATE), values).scalars())
    if months:
        raise month_away(f"billing date {billing_date} lies", months)


def require_terms_here(connection: Connection, policy_term_ids: Sequence[int], what: str) -> None:
    """Raise ``month_away``, of ``what``, where invoices of one of the terms are in a detached month."""
    months = months_of_terms(connection, policy_term_ids)
    if months:
        raise month_away(f"{what} rests on invoices", months)
