"""`billing invoices regenerate`: what is replaced, what is refused, and where it shows afterwards."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing, bill_all

FIRST = "INV-00000001"
APPROVED = ("--reason", "a wrong premium", "--approved-by", "ana", "--date", "2024-02-05")


pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_an_invoice_is_replaced_once_and_both_name_each_other(
    ask: Callable[..., Any], billing: Billing
) -> None:
    same = billing("invoices", "regenerate", FIRST, *APPROVED, code=3)
    assert "would come out as it is" in same.stderr
    dry = ask("invoices", "regenerate", FIRST, *APPROVED, "--even-if-same", "--dry-run")
    assert (dry["is_dry_run"], dry["invoice"]["number"], dry["changes"]) == (True, None, [])
    assert dry["difference"]["total_minor"] == 0
    done = ask("invoices", "regenerate", FIRST, *APPROVED, "--even-if-same")
    number = done["invoice"]["number"]
    assert done["credit_note"]["number"] == "CRN-00000001"
    assert ask("invoices", "show", FIRST)["replaced_by"] == number
    assert ask("invoices", "show", number)["replaces"]["invoice_number"] == FIRST
    assert f"replaced by  {number}" in billing("invoices", "show", FIRST).stdout
    assert FIRST in billing("invoices", "show", number).stdout
    again = billing("invoices", "regenerate", FIRST, *APPROVED, code=3)
    assert f"{number} stands in its place" in again.stderr


def test_a_person_sees_both_documents_and_the_difference(billing: Billing) -> None:
    told = billing("invoices", "regenerate", FIRST, *APPROVED, "--even-if-same", "--dry-run")
    for words in ("Before", "Now", "difference", "what is otherwise: nothing"):
        assert words in told.stdout
    assert "nothing was written" in told.stderr
