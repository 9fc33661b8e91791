"""`billing deliveries post`: what goes by post is written once, and said so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets_tests.cli.conftest import Billing, bill_twice

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice), pytest.mark.long]


def test_a_book_that_says_by_post_has_its_letters_in_a_folder(
    book: Path, billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer, tmp_path: Path
) -> None:
    mapping = book.with_suffix(".yaml")
    text = mapping.read_text()
    mapping.write_text(text.replace("constants:\n", "constants:\n  payer_channels: email print_post\n", 1))
    billing("import", "policies", str(book), "--mapping", str(mapping))
    folder = tmp_path / "letters"
    assert ask("deliveries", "post", code=3)["error"]["code"] == "print_folder_unset"
    folder.mkdir()
    assert "Nothing waited to go by post" in billing("deliveries", "post", "--to", str(folder)).stdout
    ask("deliver", code=0)
    shown = billing("deliveries", "post", "--to", str(folder)).stdout
    assert "3 documents, 3 sheets" in shown
    (batch,) = folder.iterdir()
    assert len(list(batch.glob("*.pdf"))) == 3
    assert ask("deliveries", "post", "--to", str(folder))["posted_count"] == 0
    assert ask("audit", code=0)
