"""Passwords are hashed by argon2id, each with its own salt, and nobody is told apart by the time it takes."""

import time

import pytest
from argon2 import PasswordHasher

from billing_assets.wiring.passwords import fits, hash_password, is_outdated

WORDS = "a horse in the rain"


@pytest.mark.long
def test_the_same_password_has_another_hash_each_time() -> None:
    first, second = hash_password(WORDS), hash_password(WORDS)
    assert first != second
    assert first.startswith("$argon2id$")
    assert fits(first, WORDS)
    assert not fits(first, WORDS + " ")


def test_no_hash_and_a_broken_one_fit_nothing() -> None:
    assert not fits("", "no account has this password")
    assert not fits("$argon2id$broken", WORDS)


@pytest.mark.long
def test_where_there_is_no_account_the_answer_takes_as_long() -> None:
    hashed = hash_password(WORDS)
    assert not fits("", "the first time it makes the hash to compare with")

    def seconds(of: str) -> float:
        started = time.process_time()
        for _ in range(5):
            fits(of, "wrong")
        return time.process_time() - started

    assert 0.5 < seconds("") / seconds(hashed) < 2


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(WORDS))
    assert not is_outdated(hash_password(WORDS))
