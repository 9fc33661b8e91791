"""Both languages have words for the same things: kinds, outcomes, checks, bounds, reasons."""

import re

import pytest

from billing_assets.channels import api_push, email
from billing_assets.domain.checks import CHECKS
from billing_assets.domain.notification_rules import LANGUAGES
from billing_assets.domain.notification_words import (
    _TABLES,
    bound_words,
    check_statement,
    count_text,
    delivery_reason,
    headline,
    label,
    money_text,
    outcome_reason,
    problem_meaning,
)
from billing_assets.domain.notifications import EventKind, Severity
from billing_assets.domain.runs import OUTCOME_REASONS, Outcome
from billing_assets.domain.safety_bounds import Bound

_FIELDS = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_event_has_a_headline(language: str) -> None:
    assert {kind.value for kind in EventKind} <= set(_TABLES[language]["headline"])


def test_both_languages_tell_the_same_facts() -> None:
    for table, words in _TABLES["en"].items():
        for key, text in words.items():
            other = _TABLES["es"][table][key]
            assert sorted(_FIELDS.findall(text)) == sorted(_FIELDS.findall(other)), key
            assert other, key


@pytest.mark.parametrize("code", OUTCOME_REASONS)
def test_every_reason_of_a_charge_has_spanish_words(code: str) -> None:
    assert outcome_reason("es", code) != code


@pytest.mark.parametrize("check_id", CHECKS)
def test_every_check_has_spanish_words(check_id: str) -> None:
    assert check_statement("es", check_id) not in {check_id, CHECKS[check_id].statement}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bound_severity_outcome_and_answer_of_a_channel_has_words(language: str) -> None:
    assert all(bound_words(language, bound.value) != bound.value for bound in Bound)
    assert all(label(language, severity.value) for severity in Severity)
    assert all(label(language, outcome.value) for outcome in Outcome)
    answers = [code for code in email.REASON_MEANINGS | api_push.REASON_MEANINGS if code != "accepted"]
    assert [code for code in answers if delivery_reason(language, code) == code] == []


def test_what_is_unknown_stays_a_code() -> None:
    assert check_statement("en", "I99") == check_statement("es", "I99") == "I99"
    assert problem_meaning("en", "new") == bound_words("en", "new") == outcome_reason("es", "new") == "new"


def test_spanish_writes_points_where_english_writes_commas() -> None:
    assert (count_text("es", 1_234_567), money_text("es", -150_000, "EUR")) == ("1.234.567", "-1.500,00 EUR")
    assert headline("en", "test", channel_name="team") == "test of the channel team"
