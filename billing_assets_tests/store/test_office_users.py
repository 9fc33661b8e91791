"""Users in the store: what no program may put there. What they go through: ``wiring/test_access_desk.py``."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.access import Role
from billing_assets.store.connection import Database
from billing_assets.store.office_users import add_user, find_subject, find_user, link_subject, list_users

AT = datetime(2024, 1, 2, tzinfo=UTC)


def add(database: Database, email: str) -> None:
    with database.transaction() as connection:
        add_user(connection, None, email=email, user_name="Ana", role=Role.VIEWER, password_hash="", at=AT)


@pytest.mark.parametrize(
    "fault",
    [
        "email = 'ANA@example.com'",
        "email = 'ana'",
        "role = 'owner'",
        "user_name = ''",
        "oidc_subject = 'x'",
    ],
)
def test_the_store_itself_refuses_what_is_no_user(database: Database, fault: str) -> None:
    name, value = fault.split(" = ")
    values = {"email": "'eva@example.com'", "user_name": "'Eva'", "role": "'viewer'", "oidc_subject": "''"}
    values[name] = value
    columns, row = ", ".join(values), ", ".join(values.values())
    insert = f"insert into office_user ({columns}, created_at) values ({row}, now())"
    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute(text(insert))


def test_a_user_is_found_by_address_and_by_what_a_provider_calls_them(database: Database) -> None:
    add(database, "ana@example.com")
    with database.transaction() as connection:
        found = find_user(connection, 1, "ana@example.com")
        assert found is not None
        link_subject(connection, found[0], "https://id.example.com", "1001")
        assert find_subject(connection, 1, "https://id.example.com", "1001") == list_users(connection, 1)[0]
        assert find_subject(connection, 1, "https://other.example.com", "1001") is None
        assert find_user(connection, 1, "eva@example.com") is None
