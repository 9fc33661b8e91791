"""Numbers of documents in the store: blocks drawn from the locked counter of a series.

Belongs here: drawing a block, and keeping that it was drawn.
Does not belong here: how a number is printed (``domain.numbering``), the documents (``invoices``), that each
number of a block became one (``checks.number_blocks``).
"""

from datetime import date

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.steps.issue_ports import NumberBlock

_MAKE_SERIES = """
insert into number_series (company_id, document_kind, prefix) values (:company, :kind, :prefix)
on conflict do nothing
"""
_DRAW = """
update number_series set last_number = last_number + :count,
    last_issue_date = greatest(last_issue_date, cast(:day as date))
where company_id = :company and document_kind = :kind and prefix = :prefix
returning number_series_id, last_number - :count + 1 as first_number, last_number, last_issue_date
"""
# A statement of its own: the one that waited for the counter does not see the block it waited for.
_KEEP = """
insert into number_block (number_series_id, first_number, last_number, issue_date, previous_issue_date)
values (:series, :first, :last, :issue_date, (
    select issue_date from number_block where number_series_id = :series and last_number = :first - 1))
"""


def draw_numbers(
    connection: Connection, company_id: int, count: int, document_kind: str, prefix: str, issuing_date: date
) -> NumberBlock:
    """Lock the series' row until the transaction ends and return its next ``count`` numbers.

    ``count`` is at least 1. The series is made where it is not there. The block is dated ``issuing_date``, or
    as the one before it where that is later. A constraint of the store refuses a block that does not begin
    where the one before it ended.

    Raises:
        BillingError: ``numbers_broken`` where the counter does not stand at the end of the last block.
    """
    series = {"company": company_id, "kind": document_kind, "prefix": prefix}
    connection.execute(text(_MAKE_SERIES), series)
    drawn = connection.execute(text(_DRAW), {**series, "count": count, "day": issuing_date}).one()
    block = {
        "series": drawn.number_series_id,
        "first": drawn.first_number,
        "last": drawn.last_number,
        "issue_date": drawn.last_issue_date,
    }
    try:
        connection.execute(text(_KEEP), block)
    except IntegrityError as error:
        raise _numbers_broken(prefix, drawn.first_number) from error
    return NumberBlock(
        number_series_id=drawn.number_series_id,
        prefix=prefix,
        first_number=drawn.first_number,
        issue_date=drawn.last_issue_date,
    )


def _numbers_broken(prefix: str, first_number: int) -> BillingError:
    return BillingError(
        "numbers_broken",
        f"series {prefix}: its counter gives {first_number}, which is not the number after its last block",
        "nothing was numbered; somebody changed the counter: 'billing audit' names the series",
    )
