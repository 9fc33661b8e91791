"""Charge kinds are found under their own code."""

from billing_assets.domain.charges import CHARGE_KINDS, PREMIUM


def test_each_kind_stands_under_its_own_code_and_says_what_it_is() -> None:
    assert all(code == kind.charge_kind and kind.meaning for code, kind in CHARGE_KINDS.items())


def test_premium_is_premium() -> None:
    assert CHARGE_KINDS["premium"] is PREMIUM
    assert PREMIUM.is_premium
