"""Single sign-on: an identity provider says who somebody is, by OpenID Connect.

Belongs here: the authorization code flow with PKCE, state and nonce, and what is believed of an ID token.
Does not belong here: who may come in (``access_desk``), cookies (``portal``).

Nothing is kept between the two halves of the flow: state, nonce and verifier are made from a secret of the
browser that began it, so that another browser cannot end it.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from billing_assets.domain.access import Role
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import ProvidedPerson, role_of
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.settings import Settings

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LEEWAY_SECONDS = 60
_FLOW_LIFE = timedelta(minutes=10)
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class _Flow:
    """One sign-in: what is sent to the provider, made from the browser's secret and the flow's id."""

    browser: str
    flow_id: str

    @property
    def state(self) -> str:
        return f"{self.flow_id}.{self._made('state')}"

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("verifier")

    def _made(self, purpose: str) -> str:
        message = f"{purpose} {self.flow_id}".encode()
        digest = hmac.digest(self.browser.encode(), message, sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


class SingleSignOn:
    """The identity provider of the settings."""

    def __init__(self, settings: Settings) -> None:
        """Ask nothing yet."""
        self.issuer = settings.oidc_issuer
        self._settings = settings

    @property
    def is_on(self) -> bool:
        """Whether there is an identity provider."""
        return bool(self.issuer)

    def begin(self, browser: str, redirect_uri: str) -> str:
        """Return the address at the provider to which the browser with that secret is sent."""
        flow = _Flow(browser, f"{int(utc_now().timestamp())}.{token_urlsafe(16)}")
        with self._client(redirect_uri) as client:
            url, _state = client.create_authorization_url(
                self._metadata["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
            )
        return str(url)

    def finish(self, browser: str, redirect_uri: str, answer: Mapping[str, str]) -> ProvidedPerson:
        """Return who came back; ``answer`` is what the provider has added to the address.

        Raises:
            BillingError: ``single_sign_on_failed`` where any part does not fit.
        """
        flow = self._begun(browser, answer.get("state", ""))
        if "code" not in answer:
            raise _failed("the identity provider did not sign you in")
        try:
            with self._client(redirect_uri) as client:
                token = client.fetch_token(
                    self._metadata["token_endpoint"], code=answer["code"], code_verifier=flow.verifier
                )
            return self._person(self._claims(token["id_token"], flow.nonce))
        except (OAuthError, JoseError, httpx.HTTPError, KeyError, ValueError) as error:
            raise _failed(
                f"the answer of the identity provider does not fit ({type(error).__name__})"
            ) from error

    def role_of(self, person: ProvidedPerson) -> Role | None:
        """Return the role by their groups, None where roles are the office's own.

        Raises ``sign_in_refused`` where no group of theirs has a role.
        """
        if not self._settings.oidc_role_claim:
            return None
        roles = {group: Role(role) for group, role in self._settings.oidc_roles.items()}
        role = role_of(person.groups, roles)
        if role is None:
            raise BillingError(
                "sign_in_refused",
                "none of your groups at the identity provider has a role in this office",
                "ask whoever keeps the groups there",
            )
        return role

    def _begun(self, browser: str, state: str) -> _Flow:
        """Return the flow of a state, if this browser has begun it, and lately."""
        flow = _Flow(browser, state.rpartition(".")[0])
        begun_at = flow.flow_id.partition(".")[0]
        is_ours = bool(browser) and hmac.compare_digest(flow.state.encode(), state.encode())
        if not is_ours or utc_now().timestamp() - int(begun_at) > _FLOW_LIFE.total_seconds():
            raise _failed("this sign-in was begun in another browser, or too long ago")
        return flow

    def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        answer = httpx.get(self._metadata["jwks_uri"], timeout=_TIMEOUT_SECONDS)
        keys = KeySet.import_key_set(answer.raise_for_status().json())
        claims = jwt.decode(id_token, keys, algorithms=list(_ALGORITHMS)).claims
        registry = jwt.JWTClaimsRegistry(
            now=int(utc_now().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._metadata["issuer"]},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(claims)
        if claims.get("azp", self._settings.oidc_client_id) != self._settings.oidc_client_id:
            raise ValueError("azp")
        return claims

    def _person(self, claims: Mapping[str, Any]) -> ProvidedPerson:
        return ProvidedPerson(
            issuer=self.issuer,
            subject=str(claims["sub"]),
            email=str(claims.get("email", "")),
            is_email_verified=claims.get("email_verified") is True,
            name=str(claims.get("name", "")),
            groups=tuple(_texts(claims.get(self._settings.oidc_role_claim, ()))),
        )

    @cached_property
    def _metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself; asked once."""
        try:
            address = f"{self.issuer}/.well-known/openid-configuration"
            answer = httpx.get(address, timeout=_TIMEOUT_SECONDS)
            found: Mapping[str, Any] = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise _failed("the identity provider does not answer") from error
        if str(found.get("issuer", "")).rstrip("/") != self.issuer:
            raise _failed("the identity provider calls itself by another name than BILLING_OIDC_ISSUER")
        return found

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret.get_secret_value(),
            scope="openid email profile",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )


def _texts(groups: object) -> Iterable[str]:
    """A provider may write one group as a text."""
    if isinstance(groups, str):
        return [groups]
    return [str(each) for each in groups] if isinstance(groups, list | tuple) else []


def _failed(found: str) -> BillingError:
    return BillingError(
        "single_sign_on_failed", found, "begin again on the page of sign-in; if it stays so, ask who runs it"
    )
