"""Only encodings of text may be declared, and a file in another one is refused."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.encodings import (
    ENCODINGS,
    decoded,
    encoding_name,
    has_utf8_sequences,
    hides_utf8,
    wrong_encoding,
)
from billing_assets_tests.house.tree import ROOT

REFERENCE = ROOT / "docs" / "reference" / "mapping.md"


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_reads_what_it_wrote_and_stands_in_the_reference(name: str) -> None:
    assert encoding_name(name) == name
    text = "no;premium\nP1;1\n" * 200_000
    assert decoded(text.encode(name), name, "book.csv") == (text.encode(), None)
    assert f"`{name}`" in REFERENCE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("UTF8", "utf-8"),
        ("windows-1252", "cp1252"),
        ("Latin-1", "iso8859-1"),
        ("base64", None),
        ("rot13", None),
        ("zip", None),
        ("idna", None),
        ("a\0b", None),
    ],
)
def test_a_spelling_is_known_where_it_means_an_encoding_of_text(spelling: str, name: str | None) -> None:
    assert encoding_name(spelling) == name


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Peña".encode(), "cp1252"),
        ("Peña".encode(), "ascii"),
        ("P1".encode("utf-16"), "utf-8"),
        ("P1".encode("utf-16"), "cp1252"),
        ("P1".encode("utf-16")[:-1], "utf-16"),
        ("P1".encode("utf-16-le"), "utf-16"),
        (b"P1\xff", "utf-32"),
    ],
)
def test_a_file_in_another_encoding_is_refused(content: bytes, encoding: str) -> None:
    with pytest.raises(BillingError, match=f"book.csv is not in {encoding}"):
        decoded(content, encoding, "book.csv")


@pytest.mark.parametrize(("encoding", "byte"), [("utf-8", b"\xf1"), ("cp1252", b"\x81"), ("ascii", b"\xf1")])
def test_bytes_that_mean_nothing_are_replaced_and_shown(encoding: str, byte: bytes) -> None:
    text, escaped = decoded(b"Bego" + byte + b"a", encoding, "book.csv")
    assert text.decode() == "Bego\ufffda"
    assert escaped == f"Bego\\x{byte.hex()}a".encode()


def test_a_row_hides_utf8_where_all_its_letters_beyond_ascii_are_utf8() -> None:
    assert hides_utf8("Peña – X".encode().decode("cp1252"), "cp1252")
    assert not hides_utf8("Peña", "cp1252")
    assert not hides_utf8("CAFÉ®", "cp1252")
    assert not hides_utf8("Ð", "utf-8")


def test_the_pattern_of_utf8_finds_every_row_that_hides_it() -> None:
    assert "Ã" in bytes(range(0xC2, 0xF0)).decode("cp1252")
    assert has_utf8_sequences("cp1252").startswith("[\\x{c2}")
    assert has_utf8_sequences("utf-8") == has_utf8_sequences("ascii") == ""


def test_the_refusal_names_the_key_of_the_mapping() -> None:
    assert "format.encoding" in wrong_encoding("book.csv", "cp1252", "it is UTF-16").todo
