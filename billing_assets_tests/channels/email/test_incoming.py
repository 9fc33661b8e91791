"""What a machine wrote is told by its headers, whoever reads the mailbox."""

import pytest

from billing_assets.channels.email.incoming import is_automatic, parsed_mail


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Subject: Statement", False),
        ("Auto-Submitted: no", False),
        ("auto-submitted: NO", False),
        ("Auto-Submitted: auto-replied; owner-email=ana@example.com", True),
        ("Auto-Submitted: auto-generated", True),
        ("Precedence: bulk", True),
        ("Precedence: Auto_Reply", True),
        ("Precedence: first-class", False),
    ],
)
def test_a_machine_says_that_it_is_one(headers: str, expected: bool) -> None:
    assert is_automatic(parsed_mail(f"{headers}\n\nhello\n".encode())) is expected
