"""`billing explain`: words for people, data for programs, an error where the record was changed."""

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database, make_engine
from billing_assets_tests.cli.conftest import Billing, bill_all
from billing_assets_tests.databases import url_of

NUMBER = "INV-00000001"


pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_a_clerk_reads_why_each_amount_is_what_it_is(billing: Billing) -> None:
    """The first term is billed yearly, 501.00 in one part, with two Spanish taxes."""
    shown = billing("explain", NUMBER).stdout
    for words in (
        "Premium invoice INV-00000001: €541.83",
        "The policy term runs from 1 February 2024 to 31 January 2025: 366 days. Its premium is €501.00.",
        "The premium of the term is billed in one part.",
        "8% of the taxable amount.",
        "€501.00 × 8% = €40.08",
        "Ley 13/1996 art. 12.Once.1 as amended by Ley 11/2020",
        "€501.00 × 0.15% = €0.7515",
        "Rounded half-up to a multiple of €0.01, once for the whole document: €0.75.",
        "That day was past when run 1 billed 31 January 2024",
        "Every amount and date was worked out again",
    ):
        assert words in shown
    assert "{" not in shown


def test_one_line_is_explained_by_itself_and_in_another_language(billing: Billing) -> None:
    shown = billing("explain", f"{NUMBER}:1", "--language", "es").stdout
    assert "Línea 1: Prima · " in shown
    assert "501,00 € × 8 % = 40,08 €".replace(" ", "\N{NO-BREAK SPACE}") in shown.replace(
        " ", "\N{NO-BREAK SPACE}"
    )
    assert "Total a pagar" not in shown


def test_a_program_gets_formula_inputs_exact_and_rounded_value_and_rows(ask: Callable[..., Any]) -> None:
    document = ask("explain", NUMBER)
    assert (document["is_match"], document["currency"]) == (True, "EUR")
    (tax,) = (each for each in document["results"] if each["subject"] == "tax" and each["code"] == "ES-CCS")
    inputs = {each["name"]: each for each in tax["inputs"]}
    assert inputs["base"] == {
        "name": "base",
        "label": "taxable amount",
        "of": "",
        "value": 50100,
        "unit": "minor_units",
    }
    exact = Fraction(50_100 * 1_500, 1_000_000)
    assert (tax["formula"], Fraction(tax["exact"]), Fraction(tax["factor"])) == (
        "rate",
        exact,
        exact / 50_100,
    )
    assert (tax["rounding"], tax["result"], tax["recorded"], tax["is_match"]) == ("half_up", 75, 75, True)
    assert tax["rules"][0]["source"].startswith("Real Decreto Legislativo 7/2004")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((f"{NUMBER}:7",), "line_unknown"),
        (("INV-00000099",), "invoice_unknown"),
        (("12",), "number_malformed"),
        ((NUMBER, "--language", "tlh"), "language_unknown"),
    ],
)
def test_what_is_not_there_is_told(ask: Callable[..., Any], arguments: tuple[str, ...], code: str) -> None:
    assert ask("explain", *arguments, code=3)["error"]["code"] == code


def test_a_changed_amount_is_an_error_and_no_explanation(
    billing: Billing, store: Database, server_url: str
) -> None:
    engine = make_engine(url_of(server_url, store.engine.url.database or ""), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        changed = "update invoice_tax set tax_minor = tax_minor + 1 where invoice_id = 1 and tax_number = 1"
        assert connection.execute(text(changed)).rowcount == 1
    engine.dispose()
    number = f"{NUMBER}:1"
    told = billing("explain", number, code=3)
    assert told.stdout == ""
    assert "explanation_differs" in told.stderr
    document = json.loads(billing("explain", number, "--json", code=3).stdout)
    assert document["error"]["code"] == "explanation_differs"
    assert document["is_match"] is False
    assert [each["subject"] for each in document["results"] if not each["is_match"]] == ["tax"]


@pytest.mark.long
def test_a_credit_note_is_explained_by_what_its_invoice_charged(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    approved = ("--reason", "sold", "--approved-by", "ana", "--date", "2024-02-05")
    for net in ("100.05", "0.01", "all"):
        ask("invoices", "credit", NUMBER, "--line", "1", "--net", net, *approved)
    shown = billing("explain", "CRN-00000001").stdout
    for words in (
        "Credit note CRN-00000001: €108.20",
        f"corrects invoice {NUMBER}",
        "Line 1 of the invoice was charged at €501.00 net.",
        "€0.00 of it was given back before, and €400.95 is left.",
        "8%, the rate of the invoice",
        "Total in your favour",
        "is what the credit note says",
    ):
        assert words in " ".join(shown.split())
    last = " ".join(billing("explain", "CRN-00000003", "--language", "es").stdout.split())
    assert "Así no queda ningún céntimo" in last
    assert all(ask("explain", f"CRN-0000000{number}")["is_match"] for number in (1, 2, 3))


def test_a_changed_amount_of_a_credit_note_is_an_error(
    billing: Billing, ask: Callable[..., Any], store: Database, server_url: str
) -> None:
    ask("invoices", "credit", NUMBER, "--reason", "sold", "--approved-by", "ana")
    engine = make_engine(url_of(server_url, store.engine.url.database or ""), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        changed = "update invoice_line set tax_minor = tax_minor - 1 where credited_invoice_id is not null"
        assert connection.execute(text(changed)).rowcount == 1
    engine.dispose()
    assert "explanation_differs" in billing("explain", "CRN-00000001", code=3).stderr


def test_a_line_that_is_no_number_is_a_mistake_of_the_command(billing: Billing) -> None:
    said = billing("explain", "INV-00000001:x", code=2).stderr
    assert "'x' is not the number of a line" in said
