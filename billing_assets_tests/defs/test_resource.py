"""The resource opens the program, and says what a failure means without quoting anybody's data."""

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.defs.resource import BILLING, OUTAGE_RETRIES, BillingResource
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database


def test_it_opens_the_program_over_the_store_of_the_environment(store: Database) -> None:
    with BillingResource() as resource, resource.open() as billing:
        assert billing.company_code() == "alondra"


def test_the_steps_of_a_run_share_one_program(store: Database) -> None:
    with BillingResource() as resource:
        with resource.open() as first:
            pass
        with resource.open() as second:
            assert second is first
    with BillingResource() as another, another.open() as third:
        assert third is not first


def test_after_a_failure_the_program_is_opened_anew(store: Database) -> None:
    with BillingResource() as resource:
        with pytest.raises(dg.RetryRequested), resource.open() as lost:
            raise ConnectionError
        with resource.open() as found:
            assert found is not lost
            assert found.company_code() == "alondra"


def test_dates_are_counted_in_the_zone_of_the_company_or_nothing_is_billed(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_TIME_ZONE", "Pacific/Auckland")
    with pytest.raises(dg.Failure) as failure, BillingResource().open():
        pytest.fail("it opened")
    assert failure.value.metadata["code"].value == "time_zone_differs"
    assert "set BILLING_TIME_ZONE=Europe/Madrid" in str(failure.value.description)


def test_it_takes_no_configuration() -> None:
    assert BILLING.config_schema.config_type is None or not BILLING.config_schema.is_required


def test_a_store_that_does_not_answer_is_tried_again(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:1/nothing")
    with pytest.raises(dg.RetryRequested) as waiting, BillingResource() as resource, resource.open():
        pass
    assert waiting.value.max_retries == OUTAGE_RETRIES


def test_a_mistake_fails_at_once_with_code_and_advice(store: Database) -> None:
    with pytest.raises(dg.Failure) as failure, BillingResource() as resource, resource.open():
        raise BillingError("company_unclear", "there are 2 companies", "set BILLING_COMPANY")
    assert failure.value.allow_retries is False
    assert failure.value.metadata["code"].value == "company_unclear"
    assert "set BILLING_COMPANY" in str(failure.value.description)


def test_a_database_error_does_not_quote_values(store: Database) -> None:
    question = text("select cast(:name as integer)")
    with (
        pytest.raises(dg.Failure) as failure,
        BillingResource() as resource,
        resource.open() as billing,
        billing.database.transaction() as connection,
    ):
        connection.execute(question, {"name": "Ana Fictional"})
    assert "Fictional" not in str(failure.value.description)
    assert "22P02" in str(failure.value.description)
    assert failure.value.__suppress_context__
