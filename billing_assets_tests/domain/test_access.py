"""Roles: each may do what those before it may, and what needs which is one list."""

import pytest

from billing_assets.domain.access import PERMISSIONS, PROGRAM, Permission, Role, may, own_run, require
from billing_assets.domain.errors import BillingError


def test_every_permission_has_its_least_role() -> None:
    assert set(PERMISSIONS) == set(Permission)


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        (Permission.LOOK, Role.VIEWER),
        (Permission.RETRY, Role.OPERATOR),
        (Permission.RUN_DATE, Role.OPERATOR),
        (Permission.PAUSE, Role.OPERATOR),
        (Permission.SET_SCHEDULES, Role.OPERATOR),
        (Permission.DECIDE_RUN, Role.APPROVER),
        (Permission.MANAGE_USERS, Role.ADMINISTRATOR),
        (Permission.SET_NOTIFICATIONS, Role.ADMINISTRATOR),
        (Permission.SET_COMPANY, Role.ADMINISTRATOR),
    ],
)
def test_a_role_and_those_above_it_may_and_those_below_may_not(permission: Permission, role: Role) -> None:
    roles = list(Role)
    assert [may(each, permission) for each in roles] == [
        roles.index(each) >= roles.index(role) for each in roles
    ]


def test_the_refusal_says_which_role_is_needed() -> None:
    with pytest.raises(BillingError, match="needs the role approver, and you are operator"):
        require(Role.OPERATOR, Permission.DECIDE_RUN)


def test_a_program_is_no_person_that_could_ask_and_approve() -> None:
    assert own_run(7, PROGRAM.person, PROGRAM.person) is None
