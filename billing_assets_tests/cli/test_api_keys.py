"""`billing api-keys`: made once, shown once, ended at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing_assets_tests.cli.conftest import Billing

Ask = Callable[..., Any]


def test_a_key_is_made_shown_once_and_revoked(book: object, billing: Billing, ask: Ask) -> None:
    assert "first one: billing api-keys add" in billing("api-keys", "list").stderr
    said = billing("api-keys", "add", "policy system", "--scope", "policies:write", "--days", "30").stdout
    assert "billing_" in said
    (key,) = ask("api-keys", "list")["keys"]
    assert (key["key_name"], key["scopes"]) == ("policy system", ["policies:write"])
    assert key["expires_at"]
    listed = billing("api-keys", "list").stdout
    assert "in use" in listed
    assert "billing_" not in listed
    assert ask("api-keys", "revoke", key["key_code"])["is_revoked"] is True
    assert ask("api-keys", "revoke", key["key_code"], code=3)["error"]["code"] == "key_unknown"
    assert "over" in billing("api-keys", "list").stdout
    assert "revoke_api_key" in str(ask("audit-log"))


def test_a_key_is_written_to_a_new_file_that_its_owner_may_read(
    book: object, billing: Billing, ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "system.key"
    arguments = ("api-keys", "add", "system", "--scope", "runs:read", "--output", str(path))
    assert "key" not in ask(*arguments)
    assert path.read_text().startswith("billing_")
    assert path.stat().st_mode & 0o777 == 0o600
    assert ask(*arguments, code=3)["error"]["code"] == "key_file_unwritable"


def test_a_scope_that_there_is_not_is_a_wrong_command(book: object, billing: Billing) -> None:
    assert billing("api-keys", "add", "system", "--scope", "everything", code=2).exit_code == 2
