"""The demo's parts: its files, its mailbox, its company."""

import smtplib
from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.demo import (
    demo_dir,
    demo_mailbox,
    demo_settings,
    is_demo,
    is_empty,
    shipped_example,
)
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import AT, COMPANY


def test_the_mailbox_runs_for_the_block_and_its_files_stay(tmp_path: Path) -> None:
    with demo_mailbox(tmp_path) as mailbox:
        own = demo_settings(Settings(home=tmp_path), mailbox)
        assert own["smtp_port"] == mailbox.port
        with smtplib.SMTP(mailbox.host, mailbox.port) as client:
            client.sendmail("a@example.com", ["b@example.com"], b"Message-ID: <x@example>\r\n\r\nhello\r\n")
    assert [path.name for path in mailbox.folder.iterdir()] == ["x@example.eml"]
    assert mailbox.folder.parent == demo_dir(tmp_path)
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP(mailbox.host, mailbox.port)


def test_an_example_that_is_not_shipped_is_named() -> None:
    assert shipped_example("company.yaml").is_file()
    with pytest.raises(BillingError, match="example_missing"):
        shipped_example("nothing.yaml")


def test_an_empty_store_is_no_demo(database: Database, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url)
    assert is_empty(settings)
    assert not is_demo(settings)


def test_a_demo_that_died_before_its_book_was_in_counts_as_empty(database: Database, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url)
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, company_code="demo"), AT)
    assert is_empty(settings)
    assert is_demo(settings)
