"""An order of channels names each once."""

import pytest

from billing_assets.domain.delivery_channels import DEFAULT_ORDER, DeliveryChannel, channel_order
from billing_assets.domain.text_fields import BadTextError


def test_an_order_is_kept_as_it_is_given() -> None:
    given = channel_order("print_post,email api_push")
    assert given == (DeliveryChannel.PRINT_POST, DeliveryChannel.EMAIL, DeliveryChannel.API_PUSH)
    assert channel_order("  ") == DEFAULT_ORDER


@pytest.mark.parametrize("text", ["pigeon", "email email", "EMAIL"])
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(BadTextError):
        channel_order(text)
