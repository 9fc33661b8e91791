"""Payers with shares in a sound store break no check; each planted violation is named by I25."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from sqlalchemy import Engine

from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.steps.test_charge_lines import bill_year
from billing_assets_tests.steps.test_payer_shares import A, C, of_line, shared_book
from billing_assets_tests.store.checks.conftest import broken, planted
from billing_assets_tests.store.intake import import_text, with_company

# Term 1 is billed 60 % to payer 1 and 40 % to payer 2, both in twelve installments; term 2 has one payer.
BANK = "(select payer_id from payer where payer_key = 'BANK')"
OF_BANK = f"policy_term_id = 1 and installment_number = 3 and payer_id = {BANK}"
SECOND = "from policy_term_version where policy_term_version_id = 2"
FIXED = "from invoice_tax join tax_rule using (tax_rule_id) where invoice_id = 1 and basis = 'term'"
NOT_THE_WHOLE = "its payers are not as many as it says, do not bear the whole, or do not begin with its own"
PAYER_PLANTS: list[tuple[str, set[str], str]] = [
    (
        "update policy_term_payer set share_ppm = 400001 where payer_number = 2",
        {"I09"},
        f"policy term version 1: {NOT_THE_WHOLE}",
    ),
    (
        "update policy_term_version set payer_count = 3 where policy_term_version_id = 1",
        set(),
        f"policy term version 1: {NOT_THE_WHOLE}",
    ),
    (
        "update policy_term_payer set payer_number = payer_number + 5",
        {"I09"},
        f"policy term version 1: {NOT_THE_WHOLE}",
    ),
    (
        "update policy_term_version set payer_count = 0 where policy_term_version_id = 1",
        {"I09"},
        "policy term version 1: it has a payer with a share, and does not say so",
    ),
    (
        f"delete from policy_term_payer where payer_id = {BANK}",
        {"I09", "I20"},
        "of invoice 2: it bills none of the payers of its term",
    ),
    (
        "update policy_term_payer set share_ppm = case payer_number when 1 then 590000 else 410000 end",
        {"I09"},
        "policy term 1: payer 1 is not billed by their share of premium",
    ),
    (
        f"delete from invoice_line where {OF_BANK}",
        {"I01", "I02", "I06", "I09", "I17"},
        "policy term 1: payer 2 is not billed by their share of premium",
    ),
    (
        f"update invoice_line set net_minor = -1 where {OF_BANK}",
        {"I01", "I02", "I06", "I09", "I17"},
        "it bills less than nothing",
    ),
    (
        f"insert into invoice_tax select 2, 9, company_id, tax_rule_id, base_minor, tax_minor {FIXED}",
        {"I02", "I09"},
        "that the term owes once stands on several invoices",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with a term of two payers, billed to its end; tests roll back."""
    name = f"{template_database}_payers"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            home = tmp_path_factory.mktemp("home")
            book = shared_book(A, C)
            import_text(with_company(database), home, book, mapping=of_line("motor_damage"))
            bill_year(billing_over(database, home, stack))
        yield url_of(server_url, name)


@pytest.mark.parametrize("day", [None, date(2025, 1, 2), date(2025, 6, 2)])
def test_a_sound_store_with_several_payers_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.parametrize(("statement", "others", "name"), PAYER_PLANTS)
def test_a_planted_violation_is_named_by_i25(
    superuser: Engine, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert any(name in example for example in found["I25"].examples), found["I25"].examples
    assert set(found) - {"I25"} == others


def test_an_installment_that_is_billed_again_to_another_payer_is_named_by_i07(superuser: Engine) -> None:
    """Neither the key nor the periods of a payer tell, once a book has moved the policy to that payer."""
    columns = (
        "policy_term_id, policy_id, company_id, product_code, line_of_business, place_code, currency, "
        "plan_code, effective_date, expiration_date, anchor_date, cut_over_date, premium_minor, "
        "content_sha256, batch_id"
    )
    newest = "(select max(policy_term_version_id) from policy_term_version)"
    doubled = (
        f"update invoice_line l set payer_id = {BANK}, installment_number = 3, "
        f"policy_term_version_id = {newest}, period_from_date = o.period_from_date, "
        "period_to_date = o.period_to_date from invoice_line o where o.policy_term_id = 2 "
        "and o.installment_number = 3 and l.policy_term_id = 2 and l.installment_number = 4"
    )
    moved = (
        "update policy_term_version set superseded_batch_id = batch_id + 1 where policy_term_version_id = 2",
        f"insert into policy_term_version (payer_id, {columns}) select {BANK}, {columns} {SECOND}",
        doubled,
    )
    with planted(superuser, *moved) as connection:
        found = broken(connection, check_ids=["I07"])
    assert found["I07"].examples == (
        "policy term 2: installment 3 is billed by several versions of the term",
    )


def test_a_payer_of_another_company_is_named_by_i20(superuser: Engine) -> None:
    moved = (
        "insert into company (company_code) values ('other')",
        "insert into payer (company_id, payer_key) select max(company_id), 'X' from company",
        "update policy_term_version set payer_count = 2 where policy_term_version_id = 2",
        f"insert into policy_term_payer select 2, 1, payer_id, 500000 {SECOND}",
        "insert into policy_term_payer select 2, 2, payer_id, 500000 from payer where payer_key = 'X'",
    )
    with planted(superuser, *moved) as connection:
        found = broken(connection, check_ids=["I20"])
    assert found["I20"].examples == ("payer 2 of policy term version 2: it is of another company",)
