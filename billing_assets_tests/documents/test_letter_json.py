"""A letter goes to JSON and back and loses nothing; what is no letter is refused."""

import json
from dataclasses import replace

import pytest

from billing_assets.documents.letter_json import letter_from_json, letter_to_json
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import LetterKind
from billing_assets_tests.documents.letters import letter, template_of


@pytest.mark.parametrize("kind", LetterKind)
def test_the_sample_of_each_kind_is_what_is_written_of_it(kind: LetterKind) -> None:
    text = template_of(kind).text("sample.json")
    assert letter_to_json(letter_from_json(text)) == text
    assert json.loads(text)["kind"] == kind


def test_what_has_its_default_is_left_out_and_comes_back() -> None:
    notice = replace(letter("notice_of_cancellation"), grace_end_date=None)
    text = letter_to_json(notice)
    assert "grace_end_date" not in text
    assert letter_from_json(text) == notice


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "poem"),
        ("level", "2"),
        ("level", True),
        ("issue_date", "01/02/2027"),
        ("issue_date", None),
        ("overdue", {}),
        ("overdue", [{}]),
        ("payer", "Ana"),
        ("unknown", 1),
        ("total_minor", 1.5),
    ],
)
def test_a_field_that_is_wrong_is_refused(field: str, value: object) -> None:
    record = json.loads(template_of("reminder").text("sample.json"))
    with pytest.raises(BillingError, match="letter_json_unreadable"):
        letter_from_json(json.dumps({**record, field: value}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "reminder"}'])
def test_what_is_no_letter_is_refused(text: str) -> None:
    with pytest.raises(BillingError, match="letter_json_unreadable"):
        letter_from_json(text)
