"""The view model says what the invoice says, in the reader's language."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from babel.numbers import parse_decimal

from billing_assets.documents.formats import major
from billing_assets.documents.view_model import build_view
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.product_names import product_names_from
from billing_assets_tests.documents.golden import golden_files
from billing_assets_tests.documents.samples import (
    GOLDEN,
    english,
    in_currency,
    spanish,
    with_charges,
    with_installments,
    with_lines,
    with_payer,
)


def view_of(invoice: Invoice) -> Any:
    return build_view(invoice)


def amount_in(text: str, locale: str) -> object:
    digits = "".join(character for character in text if character.isdigit() or character in ".,−")
    return parse_decimal(digits.replace("−", "-"), locale=locale)


@pytest.mark.parametrize("currency", ["EUR", "GBP", "USD", "JPY", "KWD"])
@pytest.mark.parametrize("invoice", [spanish(), english(), with_lines(spanish(), 30)])
def test_every_amount_equals_the_integer_of_the_record(invoice: Invoice, currency: str) -> None:
    invoice = in_currency(invoice, currency)
    view = view_of(invoice)
    locale = view["locale"].replace("-", "_")
    expected = {"net": invoice.net_minor, "tax": invoice.tax_minor, "total": invoice.total_minor}
    for name, minor in expected.items():
        assert amount_in(view["totals"][name], locale) == major(minor, currency)
    for row, line in zip(view["lines"], invoice.lines, strict=True):
        minors = (line.net_minor, line.tax_minor, line.net_minor + line.tax_minor)
        assert [amount_in(row[name], locale) for name in ("net", "tax", "total")] == [
            major(minor, currency) for minor in minors
        ]
    for row, tax in zip(view["taxes"], invoice.taxes, strict=True):
        assert amount_in(row["tax"], locale) == major(tax.tax_minor, currency)
        assert amount_in(row["base"], locale) == major(tax.base_minor, currency)


def test_the_view_is_json_and_has_one_shape_for_all_languages() -> None:
    spanish_view, english_view = view_of(spanish()), view_of(english())
    assert json.loads(json.dumps(spanish_view)) == spanish_view
    assert spanish_view.keys() == english_view.keys()


@pytest.mark.parametrize("field", ["net_minor", "tax_minor", "total_minor"])
def test_a_document_that_does_not_add_up_is_refused(field: str) -> None:
    changes: dict[str, Any] = {field: 1}
    wrong = replace(spanish(), **changes)
    with pytest.raises(BillingError, match="document_does_not_add_up") as caught:
        build_view(wrong)
    assert wrong.payer.name not in str(caught.value)


def test_line_taxes_that_differ_from_the_document_are_refused() -> None:
    first, second = spanish().lines
    with pytest.raises(BillingError, match="tax of lines"):
        build_view(replace(spanish(), lines=(replace(first, tax_minor=first.tax_minor + 1), second)))


def test_a_country_is_printed_only_when_the_letter_crosses_a_border() -> None:
    assert view_of(spanish())["recipient"][-1] == "41004 Sevilla"
    assert view_of(english())["recipient"][-1] == "UNITED KINGDOM"


def test_the_paper_is_that_of_the_sender() -> None:
    american = replace(spanish(), creditor=replace(spanish().creditor, country_code="US"))
    assert (view_of(spanish())["paper"], view_of(american)["paper"]) == ("a4", "us-letter")


def test_a_tax_point_apart_from_the_issue_date_is_shown() -> None:
    labels = [fact["label"] for fact in view_of(english())["facts"]]
    apart = [fact["label"] for fact in view_of(replace(english(), tax_point_date=date(2026, 12, 1)))["facts"]]
    assert "Tax point" not in labels
    assert "Tax point" in apart


def test_an_exempt_tax_gives_its_reason_in_place_of_a_rate() -> None:
    base = english()
    lines = tuple(replace(line, tax_minor=0) for line in base.lines)
    tax = replace(base.taxes[0], category_code="E", rate_ppm=0, tax_minor=0, exemption_reason="Exempt by law")
    view = view_of(replace(base, lines=lines, taxes=(tax,), tax_minor=0, total_minor=base.net_minor))
    assert (view["taxes"][0]["rate"], view["taxes"][0]["reason"]) == ("Exempt", "Exempt by law")


def test_a_fixed_tax_shows_its_amount_in_place_of_a_rate() -> None:
    base = english()
    fixed = replace(base.taxes[0], rate_ppm=0, amount_minor=base.taxes[0].tax_minor)
    view = view_of(replace(base, taxes=(fixed, *base.taxes[1:])))
    assert view["taxes"][0]["rate"] == view["taxes"][0]["tax"]


def test_without_an_account_the_reader_is_asked_to_call() -> None:
    view = view_of(replace(english(), creditor=replace(english().creditor, iban="", bic="")))
    assert view["payment"]["text"].startswith("Please contact us")
    assert (view["payment"]["rows"], view["payment"]["qr"]) == ([], None)


def test_another_currency_has_bank_details_and_no_code() -> None:
    view = view_of(in_currency(english(), "GBP"))
    assert view["payment"]["qr"] is None
    assert {"label": "IBAN", "value": "ES91 2100 0418 4502 0005 1332"} in view["payment"]["rows"]


@pytest.mark.parametrize(("sign", "label"), [(0, "Nothing to pay"), (-1, "Credit in your favour")])
def test_nothing_due_asks_for_no_payment(sign: int, label: str) -> None:
    base = english()
    lines = tuple(
        replace(line, net_minor=sign * line.net_minor, tax_minor=sign * line.tax_minor) for line in base.lines
    )
    taxes = tuple(
        replace(tax, base_minor=sign * tax.base_minor, tax_minor=sign * tax.tax_minor) for tax in base.taxes
    )
    amounts = {name: sign * getattr(base, name) for name in ("net_minor", "tax_minor", "total_minor")}
    view = view_of(replace(base, lines=lines, taxes=taxes, **amounts))
    assert view["due"]["label"] == label
    assert view["due"]["is_payable"] is False
    assert (view["payment"]["rows"], view["payment"]["qr"]) == ([], None)


def test_several_policies_are_counted_above_and_named_on_each_line() -> None:
    view = view_of(with_lines(english(), 3))
    assert view["subject"] == "Motor insurance · 3 policies"
    assert [row["notes"] for row in view["lines"]] == [
        f"Motor insurance · Policy MOT-2027-{118204 + number}" for number in range(3)
    ]


def test_a_name_of_ten_thousand_letters_is_cut_with_an_ellipsis() -> None:
    view = view_of(with_payer(english(), name="A" * 10_000))
    assert view["recipient"][0] == "A" * 79 + "…"


def test_charges_have_their_names_and_the_first_says_which_installment_they_are_of() -> None:
    rows = view_of(with_charges(english()))["lines"]
    assert [(row["description"], row["installment"], row["notes"]) for row in rows] == [
        ("Third-party liability", "Instalment 1 of 4", "Premium · Motor insurance"),
        ("Own damage", "", ""),
        ("Legal expenses", "", ""),
        ("Instalment fee", "Instalment 1 of 4", "Motor insurance"),
    ]


@pytest.mark.parametrize(
    ("invoice", "said"), [(english(), "Change 2 of the policy"), (spanish(), "Modificación 2 de la póliza")]
)
def test_a_line_of_a_change_says_which_change_it_is(invoice: Invoice, said: str) -> None:
    premium, *others = invoice.lines
    changed = replace(premium, charge_kind="premium_change", change_number=2)
    lines = view_of(replace(invoice, lines=(changed, *others)))["lines"]
    assert [said in line["notes"] for line in lines] == [True, *(False for _ in others)]


def test_charges_of_the_next_installment_say_so_again() -> None:
    first = with_charges(english())
    following = tuple(replace(line, line_number=4 + line.line_number) for line in first.lines[:3])
    later = (date(2027, 5, 1), date(2027, 8, 1))
    moved = tuple(
        replace(line, installment_number=2, period_from_date=later[0], period_to_date=later[1])
        for line in following
    )
    amounts = {name: 2 * getattr(first, name) for name in ("net_minor", "tax_minor", "total_minor")}
    fee = replace(first.lines[3], line_number=8)
    taxes = tuple(
        replace(tax, base_minor=2 * tax.base_minor, tax_minor=2 * tax.tax_minor) for tax in first.taxes
    )
    rows = view_of(replace(first, lines=(*first.lines, *moved, fee), taxes=taxes, **amounts))["lines"]
    assert [row["installment"] for row in rows[4:7]] == ["Instalment 2 of 4", "", ""]


def test_a_name_of_a_charge_is_text_and_nothing_else() -> None:
    invoice = with_charges(english())
    odd = replace(invoice.lines[0], charge_name="<b>{{7*7}}</b>")
    rows = view_of(replace(invoice, lines=(odd, *invoice.lines[1:])))["lines"]
    assert rows[0]["description"] == "<b>{{7*7}}</b>"


@pytest.mark.parametrize(
    ("names", "expected"),
    [("ab", [1, *([2, 0] * 2)]), ("a", [1, 1, 1]), ("a" * 17, [1, *([15, *([0] * 14), 2, 0] * 2)])],
)
def test_the_charges_of_an_installment_are_kept_on_one_page(names: str, expected: list[int]) -> None:
    rows = view_of(with_installments(english(), names, 2, before=1))["lines"]
    assert [row["kept_count"] for row in rows] == expected


CHARGES = ("invoice_charges", "email_charges")


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(name for name in golden_files() if name.startswith(CHARGES)))
def test_pages_mails_and_texts_with_charges_are_the_golden_ones(name: str) -> None:
    assert golden_files()[name] == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("invoice", "fact"),
    [(english(), ("Your share", "33.3333%")), (spanish(), ("Su parte", "33,3333\u00a0%"))],
)
def test_an_invoice_of_one_of_several_payers_says_their_share_and_no_other_does(
    invoice: Invoice, fact: tuple[str, str]
) -> None:
    facts = [(each["label"], each["value"]) for each in view_of(replace(invoice, share_ppm=333_333))["facts"]]
    assert facts[-1] == fact
    assert [(each["label"], each["value"]) for each in view_of(invoice)["facts"]] == facts[:-1]


def test_products_have_the_names_that_the_company_gives_them_in_the_language_of_the_document() -> None:
    names = product_names_from({"es": {"SALUD-1": "Seguro de salud familiar"}})

    def named(invoice: Invoice) -> Any:
        lines = tuple(replace(line, product_code="SALUD-1") for line in invoice.lines)
        creditor = replace(invoice.creditor, product_names=names)
        return view_of(replace(invoice, lines=lines, creditor=creditor))

    assert "Seguro de salud familiar" in named(spanish())["subject"]
    assert "Seguro de salud familiar" in named(spanish())["lines"][0]["notes"]
    assert "SALUD-1" in named(english())["subject"]


@pytest.mark.parametrize(
    ("invoice", "statement", "note"),
    [
        (english(), "You bear 40% of each instalment of policy", "your share of 100.00 net"),
        (spanish(), "Usted paga el 40\N{NO-BREAK SPACE}% de cada plazo", "su parte de 100,00 netos"),
    ],
)
def test_an_invoice_of_a_share_says_so_and_what_the_whole_is(
    invoice: Invoice, statement: str, note: str
) -> None:
    lines = tuple(replace(line, whole_net_minor=100_00) for line in invoice.lines)
    view = view_of(replace(invoice, share_ppm=400_000, lines=lines))
    assert view["statement"].startswith(statement)
    assert note in view["lines"][0]["notes"]
    whole = view_of(invoice)
    assert (whole["statement"], "net" in whole["lines"][0]["notes"]) == ("", False)


@pytest.mark.parametrize(
    ("language", "country", "title", "installment"),
    [
        ("de", "DE", "Beitragsrechnung", "Rate 1 von 4"),
        ("de-AT", "ES", "Prämienrechnung", "Rate 1 von 4"),
        ("fr", "FR", "Facture de prime", "Échéance 1 sur 4"),
        ("fr", "CA", "Facture de prime", "Versement 1 sur 4"),
        ("pt", "PT", "Premium invoice", "Instalment 1 of 4"),
    ],
)
def test_the_language_of_the_book_is_that_of_the_document(
    language: str, country: str, title: str, installment: str
) -> None:
    view = view_of(with_payer(spanish(), language=language, country_code=country))
    assert (view["title"], view["lines"][0]["installment"]) == (title, installment)
