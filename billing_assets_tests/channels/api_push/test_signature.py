"""Signatures are those of Standard Webhooks, and every secret that is valid now signs."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.api_push.signature import secret_key, secret_keys, signed_headers
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.api_push.samples import NEW_SECRET, OLD_SECRET, is_signed


def test_the_published_vector_comes_out() -> None:
    """The one of the reference libraries of Standard Webhooks."""
    headers = signed_headers(
        [secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(max_size=200), st.binary(min_size=24, max_size=64))
def test_a_receiver_that_reads_the_specification_agrees(content: bytes, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers(secret_keys([secret]), "msg_1", 1614265330, content)
    assert is_signed(headers, content, secret)
    assert not is_signed(headers, content + b" ", secret)


def test_while_a_secret_changes_receivers_of_either_agree() -> None:
    headers = signed_headers(secret_keys([NEW_SECRET, OLD_SECRET]), "msg_1", 1614265330, b"{}")
    assert headers["webhook-signature"].count(" ") == 1
    assert is_signed(headers, b"{}", NEW_SECRET)
    assert is_signed(headers, b"{}", OLD_SECRET)
    after = signed_headers(secret_keys([NEW_SECRET]), "msg_1", 1614265330, b"{}")
    assert not is_signed(after, b"{}", OLD_SECRET)


@pytest.mark.parametrize(
    "secret",
    [
        *("", "whsec_", "whsec_short7", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_" + "a" * 44),
        *("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*", "whsec_" + "A" * 88, "whsec_ü", "whsec_" + "A" * 33),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(BillingError) as caught:
        secret_key(secret)
    assert caught.value.code == "push_secret_invalid"
    assert len(secret) < 7 or secret not in str(caught.value)


@pytest.mark.parametrize("count", [0, 5])
def test_an_endpoint_has_one_to_four_secrets(count: int) -> None:
    with pytest.raises(BillingError, match="push_secret_invalid"):
        secret_keys([NEW_SECRET] * count)
