"""The invariants have stable ids, each with its own statement."""

import re

from billing_assets.domain.checks import CHECKS


def test_ids_are_i_and_two_digits_in_order() -> None:
    assert all(re.fullmatch(r"I\d\d", check_id) for check_id in CHECKS)
    assert list(CHECKS) == sorted(CHECKS)


def test_each_check_stands_under_its_id_with_a_statement_of_its_own() -> None:
    assert all(check.check_id == check_id for check_id, check in CHECKS.items())
    statements = [check.statement for check in CHECKS.values()]
    assert all(statements)
    assert len(set(statements)) == len(statements)
