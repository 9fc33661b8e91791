"""Each problem of a row has a stable code, a meaning and advice."""

import re

from billing_assets.domain.problems import CHARGE_FAULTS, PROBLEM_CODES, meaning_of


def test_each_code_is_a_word_with_meaning_and_advice() -> None:
    for code, problem in PROBLEM_CODES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
        assert problem.problem_code == code
        assert problem.meaning
        assert problem.todo
        assert "\\" not in problem.todo


def test_the_faults_of_an_amount_are_all_named() -> None:
    faults = {"amount_empty", "amount_not_a_number", "amount_too_fine", "amount_out_of_range"}
    assert faults <= set(PROBLEM_CODES)


def test_the_fault_of_a_charge_names_its_field_and_not_the_premium() -> None:
    for code in CHARGE_FAULTS:
        told = meaning_of(code, "charges.legal")
        assert told.startswith("the amount of 'charges.legal' is ") or code == "amount_too_fine"
        assert "premium" not in told
        assert meaning_of(code, "premium") == PROBLEM_CODES[code].meaning


def test_the_table_was_read_whole() -> None:
    assert len(PROBLEM_CODES) == 67
    assert PROBLEM_CODES["value_unmapped"].todo == "add the value to the map, or correct the row"
