"""The audit log is one chain: what is changed, taken out, put in between or cut off is named."""

import pytest
from sqlalchemy import Engine, text

from billing_assets_tests.store.checks.conftest import FEBRUARY, broken, planted

_LAST = "entry_number = (select max(entry_number) from audit_entry where company_id = 1)"

AUDIT_PLANTS = [
    ("update audit_entry set reason = 'another' where entry_number = 1", "entry 1 of company 1: it does not"),
    (
        "update audit_entry set actor_name = 'luis' where entry_number = 1",
        "entry 1 of company 1: it does not",
    ),
    (
        'update audit_entry set after = \'{"state": "sent"}\' where entry_number = 2',
        "entry 2 of company 1: it does not hash",
    ),
    (
        "update audit_entry set acted_at = acted_at + interval '1 us' where entry_number = 2",
        "entry 2 of company 1: it does not hash",
    ),
    (
        "delete from audit_entry where entry_number = 1",
        "entry 2 of company 1: the entry before it is missing",
    ),
    (f"delete from audit_entry where {_LAST}", "company 1: its last entries are missing"),
    (
        "update audit_entry set former_sha256 = 'x' where entry_number = 2",
        "entry 2 of company 1: it is not chained",
    ),
    ("update audit_chain set last_sha256 = 'x'", "company 1: its last entries are missing"),
    ("delete from audit_chain", "company 1: its entries have no chain"),
]


@pytest.mark.long
@pytest.mark.parametrize(("statement", "name"), AUDIT_PLANTS)
def test_a_tampered_log_is_named_by_i21_alone(superuser: Engine, statement: str, name: str) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert set(found) == {"I21"}
    assert any(example.startswith(name) for example in found["I21"].examples), found["I21"].examples


def test_an_entry_that_is_forged_with_its_hash_breaks_the_next_one(superuser: Engine) -> None:
    forged = (
        "update audit_entry set reason = 'another' where entry_number = 1",
        "update audit_entry e set entry_sha256 = audit_hash(e) where entry_number = 1",
    )
    with planted(superuser, *forged) as connection:
        assert broken(connection)["I21"].examples == (
            "entry 2 of company 1: it is not chained to the entry before it",
        )


def test_the_chain_is_asked_whole_for_any_date(superuser: Engine) -> None:
    with planted(superuser, "delete from audit_entry where entry_number = 1") as connection:
        assert "I21" in broken(connection, FEBRUARY, ["I21"])


def test_the_log_of_another_company_blocks_nobody(superuser: Engine) -> None:
    with planted(superuser, "update audit_entry set company_id = 2") as connection:
        values = {"company": 1}
        query = "select count(*) from audit_entry where company_id = :company"
        assert connection.execute(text(query), values).scalar_one() == 0
        assert {each.split(":")[0] for each in broken(connection)["I21"].examples} >= {"company 2"}
