"""An outage is told from a mistake, and no error quotes anybody's data."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.outages import OUTAGE_CODES, is_outage, safe_summary


@pytest.mark.parametrize("code", sorted(OUTAGE_CODES))
def test_what_is_away_may_come_back(code: str) -> None:
    assert is_outage(BillingError(code, "found", "do"))


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError()])
def test_a_lost_connection_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error", [BillingError("audit_failed", "found", "do"), ValueError("x"), KeyError("x")]
)
def test_a_mistake_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)


def test_a_server_that_is_not_there_is_an_outage() -> None:
    engine = create_engine("postgresql+psycopg://postgres@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError) as refused:
        engine.connect()
    assert is_outage(refused.value)


def test_a_database_error_is_named_without_statement_or_values() -> None:
    class Diagnosis:
        table_name, column_name, constraint_name = "payer", None, "payer_key_unique"

    class OriginalError(Exception):
        sqlstate, diag = "23505", Diagnosis

    error = DBAPIError(
        "insert into payer values (:name)", {"name": "Ana Fictional"}, OriginalError("(Ana Fictional)")
    )
    assert safe_summary(error) == "OriginalError (23505) payer payer_key_unique"
