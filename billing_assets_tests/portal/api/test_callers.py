"""Who is let in: by keys and tokens, as long as they are in use, and not too often."""

from fastapi.testclient import TestClient

from billing_assets.domain.api_keys import Scope
from billing_assets.portal.api import rate_limits
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets_tests.portal.api.conftest import System, SystemOf


def test_a_key_that_is_revoked_or_unknown_lets_nobody_in(
    system: System, keys: KeyDesk, anybody: TestClient
) -> None:
    assert system.get("/runs").status_code == 200
    (key,) = keys.listed()
    assert key.last_used_at is not None
    keys.revoke(key.key_code)
    for text in (system.key, f"billing_{'a' * 12}_{'S' * 43}", "nonsense", "a.b.c"):
        answer = System(anybody, text).get("/runs")
        assert (answer.status_code, answer.json()["code"]) == (401, "credential_refused")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_secret_of_a_key_is_compared(system: System, anybody: TestClient) -> None:
    last = "A" if system.key[-1] != "A" else "B"
    assert System(anybody, system.key[:-1] + last).get("/runs").status_code == 401


def test_a_system_that_calls_too_often_waits(system_of: SystemOf, desk: Desk) -> None:
    desk.billing.settings.api_requests_per_second = 1
    busy, other = system_of("runs:read"), system_of("runs:read")
    answers = [busy.get("/runs") for _ in range(3)]
    assert answers[0].status_code == 200
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert throttled
    assert throttled[0].headers["retry-after"] == "1"
    assert other.get("/runs").status_code == 200


def test_a_bucket_fills_as_fast_as_it_may_be_emptied() -> None:
    now = [0.0]
    limiter = rate_limits.RateLimiter(10, clock=lambda: now[0])
    assert sum(limiter.wait_of("a") == 0 for _ in range(12)) == 10
    now[0] = 0.5
    assert sum(limiter.wait_of("a") == 0 for _ in range(12)) == 5
    assert limiter.wait_of("b") == 0


def test_a_token_does_what_was_asked_for_and_ends_with_its_key(
    system: System, keys: KeyDesk, anybody: TestClient
) -> None:
    (key,) = keys.listed()
    form = {"grant_type": "client_credentials", "scope": "runs:read"}
    answer = anybody.post("/api/v1/oauth/token", data=form, auth=(key.key_code, system.key))
    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")
    assert answer.json()["expires_in"] == 900
    assert answer.headers["cache-control"] == "no-store"
    client = System(anybody, answer.json()["access_token"])
    assert client.get("/runs").status_code == 200
    assert client.get("/invoices").status_code == 403
    assert System(anybody, client.key[:-4] + "AAAA").get("/runs").status_code == 401
    keys.revoke(key.key_code)
    assert client.get("/runs").status_code == 401


def test_tokens_are_refused_as_oauth_has_it(system: System, keys: KeyDesk, anybody: TestClient) -> None:
    (key,) = keys.listed()
    right = {"grant_type": "client_credentials", "client_id": key.key_code, "client_secret": system.key}
    assert anybody.post("/api/v1/oauth/token", data=right).json()["scope"] == " ".join(Scope)
    wrong = {
        "invalid_client": ({"client_secret": "no"}, 401),
        "unsupported_grant_type": ({"grant_type": "password"}, 400),
        "invalid_scope": ({"scope": "everything"}, 400),
    }
    for error, (change, status) in wrong.items():
        answer = anybody.post("/api/v1/oauth/token", data={**right, **change})
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    narrow = keys.add("narrow", ["runs:read"])
    asked = {"client_id": narrow[0].key_code, "client_secret": narrow[1], "scope": "runs:write"}
    assert anybody.post("/api/v1/oauth/token", data={**right, **asked}).json()["error"] == "invalid_scope"
    assert anybody.post("/api/v1/oauth/token", headers={"Authorization": "Basic !"}).status_code in {400, 401}
