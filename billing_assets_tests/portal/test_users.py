"""The page of users, and one's own account."""

from fastapi.testclient import TestClient

from billing_assets.domain.access import Role
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets_tests.portal.conftest import PASSWORD

LUIS = {"email": "luis@example.com", "user_name": "<b>Luis</b>", "role": "viewer", "password": PASSWORD}


def role_of(access: AccessDesk, email: str) -> Role:
    return {user.email: user.role for user in access.users()}[email]


def test_somebody_is_added_given_a_role_and_locked_out(administrator: TestClient, access: AccessDesk) -> None:
    page = administrator.post("/users", data=LUIS)
    assert page.url.path == "/users"
    assert "&lt;b&gt;Luis&lt;/b&gt;" in page.text
    assert PASSWORD not in page.text
    administrator.post("/users/role", data={"email": LUIS["email"], "role": "approver"})
    assert role_of(access, LUIS["email"]) is Role.APPROVER
    page = administrator.post("/users/disabled", data={"email": LUIS["email"], "is_disabled": "true"})
    assert "locked out" in page.text
    newest = access.acts(AuditFilter(limit=3, who="administrator@"))
    assert [entry.act for entry in newest] == ["disable_user", "set_role", "add_user"]


def test_what_is_refused_says_what_to_do(administrator: TestClient) -> None:
    answer = administrator.post("/users", data={**LUIS, "password": "short"})
    assert (answer.status_code, "12 to 200 characters" in answer.text) == (409, True)
    demotion = {"email": "administrator@example.com", "role": "viewer"}
    assert "nobody else is administrator" in administrator.post("/users/role", data=demotion).text
    assert administrator.post("/users/role", data={**demotion, "role": "owner"}).status_code == 422


def test_everybody_changes_their_own_password_and_signs_in_again(
    viewer: TestClient, access: AccessDesk
) -> None:
    assert "viewer@example.com" in viewer.get("/account").text
    wrong = viewer.post("/account/password", data={"former": "wrong", "password": "three green apples"})
    assert (wrong.status_code, wrong.url.path) == (409, "/account/password")
    changed = viewer.post("/account/password", data={"former": PASSWORD, "password": "three green apples"})
    assert changed.url.path == "/sign-in"
    assert access.sign_in("viewer@example.com", "three green apples", "192.0.2.1")
