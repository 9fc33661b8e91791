"""Policy files come in as raw text, or are refused whole with a reason."""

import csv
import io
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing_assets.domain.book_mapping import BookFormat, BookMapping, FieldSource, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.frames.book_fields import book_fields
from billing_assets.steps.intake_ports import PolicyFile


def mapping(form: BookFormat | None = None, **columns: str) -> BookMapping:
    named = columns or {"policy_number": "no", "premium": "premium"}
    fields = {name: FieldSource(columns=(column,)) for name, column in named.items()}
    return BookMapping(
        fields={"premium": FieldSource(columns=("premium",)), **fields}, format=form or BookFormat()
    )


def read(path: Path, content: bytes, form: BookFormat | None = None, **columns: str) -> pl.DataFrame:
    path.write_bytes(content)
    return PolicyFiles().read(PolicyFiles().open(path), mapping(form, **columns)).frame


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.csv"


def test_mapped_columns_come_in_as_text_beside_the_row_as_it_stood(path: Path) -> None:
    frame = read(path, b'premium,x,no\n1.50,"a,b",P1\n,,\n')
    assert frame.rows() == [(1, '1.50,"a,b",P1', None, "1.50", "P1"), (2, ",,", None, "", "")]
    assert frame.columns == ["row_number", "original_row", "row_fault", "cell:premium", "cell:no"]


@pytest.mark.parametrize("content", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_named_as_one(path: Path, content: bytes) -> None:
    with pytest.raises(BillingError, match=r"an Excel workbook, .* save it as CSV") as caught:
        read(path, content)
    assert caught.value.code == "file_is_workbook"


OURS = (
    "row_number",
    "position",
    "original_row",
    "row_fault",
    "is_multi_line",
    "unmapped_field",
    "*",
    "^no.*$",
)


@pytest.mark.parametrize("column", OURS)
@pytest.mark.parametrize("kind", ["csv", "quoted", "parquet"])
def test_a_column_may_have_a_name_of_ours_or_one_that_polars_expands(
    tmp_path: Path, column: str, kind: str
) -> None:
    path, values = tmp_path / f"book.{kind}", ["D0", "D\n1", "D2"]
    if kind == "parquet":
        pl.DataFrame({"no": ["x"] * 3, column: values, "premium": ["1"] * 3}).write_parquet(path)
    else:
        quote = '"' if kind == "quoted" else ""
        values = values if quote else ["D0", "D1", "D2"]
        path.write_text(
            f"no,{column},premium\n" + "".join(f"x,{quote}{value}{quote},1\n" for value in values)
        )
    frame = PolicyFiles().read(PolicyFiles().open(path), mapping(policy_number=column)).frame
    assert frame[cell_name(column)].to_list() == values
    assert frame["row_number"].to_list() == [1, 2, 3]
    book = book_fields(frame.lazy(), mapping(policy_number=column)).collect()
    assert book["policy_number"].to_list() == values


def test_a_row_of_another_width_has_a_fault_and_no_cells(path: Path) -> None:
    frame = read(path, b"no,premium\nP1\nP2,2\n")
    assert frame.rows() == [(1, "P1", "row_shape", None, None), (2, "P2,2", None, "2", "P2")]


def test_rows_with_line_breaks_are_cut_like_the_others(path: Path) -> None:
    frame = read(path, b'no,premium\n"P\r\n1",1\nP2,2\n')
    assert frame[cell_name("no")].to_list() == ["P\n1", "P2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_in_the_declared_encoding(path: Path, encoding: str) -> None:
    frame = read(path, "no,premium\nPéñ,1\n".encode(encoding), BookFormat(encoding=encoding))
    assert frame[cell_name("no")].to_list() == ["Péñ"]


def test_one_row_of_another_encoding_in_a_long_file_is_a_fault_of_that_row(path: Path) -> None:
    rows = b"".join(b"P%d,1\n" % number for number in range(200))
    frame = read(path, b"no,premium\nBego\xf1a,1\n" + rows)
    assert frame["row_fault"].to_list() == ["encoding_invalid", *[None] * 200]
    assert frame["original_row"][0] == "Bego\\xf1a,1"


def test_utf8_under_an_encoding_of_single_bytes_is_refused_not_read_as_other_letters(path: Path) -> None:
    for content in ("no,premium\nJosé Peña,1\n", "\ufeffno,premium\nP1,1\n", "no,premium\nP1,1\nИв,2\n"):
        with pytest.raises(BillingError, match="file_encoding_wrong"):
            read(path, content.encode(), BookFormat(encoding="cp1252"))


def test_one_row_of_utf8_in_a_long_file_of_single_bytes_is_a_fault_of_that_row(path: Path) -> None:
    rows = "".join(f"Peña {number},1\n" for number in range(200)).encode("cp1252")
    frame = read(path, "no,premium\nJosé,1\n".encode() + rows, BookFormat(encoding="cp1252"))
    assert frame["row_fault"].to_list() == ["encoding_invalid", *[None] * 200]
    assert frame["original_row"][:2].to_list() == [r"Jos\xc3\xa9,1", "Peña 0,1"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("CAFÉ® Peña", "cp1252"),
        ("«CAFÉ» “ÀÉ”", "cp1252"),
        ("Пётр Ёлкин", "cp1251"),
        ("Γεώργιος", "iso8859-7"),
        ("GRÖßE Ä.", "iso8859-15"),
    ],
)
def test_letters_that_could_begin_utf8_are_read_as_declared(path: Path, name: str, encoding: str) -> None:
    frame = read(path, f"no,premium\n{name},1\n".encode(encoding), BookFormat(encoding=encoding))
    assert frame[cell_name("no")].to_list() == [name]


@pytest.mark.parametrize(
    ("content", "code", "todo"),
    [
        (b"", "file_empty", "export"),
        (b" \n\n", "file_empty", "export"),
        (b"no,premium\n", "file_has_no_rows", "export"),
        (b'no,premium\nP1,1\nP2,"1\n', "file_truncated", "again"),
        (b"no,premium\nBego\xf1a,1\n", "file_encoding_wrong", "cp1252"),
        ("no,premium\nP1,1\n".encode("utf-16"), "file_encoding_wrong", "encoding"),
        (b"no;premium\nP1;1\n", "mapping_column_missing", "delimiter"),
        (b"P1,1\nP2,2\n", "mapping_column_missing", "header row"),
        (b"no,premuim\nP1,1\n", "mapping_column_missing", "did you mean 'premuim'?"),
        (b"no,premium,no\nP1,1,2\n", "header_doubled", "name of its own"),
        (b"PAR1 and no more", "file_not_parquet", "export"),
    ],
)
def test_a_faulty_file_is_refused_whole(path: Path, content: bytes, code: str, todo: str) -> None:
    with pytest.raises(BillingError) as caught:
        read(path, content)
    assert caught.value.code == code
    assert todo in caught.value.todo


def test_a_file_that_is_not_there_is_unreadable(path: Path) -> None:
    with pytest.raises(BillingError, match="file_unreadable"):
        PolicyFiles().open(path)


def test_a_file_with_cr_alone_as_line_end_is_read(path: Path) -> None:
    frame = read(path, b'no,premium\rP1,1\r"P\r2",2\r')
    assert frame.select(cell_name("no"), cell_name("premium")).rows() == [("P1", "1"), ("P\n2", "2")]


def test_a_cr_within_a_cell_costs_no_row_even_beside_line_breaks_and_long_cells(path: Path) -> None:
    long = "x" * 200_000
    frame = read(path, f'no,x,premium\nP\r1,"a\n{long}",1\nP\r2,,2\n'.encode())
    assert frame[cell_name("no")].to_list() == ["P\r1", "P\r2"]
    assert frame[cell_name("premium")].to_list() == ["1", "2"]


CELL = st.text(alphabet=st.sampled_from('ab,;"\n\r\x01 \ufeffé'), max_size=6)


@example(rows=[["\ufeff", ""]])
@example(rows=[["", "\r\r\n"]])
@given(rows=st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_cells_come_in_as_they_were_written(rows: list[list[str]]) -> None:
    text = io.StringIO()
    has_cr = any("\r" in cell for row in rows for cell in row)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if has_cr else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows([["no", "premium"], *rows])
    content = text.getvalue().encode()
    file = PolicyFile(name="book.csv", content=content, content_sha256="")
    cells = PolicyFiles().read(file, mapping()).frame.select(cell_name("no"), cell_name("premium"))
    assert cells.rows() == [tuple(cell.replace("\r\n", "\n") for cell in row) for row in rows]


def test_a_breakdown_of_the_library_is_an_error_that_python_catches(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(*_given: object) -> pl.DataFrame:
        raise pl.exceptions.PanicException

    monkeypatch.setattr("billing_assets.feeds.policy_files.cut_records", panic)
    with pytest.raises(RuntimeError, match="broke down"):
        read(path, b"no,premium\nP1,1\n")
