"""What the names of the steps say is what Alembic reads in them, and no command loads Alembic to ask."""

import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory

from billing_assets.domain.errors import BillingError
from billing_assets.store import schema
from billing_assets.store.connection import Database
from billing_assets.store.revisions import (
    found_revision,
    known_revisions,
    newest_revision,
    refuse_newer,
    require_current,
)


def test_the_names_of_the_files_are_the_revisions_that_alembic_finds() -> None:
    script = ScriptDirectory.from_config(schema._config())
    assert known_revisions() == sorted(step.revision for step in script.walk_revisions())
    assert newest_revision() == script.get_current_head()


@pytest.mark.long
def test_asking_for_the_revision_loads_no_alembic() -> None:
    code = (
        "import sys, billing_assets.wiring.desk, billing_assets.store.revisions as found; "
        "found.newest_revision(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_store_of_now_is_current(database: Database) -> None:
    with database.transaction() as connection:
        assert found_revision(connection) == newest_revision()
        require_current(connection)


def test_a_database_without_our_schema_has_no_revision(server_url: str) -> None:
    store = Database(server_url)
    try:
        with store.transaction() as connection:
            assert found_revision(connection) is None
    finally:
        store.close()


def test_a_revision_that_is_not_known_is_that_of_a_newer_program() -> None:
    with pytest.raises(BillingError) as caught:
        refuse_newer("9999")
    assert caught.value.code == "schema_newer"
