"""Files of rates are taken whole, in each of their forms, or refused with the places that are wrong."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import rate_text
from billing_assets.feeds.exchange_rates import ECB_SOURCE, read_rate_file

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gesmes:Envelope '
    'xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube>{}</Cube></gesmes:Envelope>'
)
DAY = '<Cube time="{}">{}</Cube>'
CUBE = '<Cube currency="{}" rate="{}"/>'
LIST = "date,base_currency,currency,rate\n"


def rates_of(path: Path, text: str, source: str = "") -> list[tuple[str, str, str]]:
    path.write_text(text, encoding="utf-8")
    found = read_rate_file(path, source).rates
    return [(rate.rate_date.isoformat(), rate.currency, rate_text(rate.rate_e10)) for rate in found]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rates.csv"


def test_the_xml_of_the_bank_is_read_with_every_day(path: Path) -> None:
    text = ENVELOPE.format(
        DAY.format("2025-01-15", CUBE.format("USD", "1.0300") + CUBE.format("JPY", "161.31"))
        + DAY.format("2025-01-14", CUBE.format("USD", "1.0245") + CUBE.format("HRK", "7.5345"))
    )
    assert rates_of(path, text) == [
        ("2025-01-15", "USD", "1.03"),
        ("2025-01-15", "JPY", "161.31"),
        ("2025-01-14", "USD", "1.0245"),
    ]
    file = read_rate_file(path)
    assert file.left_out == ("HRK",)
    assert {(rate.base_currency, rate.source) for rate in file.rates} == {("EUR", ECB_SOURCE)}


@pytest.mark.parametrize("day", ["15 January 2025", "2025-01-15"])
def test_the_csv_of_the_bank_is_read_without_what_is_not_quoted(path: Path, day: str) -> None:
    text = f"Date, USD, JPY, ISK, \n{day}, 1.0300, 161.31, N/A, \n"
    assert rates_of(path, text) == [("2025-01-15", "USD", "1.03"), ("2025-01-15", "JPY", "161.31")]


def test_a_list_is_read_with_its_source(path: Path) -> None:
    text = f"\ufeff{LIST}2025-01-15,USD,EUR,0.97\n\n2025-01-15,USD,EUR,0.97\n"
    assert rates_of(path, text, "treasury") == [("2025-01-15", "EUR", "0.97")]
    (rate,) = read_rate_file(path, "treasury").rates
    assert (rate.base_currency, rate.source, rate.rate_date) == ("USD", "treasury", date(2025, 1, 15))


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("2025-01-15,EUR,USD,1,08", "row 2 has 5 columns"),
        ("2025-01-15,EUR,USD,x", "row 2: USD 'x' is not a plain number"),
        ("2025-02-30,EUR,USD,1", "row 2: '2025-02-30' is no day"),
        ("2025-01-15,EUR,usd,1", "row 2: 'usd' is no currency"),
        ("2025-01-15,EUR,EUR,1", "row 2: EUR is both currencies"),
        ("2025-01-15,EUR,USD,1\n2025-01-15,EUR,USD,2", "row 3: USD has two rates on 2025-01-15"),
    ],
)
def test_a_fault_is_named_by_its_place_and_nothing_is_taken(path: Path, row: str, place: str) -> None:
    with pytest.raises(BillingError, match="rates_invalid") as caught:
        rates_of(path, LIST + row + "\n", "treasury")
    assert place in caught.value.found


def test_of_many_faults_the_first_five_are_named(path: Path) -> None:
    with pytest.raises(BillingError, match="and 2 more"):
        rates_of(path, LIST + "2025-01-15,EUR,USD,x\n" * 7, "treasury")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "rates_unreadable"),
        ("a,b\n1,2\n", "rates_unreadable"),
        (LIST, "rates_unreadable"),
        ('date,base_currency,currency,rate\n"2025', "rates_unreadable"),
        ("<a", "rates_unreadable"),
        (ENVELOPE.format(""), "rates_unreadable"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "rates_unreadable"),
    ],
)
def test_what_is_no_file_of_rates_is_refused(path: Path, text: str, code: str) -> None:
    with pytest.raises(BillingError, match=code):
        rates_of(path, text, "treasury")


def test_a_list_without_a_source_and_a_file_that_is_not_there_are_refused(path: Path) -> None:
    with pytest.raises(BillingError, match="source_missing"):
        rates_of(path, LIST + "2025-01-15,EUR,USD,1\n")
    with pytest.raises(BillingError, match="rates_unreadable"):
        read_rate_file(path.with_name("none.csv"))
