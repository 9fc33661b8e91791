"""Keys of the API: their form, their scopes, when they are over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_assets.domain.access import ActorKind
from billing_assets.domain.api_keys import (
    ApiKey,
    Scope,
    checked_key_name,
    code_of_key,
    key_text,
    key_unknown,
    scopes_from,
)
from billing_assets.domain.errors import BillingError

AT = datetime(2025, 1, 1, tzinfo=UTC)
KEY = ApiKey(
    api_key_id=1,
    company_id=1,
    company_code="demo",
    key_code="k3f9a1c2d4e5",
    key_name="policy system",
    scopes=(Scope.RUNS_READ,),
    created_at=AT,
    expires_at=None,
    last_used_at=None,
    partner_code="",
    revoked_at=None,
)


def test_a_key_is_over_when_it_is_revoked_or_its_days_are_gone() -> None:
    assert not KEY.is_over(AT)
    assert replace(KEY, revoked_at=AT).is_over(AT)
    ending = replace(KEY, expires_at=AT)
    assert ending.is_over(AT)
    assert not ending.is_over(AT - timedelta(seconds=1))


def test_the_log_names_a_key_by_name_and_code() -> None:
    assert KEY.actor.kind is ActorKind.KEY
    assert KEY.actor.person == "policy system (k3f9a1c2d4e5)"
    assert key_unknown("x").code == "key_unknown"


def test_only_what_has_the_form_of_a_key_has_a_code() -> None:
    text = key_text("k3f9a1c2d4e5", "S" * 43)
    assert code_of_key(text) == "k3f9a1c2d4e5"
    assert {code_of_key(other) for other in (text[:-1], f"{text}S", text.upper(), "", f" {text}")} == {""}


@pytest.mark.parametrize("words", [[], ["runs:read", "everything"]])
def test_a_scope_that_there_is_not_is_refused(words: list[str]) -> None:
    with pytest.raises(BillingError, match="scope"):
        scopes_from(words)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
def test_a_key_has_a_name_on_one_line(name: str) -> None:
    with pytest.raises(BillingError, match="name of the key"):
        checked_key_name(name)
