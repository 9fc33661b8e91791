"""Accounts: addresses, names and passwords that are taken or refused."""

import pytest

from billing_assets.domain.access import Role
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import checked_email, checked_name, require_password, role_of


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "a b@example.com", "ana@example.com\nBcc: x@example.com"]
)
def test_what_is_no_address_is_no_account(email: str) -> None:
    with pytest.raises(BillingError) as refusal:
        checked_email(email)
    assert refusal.value.code == "user_invalid"


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 201, "aaaaaaaaaaaa", "ana.gil.perez@example.com", "Ana.Gil.Perez"]
)
def test_a_password_that_is_guessed_is_refused(password: str) -> None:
    with pytest.raises(BillingError) as refusal:
        require_password(password, "ana.gil.perez@example.com")
    assert refusal.value.code == "password_weak"
    assert not password or password not in str(refusal.value)


def test_a_name_is_one_line_and_not_too_long() -> None:
    assert checked_name("Ana\n\x00 Gil", "ana@example.com") == "Ana Gil"
    with pytest.raises(BillingError):
        checked_name("x" * 101, "ana@example.com")


def test_whoever_has_no_group_with_a_role_has_none() -> None:
    assert role_of(["visitors"], {"billing": Role.VIEWER}) is None
