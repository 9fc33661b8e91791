"""However a document is split into credits, they are those of the reference and end at the document."""

from dataclasses import asdict, replace
from datetime import date

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import PPM, round_half_up
from billing_assets.domain.tax_rule import TaxRule
from billing_assets.frames.columns import CREDITABLE_LINE_SCHEMA
from billing_assets.frames.credits import draft_credits
from billing_assets.frames.invoices import Drafts
from billing_assets_tests.frames.rows import charged_by
from billing_assets_tests.properties.strategies import STEADY
from billing_assets_tests.properties.test_tax_properties import documents, rules_of_every_kind
from billing_assets_tests.reference.credits import ReferenceInvoiceInCredit
from billing_assets_tests.reference.taxes import NoTaxRuleError, TaxedLine

IPT = TaxRule(
    tax_code="T",
    place_code="XX",
    line_of_business="*",
    rate_ppm=80_000,
    valid_from=date(2020, 1, 1),
    source="a test",
)


class Book:
    """One invoice and what was given back of it, as a store keeps the two."""

    def __init__(self, lines: list[TaxedLine], rules: list[TaxRule]) -> None:
        self.slow = ReferenceInvoiceInCredit(lines=lines, rules=rules)
        self.rules = pl.DataFrame(
            [asdict(rule) for rule in rules], schema_overrides={"valid_to": pl.Date}
        ).with_row_index("tax_rule_id")
        own = {rules.index(rule) for _, rule in self.slow.tax_of}
        on_invoice = pl.DataFrame({"tax_rule_id": sorted(own)}, schema={"tax_rule_id": pl.Int64})
        self.taxes = charged_by(on_invoice.with_columns(original_invoice_id=41), self.rules)
        self.rows = [self._row(number, line) for number, line in enumerate(lines)]

    def _row(self, number: int, line: TaxedLine) -> dict[str, object]:
        return {
            "original_invoice_id": 41,
            "original_number": "INV-00000041",
            "line_number": number + 1,
            "policy_term_id": int(line.term),
            "charge_kind": line.charge_kind,
            "installment_number": line.installment_number,
            "line_of_business": line.line_of_business,
            "place_code": line.place_code,
            "currency": line.currency,
            "effective_date": line.term_begins,
            "period_from_date": line.period_begins,
            "net_minor": self.slow.nets[number],
            "tax_minor": sum(tax for (at, _), tax in self.slow.tax_of.items() if at == number),
            "contained_tax_minor": self.slow.contained[number],
            "credited_net_minor": 0,
            "credited_tax_minor": 0,
        }

    def credit(self, wanted: dict[int, int]) -> Drafts:
        rows = [{**row, "wanted_net_minor": wanted.get(number)} for number, row in enumerate(self.rows)]
        drafts = draft_credits(pl.DataFrame(rows, schema=CREDITABLE_LINE_SCHEMA), self.taxes, self.rules)
        for number, net, tax in drafts.lines.select(
            "credited_line_number", "net_minor", "tax_minor"
        ).iter_rows():
            self.rows[number - 1]["credited_net_minor"] += net
            self.rows[number - 1]["credited_tax_minor"] += tax
        return drafts

    @property
    def is_over(self) -> bool:
        return all(
            (row["credited_net_minor"], row["credited_tax_minor"]) == (row["net_minor"], row["tax_minor"])
            for row in self.rows
        )


def lines_of(drafts: Drafts) -> dict[int, tuple[int, int, int]]:
    columns = ("credited_line_number", "net_minor", "tax_minor", "contained_tax_minor")
    return {row[0] - 1: (row[1], row[2], row[3]) for row in drafts.lines.select(columns).rows()}


def taxes_of(drafts: Drafts, book: Book) -> dict[tuple[str, date], tuple[int, int]]:
    named = drafts.taxes.drop("tax_code").join(
        book.rules.select("tax_rule_id", "tax_code", "valid_from"), on="tax_rule_id"
    )
    rows = named.select("tax_code", "valid_from", "base_minor", "tax_minor").rows()
    return {(code, first): (base, tax) for code, first, base, tax in rows}


def left_of(book: Book) -> dict[int, int]:
    nets = zip(book.slow.nets, book.slow.net_back, strict=True)
    return {number: net - back for number, (net, back) in enumerate(nets)}


def part_of(data: st.DataObject, left: int) -> int:
    return data.draw(st.integers(0, left) | st.just(left) | st.integers(0, min(left, 3)))


@pytest.mark.long
@settings(STEADY, max_examples=60)
@given(data=st.data(), rules=rules_of_every_kind(), drafts=documents())
def test_credits_of_any_split_are_those_of_the_reference_and_end_at_the_document(
    data: st.DataObject, rules: list[TaxRule], drafts: list[list[TaxedLine]]
) -> None:
    lines = [replace(line, price_minor=abs(line.price_minor)) for line in drafts[0]]
    try:
        book = Book(lines, rules)
    except NoTaxRuleError:
        assume(False)
    # Of a price of some cents, several taxes that it contains can round to more than it is.
    assume(min(book.slow.nets) >= 0)
    for _ in range(data.draw(st.integers(0, 5))):
        left = left_of(book)
        asked = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        wanted = {n: part_of(data, left[n]) for n in asked}
        _compare(book, wanted)
    _compare(book, left_of(book))
    assert book.is_over
    assert book.credit(dict.fromkeys(range(len(lines)), 0)).invoices.height == 0


def _compare(book: Book, wanted: dict[int, int]) -> None:
    slow, fast = book.slow.credit(wanted), book.credit(wanted)
    assert lines_of(fast) == slow.lines
    assert taxes_of(fast, book) == slow.taxes
    assert all(amount >= 0 for row in slow.lines.values() for amount in row)
    assert all(amount >= 0 for row in slow.taxes.values() for amount in row)
    heads = fast.invoices.select("net_minor", "tax_minor", "total_minor").rows()
    net, tax = (sum(row[at] for row in slow.lines.values()) for at in (0, 1))
    assert heads == ([(net, tax, net + tax)] if slow.lines else [])


@pytest.mark.long
@STEADY
@given(net=st.integers(1, 10**12), parts=st.lists(st.integers(0, 1_000), min_size=1, max_size=6))
def test_the_tax_given_back_so_far_is_the_rounded_tax_on_the_net_given_back_so_far(
    net: int, parts: list[int]
) -> None:
    line = TaxedLine(
        place_code="XX",
        line_of_business="motor",
        currency="EUR",
        charge_kind="premium",
        term="7",
        term_begins=date(2024, 1, 1),
        period_begins=date(2024, 1, 1),
        installment_number=1,
        price_minor=net,
    )
    book, net_back, tax_back = Book([line], [IPT]), 0, 0
    for part in parts:
        wanted = (net - net_back) * part // 1_000
        drafts = book.credit({0: wanted})
        net_back += wanted
        tax_back += sum(drafts.lines["tax_minor"])
        assert tax_back == round_half_up(net_back * IPT.rate_ppm, PPM)
    with pytest.raises(BillingError, match="credit_exceeds_invoice"):
        book.credit({0: net - net_back + 1})
