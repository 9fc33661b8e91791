"""Documents for a print shop, with PDFs small enough to read."""

from typing import Any

from billing_assets.channels.print_post import PostedDocument


def tiny_pdf(page_count: int = 1) -> bytes:
    """Return a PDF of empty pages, as plain as PDFs are."""
    kids = " ".join(f"{number + 3} 0 R" for number in range(page_count))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {page_count}/Kids[{kids}]>>",
        *(["<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * page_count),
    ]
    content, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(objects):
        offsets.append(len(content))
        content += f"{number + 1} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n\r\n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f\r\n{table}"
    tail = f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(content)}\n%%EOF"
    return content + (head + tail).encode()


def posted(number: int = 1, **changes: Any) -> PostedDocument:
    fields: dict[str, Any] = {
        "document_number": f"INV-{number:08d}",
        "pdf": tiny_pdf(number),
        "address_lines": ("Anna Bell", f"{number} High Street", "28001 Madrid"),
        "country_code": "ES",
        "language": "es",
    }
    return PostedDocument(**{**fields, **changes})
