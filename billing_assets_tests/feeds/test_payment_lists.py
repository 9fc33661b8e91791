"""Lists of payments as CSV, and which reader a file goes to."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.payment_lists import PaymentFiles, PaymentLists
from billing_assets_tests.statements import Booked, statement

HEADER = "key,value_date,amount,currency,payer_key,remittance,returns,reason\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "payments.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_rows_are_payments_and_returns(tmp_path: Path) -> None:
    text = HEADER + "a,2024-03-01,12.50,EUR,K1,INV-00000001,,\nr,2024-03-02,12.50,EUR,,,a,AM04\n"
    file = PaymentFiles().read(write(tmp_path, text))
    [payment], [back] = file.payments, file.returns
    assert (payment.external_key, payment.amount_minor, payment.payer_key) == ("a", 1250, "K1")
    assert payment.booking_date == payment.value_date
    assert (back.original_key, back.reason_code) == ("a", "AM04")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("a,2024-03-01,12.50", "payment_row_malformed"),
        (",2024-03-01,1,EUR,,,,", "payment_key_empty"),
        ("a,01/02/26,1,EUR,,,,", "payment_date_invalid"),
        ("a,2024-03-01,NaN,EUR,,,,", "payment_amount_not_a_number"),
        ("a,2024-03-01,10.501,EUR,,,,", "payment_amount_too_fine"),
        ("a,2024-03-01,10.50,JPY,,,,", "payment_amount_too_fine"),
        ("a,2024-03-01,-1,EUR,,,,", "payment_amount_not_positive"),
        ("a,2024-03-01,1,EURO,,,,", "payment_currency_unknown"),
    ],
)
def test_a_bad_row_is_a_problem_and_the_others_go_on(tmp_path: Path, row: str, code: str) -> None:
    file = PaymentLists().read(write(tmp_path, f"{HEADER}{row}\nb,2024-03-01,1,EUR,,,,\n"))
    assert [each.problem_code for each in file.problems] == [code]
    assert [each.external_key for each in file.payments] == ["b"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "payments_unreadable"),
        (b"key,\xff\n", "payments_unreadable"),
        ("key,amount\n", "payments_header"),
        (HEADER.replace("reason", "colour"), "payments_header"),
        (HEADER.replace("reason", "key"), "payments_header"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    with pytest.raises(BillingError) as refused:
        PaymentFiles().read(write(tmp_path, content))
    assert refused.value.code == code


def test_a_statement_goes_to_its_reader(tmp_path: Path) -> None:
    path = write(tmp_path, statement([Booked(amount="1.00")], last="1.00"))
    assert len(PaymentFiles().read(path).payments) == 1
    with pytest.raises(BillingError, match="payments_unreadable"):
        PaymentFiles().read(tmp_path / "none.csv")
