"""Keys of requests."""

import pytest

from billing_assets.domain.api_requests import checked_key, in_progress, key_reused
from billing_assets.domain.errors import BillingError


@pytest.mark.parametrize("text", ["", "a b", "x" * 256, "é", "a\n"])
def test_a_key_is_visible_ascii(text: str) -> None:
    with pytest.raises(BillingError, match="Idempotency-Key"):
        checked_key(text)


def test_what_stands_in_the_way_of_a_request_has_a_code_of_its_own() -> None:
    assert checked_key("x" * 255)
    assert {in_progress().code, key_reused().code} == {"request_in_progress", "idempotency_key_reused"}
