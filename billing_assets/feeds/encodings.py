"""Encodings of text files: which may be declared, and the bytes of a file as UTF-8.

Belongs here: the list, and what refuses a file for its bytes. Does not belong here: rows (``records``), what
becomes of a row with wrong bytes (``policy_files``).

The list is closed: Python also calls base64 and zip an encoding, and some that it can decode (unicode_escape,
punycode) read other text than what stands in the file.
"""

import codecs
from collections.abc import Iterator
from io import BytesIO
from types import MappingProxyType
from typing import NamedTuple

from billing_assets.domain.errors import BillingError

_WIDE = "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32"
_SINGLE_BYTE = (
    "ascii cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 cp852 cp858 cp866 "
    "iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 "
    "iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u mac-roman"
)
_MULTI_BYTE = "big5 cp932 cp949 euc_jp euc_kr gb18030 gbk shift_jis"

ENCODINGS = MappingProxyType(
    {
        **dict.fromkeys(_WIDE.split(), "Unicode"),
        **dict.fromkeys(_SINGLE_BYTE.split(), "one byte a character"),
        **dict.fromkeys(_MULTI_BYTE.split(), "several bytes a character"),
    }
)
"""Encoding, as Python's codecs name it -> its kind. Other spellings of the same (latin-1) are known too."""

_BLOCK = 1 << 20
_SINGLE = frozenset(_SINGLE_BYTE.split())
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What UTF-8 under another encoding is told by in a single row: letters of Europe and marks of print.
_LATIN, _PRINT = "\u017f", ("\u2000", "\u20ff")


class Decoded(NamedTuple):
    r"""A file as UTF-8; where bytes are wrong, ``text`` has U+FFFD there and ``escaped`` has ``\xNN``."""

    text: bytes
    escaped: bytes | None


def encoding_name(spelling: str) -> str | None:
    """Return the encoding of ``ENCODINGS`` that is meant, None where it is not one of them.

    >>> encoding_name("Latin-1"), encoding_name("base64"), encoding_name("utf-9")
    ('iso8859-1', None, None)
    """
    try:
        name = codecs.lookup(spelling).name
    except (LookupError, ValueError):
        return None
    return name if name in ENCODINGS else None


def decoded(content: bytes, encoding: str, file_name: str) -> Decoded:
    """Return ``content`` as UTF-8 without a byte order mark.

    Raises:
        BillingError: ``file_encoding_wrong`` where the content shows another encoding than the declared one:
            UTF-16 by its mark or by NUL in the header, or UTF-8 under an encoding of one byte a character,
            which would read it as other letters without any fault.

    >>> decoded("Peña".encode("cp1252"), "cp1252", "book.csv").text.decode()
    'Peña'
    """
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    if not is_wide and (content.startswith(_UTF16_MARKS) or b"\0" in _first_line(content)):
        raise wrong_encoding(file_name, encoding, "it is UTF-16, or no text at all")
    if encoding in _SINGLE and not content.isascii() and _is_utf8(content):
        raise wrong_encoding(file_name, encoding, "every letter beyond ASCII in it is UTF-8")
    if encoding in {"utf-8", "utf-8-sig"}:
        encoding, content = "utf-8", content.removeprefix(_UTF8_MARK)
        if _is_utf8(content):
            return Decoded(content, None)
    try:
        return Decoded(_as_utf8(content, encoding, "strict"), None)
    except UnicodeError as error:
        if is_wide:
            raise wrong_encoding(
                file_name, encoding, "it has no byte order mark, or is cut in half"
            ) from error
    return Decoded(_as_utf8(content, encoding, "replace"), _as_utf8(content, encoding, "backslashreplace"))


def hides_utf8(row: str, encoding: str) -> bool:
    """Tell whether a row that was read in a single-byte ``encoding`` is rather UTF-8, letter by letter.

    >>> hides_utf8("JosÃ©", "cp1252"), hides_utf8("José", "cp1252"), hides_utf8("Jose", "cp1252")
    (True, False, False)
    """
    if row.isascii() or encoding not in _SINGLE:
        return False
    try:
        read = row.encode(encoding).decode()
    except UnicodeError:
        return False
    return all(letter <= _LATIN or _PRINT[0] <= letter <= _PRINT[1] for letter in read)


def has_utf8_sequences(encoding: str) -> str:
    """Return the pattern of what the shortest UTF-8 sequences of European letters look like in ``encoding``.

    It is empty where the encoding is not of one byte a character. A row without it needs no closer look.
    """
    if encoding not in _SINGLE:
        return ""
    first, second = (
        "".join(f"\\x{{{ord(letter):x}}}" for letter in bytes(part).decode(encoding, "ignore"))
        for part in (range(0xC2, 0xF0), range(0x80, 0xC0))
    )
    return f"[{first}][{second}]" if first and second else ""


def wrong_encoding(file_name: str, encoding: str, found: str) -> BillingError:
    """Return the refusal of a file whose bytes are not what the mapping declares."""
    return BillingError(
        "file_encoding_wrong",
        f"{file_name} is not in {encoding}: {found}",
        "correct 'format.encoding' in the mapping (utf-8, cp1252, iso-8859-15), or export the file again",
    )


def _first_line(content: bytes) -> bytes:
    start = len(content) - len(content.lstrip())
    end = content.find(b"\n", start)
    return content[start:] if end < 0 else content[start:end]


def _is_utf8(content: bytes) -> bool:
    try:
        for _text in _texts(content, "utf-8", "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(content: bytes, encoding: str, errors: str) -> bytes:
    buffer = BytesIO()
    for text in _texts(content, encoding, errors):
        buffer.write(text.encode())
    return buffer.getvalue().removeprefix(_UTF8_MARK)


def _texts(content: bytes, encoding: str, errors: str) -> Iterator[str]:
    """Decode block by block: as one text a large file would take up to four times its size."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    view = memoryview(content)
    for start in range(0, len(view), _BLOCK):
        yield decoder.decode(view[start : start + _BLOCK])
    yield decoder.decode(b"", final=True)
