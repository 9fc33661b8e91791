"""Single sign-on without a browser: what is asked of the provider and what is refused before it is asked.

What a whole sign-in does is in ``portal/test_sign_in.py``.
"""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from billing_assets.domain.access import Role
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import ProvidedPerson
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.single_sign_on import SingleSignOn
from billing_assets_tests.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)

BACK = "http://127.0.0.1:8000/sign-in/provider/answer"
PERSON = ProvidedPerson(
    issuer="x", subject="1", email="a@example.com", is_email_verified=True, name="", groups=("billing",)
)


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as answering:
        yield answering


def settings_of(issuer: str, **more: object) -> Settings:
    known = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr(CLIENT_SECRET)}
    return Settings(oidc_issuer=issuer, _env_file=None, **known, **more)  # type: ignore[arg-type]


def test_without_an_issuer_there_is_none() -> None:
    assert not SingleSignOn(Settings(_env_file=None)).is_on


def test_the_provider_is_asked_what_it_is_once(provider: IdentityProvider) -> None:
    office = SingleSignOn(settings_of(provider.issuer))
    first, second = office.begin("secret", BACK), office.begin("secret", BACK)
    assert first != second
    assert provider.asked == ["/.well-known/openid-configuration"]


def test_a_provider_of_another_name_is_not_believed(provider: IdentityProvider) -> None:
    office = SingleSignOn(settings_of(provider.issuer.replace("127.0.0.1", "localhost")))
    with pytest.raises(BillingError, match="another name"):
        office.begin("secret", BACK)


@pytest.mark.parametrize("state", ["", ".", "1.x.y", "x.y", "1700000000.a.b"])
def test_a_state_that_is_not_of_this_browser_asks_the_provider_nothing(
    provider: IdentityProvider, state: str
) -> None:
    office = SingleSignOn(settings_of(provider.issuer))
    with pytest.raises(BillingError, match="another browser"):
        office.finish("secret", BACK, {"code": "x", "state": state})
    assert provider.asked == []


def test_a_role_is_that_of_the_highest_group_or_the_offices_own() -> None:
    assert SingleSignOn(settings_of("")).role_of(PERSON) is None
    named = settings_of("", oidc_role_claim="groups", oidc_roles={"billing": "approver"})
    assert SingleSignOn(named).role_of(PERSON) is Role.APPROVER
    with pytest.raises(BillingError, match="none of your groups"):
        SingleSignOn(settings_of("", oidc_role_claim="groups")).role_of(PERSON)
