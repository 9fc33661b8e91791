"""A template version is stored once and read back as it was."""

import threading

from billing_assets.domain.template_choice import FrozenTemplate
from billing_assets.store.connection import Database
from billing_assets.store.templates import read_template_archive, register_template
from billing_assets_tests.books import AT


def register(database: Database, template_sha256: str = "ab" * 32, engine: str = "typst 1") -> FrozenTemplate:
    with database.transaction() as connection:
        return register_template(connection, "invoice", template_sha256, engine, b"\x00tar\xff", AT)


def test_the_same_template_is_one_version_and_keeps_its_bytes(database: Database) -> None:
    first = register(database)
    assert register(database) == first
    assert first.template_sha256 == "ab" * 32
    with database.transaction() as connection:
        assert read_template_archive(connection, first.template_version_id) == b"\x00tar\xff"


def test_another_content_or_engine_is_another_version(database: Database) -> None:
    versions = {register(database), register(database, "cd" * 32), register(database, engine="typst 2")}
    assert len({version.template_version_id for version in versions}) == 3


def test_programs_that_register_at_the_same_time_get_one_version(database: Database) -> None:
    found: list[FrozenTemplate] = []
    threads = [threading.Thread(target=lambda: found.append(register(database))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
