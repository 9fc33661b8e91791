"""The pages of a PDF are counted right, or not at all."""

from contextlib import suppress

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.print_post.pages import page_count
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.print_post.samples import tiny_pdf
from billing_assets_tests.documents.samples import english, template, with_installments


@pytest.mark.parametrize("pages", [1, 2, 37])
def test_a_plain_pdf_has_the_pages_that_a_reader_finds(pages: int) -> None:
    content = tiny_pdf(pages)
    assert page_count(content) == pages == len(pypdfium2.PdfDocument(content))


@pytest.mark.parametrize("installments", [1, 120])
def test_what_the_press_prints_has_the_pages_that_a_reader_finds(installments: int) -> None:
    sample = with_installments(english(), ["Charge"], installments)
    content = PdfPrinter(template()).pdf(sample)
    assert page_count(content) == len(pypdfium2.PdfDocument(content))
    assert (page_count(content) > 1) == (installments > 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7\n%%EOF",
        tiny_pdf(0),
        tiny_pdf(2)[:-1],
        tiny_pdf(2) + b"more",
        tiny_pdf(2).replace(b"/Type/Pages", b"/Type/Other"),
        tiny_pdf(2).replace(b"/Count 2", b"/Cuont 2"),
        tiny_pdf(2).replace(b"/Size", b"/Encrypt 9 0 R/Size"),
        tiny_pdf(2).replace(b"/Size", b"/Prev 9/Size"),
        tiny_pdf(2).replace(b"/Root 1 ", b"/Root 9 "),
        tiny_pdf(2).replace(b"xref\n0 5", b"xref\n0 9999999999"),
        tiny_pdf(2).replace(b"%PDF-1.7", b"%ps"),
        tiny_pdf(2).replace(b"/Kids[3 0 R 4 0 R]", b"/Count 3/Kids[4 0]"),
    ],
)
def test_what_cannot_be_read_for_sure_is_refused(content: bytes) -> None:
    with pytest.raises(BillingError, match="pdf_pages_unreadable"):
        page_count(content)


@given(st.data())
def test_a_damaged_pdf_is_counted_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(tiny_pdf(3))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BillingError):
        assert page_count(bytes(content)) >= 1
