"""A certificate that is missing, altered, incomplete or no longer true is named by I26."""

import pytest
from sqlalchemy import Engine

from billing_assets_tests.store.checks.conftest import FEBRUARY, MARCH, broken, planted

WITHOUT_CHECK = "alter table run_certificate drop constraint run_certificate_check"


def rewritten(old: str, new: str) -> str:
    """Return a statement that puts other words into the certificate of run 1, and the hash of them."""
    text = f"replace(content, '{old}', '{new}')".replace(":", "\\:")
    return (
        f"update run_certificate set content = {text}, content_sha256 = sha256(convert_to({text}, 'UTF8')) "
        "where run_id = 1"
    )


# The violation, other checks that it cannot help breaking, and a part of the offender's name.
CERTIFICATE_PLANTS: list[tuple[str, set[str], str]] = [
    ("delete from run_certificate where run_id = 1", set(), "run 1: it has no certificate"),
    (
        rewritten('"is_complete":true', '"is_complete":false'),
        set(),
        "run 1: its certificate does not say that it is complete",
    ),
    (
        rewritten('"found":12,', '"found":11,'),
        set(),
        "run 1: it is not complete: terms_read EUR is 11 of 12",
    ),
    (
        rewritten('"is_equal":true', '"is_equal":false'),
        set(),
        "run 1: it is not complete: net_invoiced EUR is 266698 of 266698",
    ),
    (
        rewritten('"charge_count":12,', '"charge_count":13,'),
        set(),
        "run 1: charges invoiced  in EUR are not those of its certificate",
    ),
    (
        rewritten('"document_count":12,', '"document_count":13,'),
        set(),
        "run 1: documents of kind invoice in EUR are not those of its certificate",
    ),
    (
        rewritten('"billing_date":"2024-02-01"', '"billing_date":"2024-02-02"'),
        set(),
        "run 1: its certificate is of another run, plan or book",
    ),
    (
        "update billing_run set plan_sha256 = 'another' where run_id = 1",
        set(),
        "run 1: its certificate is of another run, plan or book",
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(("statement", "others", "name"), CERTIFICATE_PLANTS)
def test_a_planted_violation_is_named(superuser: Engine, statement: str, others: set[str], name: str) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert any(example.startswith(name) for example in found["I26"].examples), found["I26"].examples
    assert set(found) - {"I26"} == others


def test_a_text_that_was_changed_beside_its_hash_is_named(superuser: Engine) -> None:
    altered = """update run_certificate set content = replace(content, '"format"\\:1', '"format"\\:2')"""
    with planted(superuser, WITHOUT_CHECK, altered) as connection:
        found = broken(connection)
    assert set(found) == {"I26"}
    assert "run 2: its certificate does not hash to the stored value" in found["I26"].examples


def test_a_run_that_began_before_certificates_needs_none(superuser: Engine) -> None:
    statements = ("delete from run_certificate", "update run_shard set term_counts = null")
    with planted(superuser, *statements) as connection:
        assert broken(connection) == {}


def test_a_date_is_blocked_by_the_certificates_of_its_own_runs(superuser: Engine) -> None:
    with planted(superuser, "delete from run_certificate where run_id = 1") as connection:
        assert set(broken(connection, FEBRUARY)) == {"I26"}
        assert broken(connection, MARCH) == {}
