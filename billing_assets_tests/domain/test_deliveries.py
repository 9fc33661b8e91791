"""Which addresses can be delivered to, and what a message is called."""

import re
from pathlib import Path

import pytest

from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    GAVE_UP,
    PRINT_FAULTS,
    DeliveryState,
    SendResult,
    is_deliverable_address,
    kept_wording,
    masked_addresses,
    message_id,
    webhook_id,
    wire_address,
    within_attempts,
)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("anna@example.com", "anna@example.com"),
        ("Anna.O'Neil+bills@Example.COM", "Anna.O'Neil+bills@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("jürgen@example.com", "jürgen@example.com"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_a_deliverable_address_goes_on_the_wire_with_an_ascii_domain(text: str, wire: str) -> None:
    assert wire_address(text) == wire


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@localhost",
        "anna@example..com",
        "anna@.example.com",
        "anna@example.com.",
        "anna@-example.com",
        "anna@example.1",
        "anna@[127.0.0.1]",
        "anna@exam_ple.com",
        "anna@\uff45xample.com",
        "anna@exa\u200bmple.com",
        ".anna@example.com",
        "an..na@example.com",
        "anna.@example.com",
        '"anna b"@example.com',
        "anna b@example.com",
        " anna@example.com",
        "anna@example.com ",
        "anna@example.com\n",
        "anna@example.com\r\nBcc: b@example.com",
        "anna\x00@example.com",
        "anna\u202e@example.com",
        "an\ud800na@example.com",
        "Anna <anna@example.com>",
        "<anna@example.com>",
        "anna@example.com,b@example.com",
        "anna@example.com;b@example.com",
        "anna@b@example.com",
        f"{'a' * 65}@example.com",
        f"{'ü' * 33}@example.com",
        f"a@{'b' * 64}.com",
        f"a@{'b.' * 126}com",
    ],
)
def test_anything_but_one_bare_address_is_not_deliverable(text: str) -> None:
    assert not is_deliverable_address(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no address here, user@ neither", "no address here, user@ neither"),
        ("<jane@example.com>,rob@example.org", "<j***@example.com>,r***@example.org"),
        ("mailto:jürgen@example.com", "mailto:j***@example.com"),
        ("bounce+jane=example.com@example.net", "b***@example.net"),
    ],
)
def test_addresses_in_a_text_keep_their_first_letter_and_domain(text: str, masked: str) -> None:
    assert masked_addresses(text) == masked


def test_a_message_id_changes_with_every_part_of_its_key() -> None:
    key = {
        "company_code": "demo",
        "document_number": "INV-1",
        "channel": "email",
        "purpose": "issue",
        "domain": "billing.example",
    }
    ids = {message_id(**{**key, name: f"{value}x"}) for name, value in key.items()} | {message_id(**key)}
    assert len(ids) == 6


def answer(state: DeliveryState, reason_code: str) -> SendResult:
    return SendResult(state=state, reply_code=451, reason_code=reason_code, reply_text="later")


def test_a_webhook_id_changes_with_every_part_of_its_key_and_has_no_dot() -> None:
    key = ("demo", "INV-1", "api_push", "issue")
    changed = [(*key[:place], f"{key[place]}x", *key[place + 1 :]) for place in range(4)]
    ids = {webhook_id(*parts) for parts in (key, *changed)}
    assert len(ids) == 5
    assert not any("." in each or len(each) != 36 for each in ids)


def test_what_is_kept_of_an_answer_is_masked_before_it_is_cut_and_can_be_stored() -> None:
    assert kept_wording("x" * 495 + " jane.roe@example.com") == "x" * 495 + " j***"
    assert kept_wording("a\x00b\x1b[2J\u202ec\ud800d\n e") == "a b [2J c d e"


def test_the_last_temporary_refusal_is_a_failure_that_keeps_the_answer() -> None:
    result = answer(DeliveryState.QUEUED, "refused_for_now")
    assert within_attempts(result, 1, 3) == result
    last = within_attempts(result, 2, 3)
    assert (last.state, last.reason_code) == ("failed", GAVE_UP)
    assert (last.reply_code, last.reply_text) == (451, "later")
    assert within_attempts(result, 0, 1).state is DeliveryState.FAILED


@pytest.mark.parametrize("reason_code", sorted(CHANNEL_FAULTS))
def test_a_fault_of_the_channel_is_never_the_last_attempt(reason_code: str) -> None:
    result = answer(DeliveryState.QUEUED, reason_code)
    assert within_attempts(result, 99, 3) == result


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN])
def test_a_final_answer_stays_what_it_is(state: DeliveryState) -> None:
    result = answer(state, "x")
    assert within_attempts(result, 99, 3) == result


NOT_OF_A_DOCUMENT = {"bundle_file_refused", "bundle_too_large", "bundle_unreadable"}
"""Codes of what is read and not printed."""


def test_every_fault_of_printing_is_known_as_one() -> None:
    folder = Path(__file__).parents[2] / "billing_assets" / "documents"
    raised = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'BillingError\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert raised - PRINT_FAULTS <= NOT_OF_A_DOCUMENT
