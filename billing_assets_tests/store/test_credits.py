"""The store itself refuses to give back more than was charged, whoever writes at the same time."""

import threading
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.credits import SqlCreditStore
from billing_assets_tests.books import AT, billing_over, fill_book

FEBRUARY = date(2024, 2, 1)
# A line that credits line 1 of the first invoice, straight into the table.
_CREDIT = """
insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, policy_term_version_id,
    payer_id, charge_kind, installment_number, installment_count, revision, period_from_date, period_to_date,
    net_minor, tax_minor, payment_plan_id, credited_invoice_id, credited_line_number)
select :id, 1, {company}, policy_term_id, policy_term_version_id, {payer}, charge_kind, installment_number,
    installment_count, revision, period_from_date, period_to_date, :net, {tax}, payment_plan_id, {credited},
    {line}
from invoice_line where invoice_id = 1
"""
ORIGINAL = {"company": "company_id", "payer": "payer_id", "tax": "0", "credited": "1", "line": "1"}


def prepare(database: Database, home: Path) -> None:
    """Bill two policies."""
    fill_book(database, 2)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))


@pytest.fixture
def billed(database: Database) -> Database:
    return database


def give_back(connection: Connection, number: int, net: int, **values: str) -> None:
    statement = _CREDIT.format(**{**ORIGINAL, **values})
    connection.execute(text(statement), {"id": number, "net": net})


def left(database: Database) -> int:
    query = "select net_minor from invoice_line where invoice_id = 1"
    with database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


@pytest.mark.parametrize(
    ("net", "values"),
    [
        (1_000_000, {}),
        (-1, {}),
        (1, {"tax": "1000000"}),
        (1, {"payer": "2"}),
        (1, {"company": "2"}),
        (1, {"line": "7"}),
        (1, {"credited": "777"}),
    ],
)
def test_a_line_that_credits_what_it_may_not_is_refused(
    billed: Database, net: int, values: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError), billed.transaction() as connection:
        give_back(connection, 900, net, **values)


def test_a_credit_of_a_credit_is_refused(billed: Database) -> None:
    with billed.transaction() as connection:
        give_back(connection, 900, 1)
    with (
        pytest.raises(IntegrityError, match="a credit is of a line that was charged"),
        billed.transaction() as connection,
    ):
        give_back(connection, 901, 1, credited="900")


def test_an_original_line_is_billed_once_and_credited_often(billed: Database) -> None:
    with billed.transaction() as connection:
        for number in range(900, 905):
            give_back(connection, number, 1)
    with pytest.raises(IntegrityError, match="invoice_line_billed_once"), billed.transaction() as connection:
        give_back(connection, 950, 1, credited="null", line="null")


def test_two_transactions_at_once_wait_for_each_other_and_never_exceed_the_line(billed: Database) -> None:
    """The second has read before the first commits: under READ COMMITTED a sum alone would let both pass."""
    whole = left(billed)
    begun, faults = threading.Event(), []

    def second() -> None:
        try:
            with billed.transaction() as connection:
                connection.execute(text("select count(*) from invoice_line"))
                begun.set()
                give_back(connection, 901, whole)
        except IntegrityError as error:
            faults.append(str(error))

    thread = threading.Thread(target=second)
    with billed.transaction() as connection:
        give_back(connection, 900, whole)
        thread.start()
        assert begun.wait(30)
        thread.join(0.5)
        assert thread.is_alive(), "the second credit did not wait for the first"
    thread.join(30)
    assert len(faults) == 1
    assert "more would be credited of line 1 of invoice 1 than was charged" in faults[0]


def test_a_line_that_was_credited_meanwhile_is_said_in_words(billed: Database) -> None:
    store, whole = SqlCreditStore(billed, lambda: AT), left(billed)
    with billed.transaction() as connection:
        give_back(connection, 900, whole)
    with pytest.raises(BillingError, match="credited_meanwhile"), store.correction(1) as work:
        give_back(work.connection, 901, 1)


def test_an_invoice_is_read_with_what_was_given_back_of_it(billed: Database) -> None:
    with billed.transaction() as connection:
        give_back(connection, 900, 70)
    with SqlCreditStore(billed, lambda: AT).correction(1) as work:
        book = work.read_book(["INV-00000001", "INV-00000002", "INV-00000001"])
    assert book.lines["credited_net_minor"].to_list() == [70, 0]
    assert book.lines["original_number"].to_list() == ["INV-00000001", "INV-00000002"]
    taxes = book.taxes.group_by("original_invoice_id").agg(pl.col("charged_rule_id").n_unique())
    assert taxes["charged_rule_id"].to_list() == [2, 2]


@pytest.mark.parametrize(("number", "code"), [("INV-00000099", "invoice_unknown"), ("x", "number_malformed")])
def test_what_is_no_invoice_is_refused(billed: Database, number: str, code: str) -> None:
    with pytest.raises(BillingError, match=code), SqlCreditStore(billed, lambda: AT).correction(1) as work:
        work.read_book([number])
