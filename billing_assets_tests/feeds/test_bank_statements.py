"""Statements of banks: both versions, batches, returns, charges, balances, and what is refused."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.bank_statements import BankStatements
from billing_assets.steps.payment_ports import PaymentFile
from billing_assets_tests.statements import Booked, statement

BOTH = pytest.mark.parametrize("version", ["02", "08"])


def read(tmp_path: Path, content: bytes) -> PaymentFile:
    path = tmp_path / "statement.xml"
    path.write_bytes(content)
    return BankStatements().read(path)


@BOTH
def test_a_credit_is_a_payment_with_what_the_payer_wrote(tmp_path: Path, version: str) -> None:
    entry = Booked(amount="45.06", reference="R1", text="Invoice", structured="RF05INV00000003")
    file = read(tmp_path, statement([entry], version=version, first="10.00", last="55.06"))
    [payment] = file.payments
    assert (payment.amount_minor, payment.currency, payment.payer_name) == (4506, "EUR", "Ana Prueba")
    assert payment.remittance_text == "RF05INV00000003 Invoice"
    assert payment.external_key == "00051332/R1"
    assert (file.returns, file.problems) == ((), ())


@BOTH
def test_each_transaction_of_a_batch_is_a_payment(tmp_path: Path, version: str) -> None:
    entry = Booked(amount="30.00", reference="B", parts=("10.00", "20.00"))
    file = read(tmp_path, statement([entry], version=version, last="30.00"))
    assert [(each.external_key, each.amount_minor) for each in file.payments] == [
        ("00051332/B/1", 1000),
        ("00051332/B/2", 2000),
    ]


@BOTH
def test_a_batch_that_does_not_add_up_is_one_problem(tmp_path: Path, version: str) -> None:
    entry = Booked(amount="30.00", reference="B", parts=("10.00", "19.99"))
    file = read(tmp_path, statement([entry], version=version, last="30.00"))
    assert file.payments == ()
    assert [each.problem_code for each in file.problems] == ["payment_batch_differs"]


@BOTH
def test_a_debit_with_a_reason_is_the_return_of_the_payment_it_names(tmp_path: Path, version: str) -> None:
    entry = Booked(amount="12.00", is_credit=False, reference="X", reason="AM04", end_to_end="E2E-1")
    file = read(tmp_path, statement([entry], version=version, last="-12.00"))
    [back] = file.returns
    assert (back.original_key, back.reason_code, back.amount_minor) == ("E2E-1", "AM04", 1200)


def test_what_the_bank_kept_was_paid_all_the_same(tmp_path: Path) -> None:
    entry = Booked(amount="98.00", reference="R", charge="2.00")
    [payment] = read(tmp_path, statement([entry], last="98.00")).payments
    assert (payment.amount_minor, payment.charge_minor) == (10000, 200)


def test_an_entry_without_a_reference_is_known_by_its_place(tmp_path: Path) -> None:
    entries = [Booked(amount="1.00"), Booked(amount="1.00")]
    file = read(tmp_path, statement(entries, last="2.00"))
    assert [each.external_key for each in file.payments] == ["00051332/S1/1", "00051332/S1/2"]


@pytest.mark.parametrize(
    ("entry", "last", "code"),
    [
        (Booked(amount="5.00", is_credit=False), "-5.00", "payment_debit"),
        (Booked(amount="5.00", is_credit=False, reason="AM04"), "-5.00", "payment_return_unnamed"),
        (Booked(amount="5.00", status="PDNG"), "0.00", "payment_not_booked"),
        (Booked(amount="5.00", day="2024-02-30"), "5.00", "payment_date_invalid"),
        (Booked(amount="0.00"), "0.00", "payment_amount_not_positive"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_a_problem(
    tmp_path: Path, entry: Booked, last: str, code: str
) -> None:
    good = Booked(amount="1.00", reference="G")
    whole = f"{float(last) + 1:.2f}"
    file = read(tmp_path, statement([entry, good], last=whole))
    assert [each.problem_code for each in file.problems] == [code]
    assert len(file.payments) == 1
    assert "Amt=" in file.problems[0].original_row


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "statement_unreadable"),
        (b"<a>", "statement_unreadable"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "statement_unreadable"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>".encode("utf-16"), "statement_unreadable"),
        (b"<a>" * 50 + b"</a>" * 50, "statement_unreadable"),
        (b"<Document/>", "statement_unknown_form"),
        (statement([], version="09"), "statement_unknown_form"),
        (statement([Booked(amount="1.00")], last="1.01"), "statement_unbalanced"),
        (statement([Booked(amount="1.00", currency="USD")], last="1.00"), "statement_unbalanced"),
        (statement([]).replace(b"CLBD", b"ITBD"), "statement_unbalanced"),
        (statement([Booked(amount="1,00")], last="1.00"), "statement_unreadable"),
    ],
)
def test_a_file_that_is_no_sound_statement_is_refused_whole(
    tmp_path: Path, content: bytes, code: str
) -> None:
    with pytest.raises(BillingError) as refused:
        read(tmp_path, content)
    assert refused.value.code == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="statement_unreadable"):
        BankStatements().read(tmp_path / "none.xml")
