"""The payment code follows EPC069-12, or is not there."""

import re

import pytest
import segno
import zxingcpp

from billing_assets.documents.qr import drawing, epc_payload

IBAN = "ES9121000418450200051332"


def payload(**changes: object) -> str:
    fields: dict[str, object] = {
        "name": "Alondra Seguros, S.A.",
        "iban": IBAN,
        "bic": "ALONESMMXXX",
        "amount_minor": 51101,
        "currency": "EUR",
        "reference": "ALO-1",
    }
    return epc_payload(**(fields | changes))  # type: ignore[arg-type]


def test_the_lines_are_in_the_order_of_the_standard() -> None:
    assert payload().split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "ALONESMMXXX",
        "Alondra Seguros, S.A.",
        IBAN,
        "EUR511.01",
        "",
        "",
        "ALO-1",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "GBP"},
        {"iban": ""},
        {"iban": IBAN[:-1] + "3"},
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": 100_000_000_000},
        {"name": ""},
    ],
)
def test_there_is_no_code_where_the_standard_allows_none(changes: dict[str, object]) -> None:
    assert payload(**changes) == ""


def test_the_largest_amount_has_a_code() -> None:
    assert "EUR999999999.99" in payload(amount_minor=99_999_999_999)


def test_name_and_reference_keep_to_their_lengths() -> None:
    lines = payload(name="n" * 200, reference="r" * 200).split("\n")
    assert (len(lines[5]), len(lines[10])) == (70, 140)


@pytest.mark.parametrize("name", ["Alondra", "Compañía Ñandú", "Łódź Ωμέγα", "n" * 70, "A-1 " * 12])
def test_a_reader_gets_the_same_bytes_without_an_eci_header(name: str) -> None:
    text = payload(name=name)
    code = segno.make_qr(text, error="m", encoding="utf-8", boost_error=False, mask=4)
    rows = [
        bytearray(0 if cell else 255 for cell in row for _ in range(4)) for row in code.matrix_iter(border=4)
    ]
    pixels = b"".join(bytes(row) * 4 for row in rows)
    image = memoryview(pixels).cast("B", (len(rows) * 4, len(rows) * 4))
    (found,) = zxingcpp.read_barcodes(image)
    assert found.bytes == text.encode()
    assert found.symbology_identifier == "]Q1"
    assert found.ec_level == "M"


def test_the_path_draws_every_dark_module_once() -> None:
    drawn = drawing(payload())
    code = segno.make_qr(payload(), error="m", encoding="utf-8", boost_error=False, mask=4)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1H\1z", str(drawn["path"]))
    cells = [(int(x) + step, int(y)) for x, y, width in runs for step in range(int(width))]
    dark = [(x, y) for y, row in enumerate(code.matrix) for x, cell in enumerate(row) if cell]
    assert sorted(cells) == sorted(dark)
    assert drawn["size"] == len(code.matrix)
