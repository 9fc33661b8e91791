"""A sound store passes every check; each planted violation is found and named by its own check.

Where a violation of one invariant cannot help breaking another, the others are listed beside it.
"""

import re
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from sqlalchemy import Engine, text

from billing_assets.domain.checks import CHECKS
from billing_assets.domain.deliveries import message_id
from billing_assets.domain.errors import BillingError
from billing_assets.store.checks import EXAMPLE_COUNT, QUERIES, asked_query, run_checks
from billing_assets_tests.store.checks.change_plants import CHANGE_PLANTS
from billing_assets_tests.store.checks.conftest import APRIL, AT, FEBRUARY, MARCH, TERM_COUNT, broken, planted
from billing_assets_tests.store.checks.credit_plants import CREDIT_PLANTS
from billing_assets_tests.store.checks.plants import ANY_LINE_OF, PLANTS
from billing_assets_tests.store.checks.test_audit_log import AUDIT_PLANTS
from billing_assets_tests.store.checks.test_cash_rounding import CASH_PLANTS
from billing_assets_tests.store.checks.test_certificates import CERTIFICATE_PLANTS
from billing_assets_tests.store.checks.test_charge_lines import CHARGE_PLANTS
from billing_assets_tests.store.checks.test_ledger import LEDGER_PLANTS
from billing_assets_tests.store.checks.test_payer_shares import PAYER_PLANTS
from billing_assets_tests.store.checks.test_payments import PAYMENT_PLANTS


def test_every_check_has_its_query_and_every_query_its_check() -> None:
    assert list(QUERIES) == list(CHECKS)


@pytest.mark.parametrize("day", [None, FEBRUARY, MARCH, APRIL])
def test_a_sound_store_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.long
@pytest.mark.parametrize(("check_id", "statement", "others", "name"), [*PLANTS, *CHANGE_PLANTS])
def test_a_planted_violation_is_named_by_its_check(
    superuser: Engine, check_id: str, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert set(found) == {check_id, *others}
    assert any(name in example for example in found[check_id].examples), found[check_id].examples


def test_every_check_but_the_guards_has_a_plant() -> None:
    planted_ids = {check_id for check_id, *_ in (*PLANTS, *CREDIT_PLANTS, *LEDGER_PLANTS)}
    assert CASH_PLANTS
    assert CHARGE_PLANTS
    assert PAYER_PLANTS
    assert CERTIFICATE_PLANTS
    assert AUDIT_PLANTS
    assert PAYMENT_PLANTS
    elsewhere = {"I11", "I12", "I19", "I21", "I22", "I23", "I24", "I25", "I26", "I27", "I28", "I29", "I30"}
    assert planted_ids == set(CHECKS) - elsewhere


def test_what_no_index_prevents_any_more_is_still_found(superuser: Engine) -> None:
    again = "insert into {0} select * from {0} where {1}"
    statements = (
        "drop index invoice_line_billed_once, delivery_accepted_once",
        (
            "alter table delivery drop constraint delivery_document_id_channel_purpose_key, "
            "drop constraint delivery_message_id_key"
        ),
        "alter table invoice drop constraint invoice_number_series_id_invoice_number_key",
        (
            "insert into delivery_attempt select delivery_id, 9, started_at, ended_at, state, "
            "reply_code, reason_code "
            "from delivery_attempt where state = 'sent' and delivery_id = 1"
        ),
        (
            "insert into delivery (company_id, document_id, channel, purpose, message_id, state, "
            "queued_at, changed_at) "
            "select company_id, document_id, channel, purpose, message_id, 'queued', queued_at, changed_at "
            "from delivery where delivery_id = 2"
        ),
        "update invoice set invoice_number = 4 where invoice_number = 5",
        "alter table invoice_line drop constraint invoice_line_pkey",
        again.format("invoice_line", ANY_LINE_OF.format(1)),
    )
    with planted(superuser, *statements) as connection:
        found = broken(connection)
    assert "policy term 1: installment 1 is billed 2 times" in found["I07"].examples
    assert "delivery 1: it was accepted 2 times" in found["I13"].examples
    assert "document 2: it has 2 deliveries for one channel and purpose" in found["I13"].examples
    assert "delivery 2: its Message-ID is used 2 times" in found["I13"].examples
    assert "INV-00000004: the number before it is missing or doubled" in found["I08"].examples
    assert "table invoice_line: no unique key on invoice_id, line_number " in found["I22"].examples


def test_a_date_is_blocked_by_its_own_runs_and_not_by_those_of_another(superuser: Engine) -> None:
    february = "update invoice set due_date = due_date + 1 where invoice_number = 2"
    with planted(superuser, february) as connection:
        assert set(broken(connection, FEBRUARY)) == {"I09"}
        assert broken(connection, MARCH) == {}
        assert set(broken(connection)) == {"I09"}


@pytest.mark.parametrize("check_id", ["I09", "I20", "I24", "I25"])
def test_what_a_date_rests_on_is_joined_and_never_looked_up_row_by_row(
    superuser: Engine, check_id: str
) -> None:
    """Looked up row by row, 400,000 bills of a date took the square of their number."""
    query = asked_query(check_id, is_everything=False).replace(":is_everything", "false")
    with planted(superuser) as connection:
        plan = "\n".join(connection.execute(text(f"explain {query}"), {"runs": [1]}).scalars())
    looked_up = r"\(ANY \((\w+\.)?(policy_term_version_id|payer_version_id|policy_term_id) = "
    assert re.search(looked_up, plan) is None, plan


def test_no_reference_is_looked_up_row_by_row_beside_an_or(superuser: Engine) -> None:
    query = asked_query("I20", is_everything=False).replace(":is_everything", "false")
    with planted(superuser) as connection:
        plan = "\n".join(connection.execute(text(f"explain {query}"), {"runs": [1]}).scalars())
    assert "SubPlan" not in plan, plan


def test_a_gap_between_the_numbers_of_two_dates_blocks_the_later_one(superuser: Engine) -> None:
    statement = f"update invoice set invoice_number = 1000 where invoice_number = {TERM_COUNT}"
    with planted(superuser, statement) as connection:
        assert "I08" in broken(connection, MARCH, ["I08"])


def test_all_offenders_are_counted_and_the_first_few_named(superuser: Engine) -> None:
    statement = f"update invoice set due_date = due_date + 1 where invoice_number <= {TERM_COUNT}"
    with planted(superuser, statement) as connection:
        result = broken(connection)["I09"]
    assert result.offender_count == TERM_COUNT
    assert len(result.examples) == EXAMPLE_COUNT
    assert result.examples[0].startswith("INV-00000001:")


def test_an_unknown_delivery_with_an_owner_may_wait(superuser: Engine) -> None:
    statement = "update delivery set changed_at = now() - interval '30 days' where state = 'unknown'"
    with planted(superuser, statement) as connection:
        assert broken(connection) == {}


def test_a_day_is_counted_from_the_instant_that_is_given(superuser: Engine) -> None:
    with planted(superuser, "update delivery set state = 'sending' where state = 'unknown'") as connection:
        sent_at = connection.execute(
            text("select min(changed_at) from delivery where state = 'sending'")
        ).scalar_one()
        assert run_checks(connection, at=sent_at, check_ids=["I15"])[0].offender_count == 0
        later = datetime(2199, 1, 1, tzinfo=UTC)
        assert run_checks(connection, at=later, check_ids=["I15"])[0].offender_count > 0


def test_only_the_chosen_checks_run_in_the_order_of_the_list(superuser: Engine) -> None:
    told: list[tuple[int, int]] = []
    with planted(superuser) as connection:
        tell = lambda done, total: told.append((done, total))  # noqa: E731 - what is told, as it is told
        chosen = run_checks(connection, at=AT, check_ids=["I08", "I01"], tell=tell)
    assert [result.check.check_id for result in chosen] == ["I01", "I08"]
    assert told == [(0, 2), (1, 2)]


def test_a_check_that_does_not_exist_is_refused(superuser: Engine) -> None:
    with planted(superuser) as connection, pytest.raises(BillingError, match="check_unknown"):
        run_checks(connection, at=AT, check_ids=["I99"])


def test_message_ids_of_the_store_are_those_of_the_domain(superuser: Engine) -> None:
    query = """
        select message_id, company_code, prefix || lpad(invoice_number::text, 8, '0'), channel, purpose
        from delivery v join document using (document_id) join invoice using (invoice_id)
        join number_series using (number_series_id) join company on company.company_id = v.company_id
    """
    with planted(superuser) as connection:
        rows = connection.execute(text(query)).all()
    assert len(rows) == TERM_COUNT
    for stored, code, number, channel, purpose in rows:
        assert stored == message_id(code, number, channel, purpose, stored.partition("@")[2])


def test_contents_of_payers_hash_as_python_hashes_them(superuser: Engine) -> None:
    with planted(superuser) as connection:
        rows = connection.execute(text("select content, content_sha256 from payer_version")).all()
    assert rows
    assert all(sha256(content.encode()).digest() == bytes(stored) for content, stored in rows)
