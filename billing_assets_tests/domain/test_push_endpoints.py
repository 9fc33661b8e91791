"""The code of an endpoint is a code like others."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.push_endpoints import endpoint_unknown, require_endpoint_code


def test_a_code_is_taken_or_refused_with_the_rule() -> None:
    assert require_endpoint_code("broker-7") == "broker-7"
    with pytest.raises(BillingError, match="a letter first: broker-7"):
        require_endpoint_code("Broker 7")


def test_an_unknown_one_is_named_and_cut() -> None:
    assert "x" * 40 not in endpoint_unknown("x" * 400).found
