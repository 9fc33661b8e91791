"""Channels that law demands are read by kind of document, or refused before a document is sent by another."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.required_channels import required_channels_from, required_channels_record

RULES = {"invoice": ["email", "print_post"], "notice_of_cancellation": ["print_post"]}


def test_rules_come_back_as_they_were_given() -> None:
    assert required_channels_record(required_channels_from(RULES)) == RULES
    assert required_channels_from({}) == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["print_post"], "under each kind of document"),
        ({"invoice": "print_post"}, "under each kind of document"),
        ({"postcard": ["print_post"]}, "'postcard', which is none of invoice, credit_note"),
        ({"invoice": []}, "choose from email, api_push, print_post"),
        ({"invoice": ["pigeon"]}, "choose from email, api_push, print_post"),
        ({"invoice": [["email"]]}, "choose from email, api_push, print_post"),
        ({"invoice": ["email", "email"]}, "twice under invoice"),
    ],
)
def test_what_is_no_rule_is_refused(value: object, words: str) -> None:
    with pytest.raises(BillingError, match="company setting 'required_channels'") as caught:
        required_channels_from(value)
    assert caught.value.code == "company_invalid"
    assert words in caught.value.found
