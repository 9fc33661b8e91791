"""Nasty policy books, line by line of what intake promises about bad input.

A fault of the file refuses it whole and writes nothing. A fault of a row makes that row a problem, with its
code, its field and the row as it stood; the others go on, and rows and money add up.
"""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.book_mapping import BookControls, BookFormat
from billing_assets.domain.errors import BillingError
from billing_assets.domain.problems import PROBLEM_CODES
from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.frames.policy_book import checked_rows
from billing_assets.steps.intake_ports import PolicyFile
from billing_assets.store.connection import Database
from billing_assets_tests.store.intake import MAPPING, ROW, book, import_text, query, with_company

GOOD = book({})
HEADER, LINE = GOOD.splitlines()
LATIN = BookFormat(encoding="cp1252")

FILES: dict[str, tuple[bytes, str]] = {
    "no byte": (b"", "file_empty"),
    "white space": (b" \r\n\t\n", "file_empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "file_empty"),
    "NUL bytes": (b"\0" * 500, "file_encoding_wrong"),
    "a header alone": (HEADER.encode(), "file_has_no_rows"),
    "a header and empty lines": (f"{HEADER}\n\n\n".encode(), "file_has_no_rows"),
    "cut within a row": (GOOD.encode()[:-20], "file_truncated"),
    "cut within a quote": (f'{GOOD}P2,"K2'.encode(), "file_truncated"),
    "Latin letters": (GOOD.replace("Ann", "Begoña").encode("cp1252"), "file_encoding_wrong"),
    "UTF-16": (GOOD.encode("utf-16"), "file_encoding_wrong"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), "file_encoding_wrong"),
    "another delimiter": (GOOD.replace(",", ";").encode(), "mapping_column_missing"),
    "no header": (LINE.encode(), "mapping_column_missing"),
    "a header with an open quote": (f'"{GOOD}'.encode(), "header_unreadable"),
    "a column twice": (f"{HEADER},no\n{LINE},P9\n".encode(), "header_doubled"),
    "a column less": (GOOD.replace("premium", "prime").encode(), "mapping_column_missing"),
    "a web page": (b"<!doctype html>\n<title>502 Bad Gateway</title>\n", "mapping_column_missing"),
    "a packed file": (gzip.compress(GOOD.encode(), mtime=0), "file_encoding_wrong"),
    "the beginning of a Parquet file": (b"PAR1\x15\x04\x15", "file_not_parquet"),
}


@pytest.fixture
def store(database: Database) -> Database:
    return with_company(database)


def is_untouched(store: Database) -> bool:
    tables = ("intake_batch", "policy", "payer", "problem")
    return query(store, " union all ".join(f"select 1 from {table}" for table in tables)) == []


def test_a_faulty_file_is_refused_whole(store: Database, tmp_path: Path) -> None:
    for name, (content, code) in FILES.items():
        with pytest.raises(BillingError) as caught:
            import_text(store, tmp_path, content)
        assert (name, caught.value.code) == (name, code)
        assert is_untouched(store), name


def test_letters_of_utf8_under_another_encoding_refuse_the_file(store: Database, tmp_path: Path) -> None:
    content = GOOD.replace("Ann", "José Peña")
    with pytest.raises(BillingError, match="file_encoding_wrong"):
        import_text(store, tmp_path, content, mapping=replace(MAPPING, format=LATIN))
    assert is_untouched(store)


@pytest.mark.parametrize(
    "controls", [BookControls(rows=2), BookControls(premium={"EUR": "120.01"})], ids=["rows", "money"]
)
def test_a_control_total_that_is_wrong_refuses_the_file(
    store: Database, tmp_path: Path, controls: BookControls
) -> None:
    with pytest.raises(BillingError, match="control_total_wrong"):
        import_text(store, tmp_path, GOOD, controls=controls)
    assert is_untouched(store)


def test_a_book_that_lost_more_than_a_fifth_of_its_rows_is_refused(store: Database, tmp_path: Path) -> None:
    rows = [{"no": f"P{number}"} for number in range(10)]
    import_text(store, tmp_path, book(*rows))
    with pytest.raises(BillingError, match="row_count_dropped"):
        import_text(store, tmp_path, book(*rows[:7]))
    assert query(store, "select count(*) from intake_batch") == [(1,)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_a_byte_order_mark_make_the_same_book(
    store: Database, tmp_path: Path, end: str
) -> None:
    result = import_text(store, tmp_path, "\ufeff" + GOOD.replace("\n", end))
    assert result.facts["new_count"] == 1
    assert import_text(store, tmp_path, GOOD).facts["unchanged_count"] == 1


# What differs from a good row, and the problem that it makes; each row has a policy and a payer of its own.
BAD_CELLS: list[tuple[dict[str, str], str, str]] = [
    ({"no": ""}, "key_empty", "policy_number"),
    ({"no": "\u200b\u00a0"}, "key_empty", "policy_number"),
    ({"no": "9" * 300}, "key_too_long", "policy_number"),
    ({"no": "P\x07"}, "key_has_control_characters", "policy_number"),
    ({"no": "P\t1"}, "key_has_control_characters", "policy_number"),
    ({"no": '"P\n1"'}, "key_has_control_characters", "policy_number"),
    ({"no": "P\u200b1"}, "key_has_control_characters", "policy_number"),
    ({"payer": ""}, "payer_key_empty", "payer_key"),
    ({"payer": "K" * 300}, "key_too_long", "payer_key"),
    ({"name": ""}, "payer_name_empty", "payer_name"),
    ({"name": "\u200b\u200b"}, "payer_name_empty", "payer_name"),
    ({"street": "x" * 501}, "text_too_long", "payer_address_line_1"),
    ({"premium": ""}, "amount_empty", "premium"),
    ({"premium": "NaN"}, "amount_not_a_number", "premium"),
    ({"premium": "Infinity"}, "amount_not_a_number", "premium"),
    ({"premium": "1e309"}, "amount_not_a_number", "premium"),
    ({"premium": "0x10"}, "amount_not_a_number", "premium"),
    ({"premium": "١٢"}, "amount_not_a_number", "premium"),
    ({"premium": '"1.234,56"'}, "amount_not_a_number", "premium"),
    ({"premium": "12 34"}, "amount_not_a_number", "premium"),
    ({"premium": "1\u00a0234.50"}, "amount_not_a_number", "premium"),
    ({"premium": "12\x0034"}, "amount_not_a_number", "premium"),
    ({"premium": "EUR 10"}, "amount_not_a_number", "premium"),
    ({"premium": "1.005"}, "amount_too_fine", "premium"),
    ({"premium": "-1"}, "amount_negative", "premium"),
    ({"premium": "9" * 20}, "amount_out_of_range", "premium"),
    ({"currency": "PTS"}, "currency_unknown", "currency"),
    ({"currency": "eur"}, "currency_unknown", "currency"),
    ({"currency": ""}, "currency_unknown", "currency"),
    ({"currency": "JPY", "premium": "10.50"}, "amount_too_fine", "premium"),
    ({"from": ""}, "date_empty", "effective_date"),
    ({"from": "2024-02-30"}, "date_invalid", "effective_date"),
    ({"from": "2023-02-29"}, "date_invalid", "effective_date"),
    ({"from": "01/02/26"}, "date_invalid", "effective_date"),
    ({"from": "0000-00-00"}, "date_invalid", "effective_date"),
    ({"from": "45292"}, "date_invalid", "effective_date"),
    ({"from": "2024-01-01T00:00:00"}, "date_invalid", "effective_date"),
    ({"to": "9999-12-31"}, "date_out_of_range", "expiration_date"),
    ({"to": "2024-01-01"}, "end_before_start", "expiration_date"),
    ({"to": "2023-12-31"}, "end_before_start", "expiration_date"),
    ({"cover_to": "31.12.2024"}, "date_invalid", "cover_to_date"),
    ({"plan": "whenever"}, "plan_unknown", "plan_code"),
]
BAD_LINES = [
    ("P1", "row_shape"),
    (LINE + ",more", "row_shape"),
    (LINE.replace("Ann Lee", '"Ann'), "row_shape"),
    (LINE.replace("Ann Lee", 'An"n'), "row_shape"),
    (LINE.replace("Ann Lee", "Ann\udcf1").replace("P1,", "PX,"), "encoding_invalid"),
]
GOOD_ROWS = [{"no": f"G{number}", "payer": f"G{number}"} for number in range(600)]


def bad_book() -> tuple[str, list[tuple[str, str, str]]]:
    """Return a book of good rows with every bad one among them, and (row, code, field) of the bad ones."""
    lines, expected = book(*GOOD_ROWS[:300]).splitlines(), []
    for number, (cells, code, field) in enumerate(BAD_CELLS):
        row = {**ROW, "no": f"B{number}", "payer": f"B{number}", **cells}
        lines.append(",".join(row.values()))
        expected.append((lines[-1], code, field))
    for line, code in BAD_LINES:
        lines.append(line)
        expected.append((line.replace("\udcf1", "\\xf1"), code, ""))
    return "\n".join([*lines, *book(*GOOD_ROWS[300:]).splitlines()[1:], ""]), expected


def test_each_bad_row_is_kept_with_its_reason_and_the_others_go_on(store: Database, tmp_path: Path) -> None:
    content, expected = bad_book()
    facts = import_text(store, tmp_path, content.encode(errors="surrogateescape")).facts
    assert (facts["new_count"], facts["problem_count"]) == (600, len(expected))
    kept = query(store, "select original_row, problem_code, field_name from problem order by row_number")
    assert kept == [(row.replace("\0", "\u2400"), code, field) for row, code, field in expected]
    assert {code for _row, code, _field in expected} <= set(PROBLEM_CODES)
    ((totals,),) = query(store, "select control_totals from intake_batch")
    for sums in totals["premium"].values():
        assert sums["in"] == sums["accepted"] + sums["duplicate"] + sums["problem"]
    assert totals["premium"]["EUR"]["accepted"] == 600 * 12_000
    assert query(store, "select sum(premium_minor) from policy_term_version") == [(600 * 12_000,)]


def test_copies_are_duplicates_where_they_agree_and_problems_where_they_do_not(
    store: Database, tmp_path: Path
) -> None:
    same, other = {"no": "P1\u00a0", "name": "  Ann Lee"}, {"no": "P2", "payer": "K2"}
    facts = import_text(store, tmp_path, book({}, same, other, {**other, "premium": "1"}, {**other})).facts
    assert (facts["new_count"], facts["duplicate_count"], facts["problem_count"]) == (1, 1, 3)
    assert query(store, "select distinct problem_code from problem") == [("key_conflict",)]
    assert query(store, "select policy_number from policy") == [("P1",)]


@pytest.mark.parametrize(
    "mail",
    ["", "none", '"a@example.com\r\nBcc: b@example.com"', '"a@example.com,b@example.com"', "a@b@c.example"],
)
def test_a_row_without_one_deliverable_address_is_taken_and_counted(
    store: Database, tmp_path: Path, mail: str
) -> None:
    facts = import_text(store, tmp_path, book({"mail": mail})).facts
    assert (facts["new_count"], facts["email_missing_count"]) == (1, 1)
    assert facts["email_bad_count"] == int(mail != "")
    assert facts["problem_count"] == 0


EMAIL_PROBLEMS = "select field_name, original_value, is_open from problem order by problem_id"
LAST_EMAIL = "select content::jsonb ->> 'email' from payer_version order by payer_version_id desc limit 1"


def test_a_bad_email_is_told_and_does_not_replace_the_known_one(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    facts = import_text(store, tmp_path, book({"mail": "ann@@example.com"})).facts
    assert (facts["unchanged_count"], facts["problem_count"], facts["email_bad_count"]) == (1, 0, 1)
    assert query(store, EMAIL_PROBLEMS) == [("payer_email", "ann@@example.com", True)]
    assert query(store, LAST_EMAIL) == [("ann@example.com",)]
    assert query(store, "select hold_code from policy_term_version") == [(None,)]
    assert query(store, "select 1 from problem_hold") == []


def test_what_else_is_new_of_the_payer_is_taken_beside_a_bad_email(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    facts = import_text(store, tmp_path, book({"mail": "none", "street": "Calle Menor 2"})).facts
    assert facts["changed_count"] == 1
    assert query(store, LAST_EMAIL) == [("ann@example.com",)]
    [(content,)] = query(store, "select content from payer_version order by payer_version_id desc limit 1")
    assert json.loads(content)["address_lines"] == ["Calle Menor 2"]


@pytest.mark.parametrize("mail", ["", "ann@example.net"])
def test_the_problem_of_an_email_closes_by_a_book_that_puts_it_right(
    store: Database, tmp_path: Path, mail: str
) -> None:
    for said in ("ann@example.com", "none", mail):
        import_text(store, tmp_path, book({"mail": said}))
    assert query(store, EMAIL_PROBLEMS) == [("payer_email", "none", False)]
    assert query(store, LAST_EMAIL) == [(mail,)]


def test_the_same_bad_email_in_a_later_book_is_one_open_problem(store: Database, tmp_path: Path) -> None:
    for premium in ("120.00", "121.00"):
        import_text(store, tmp_path, book({"mail": "none", "premium": premium}))
    assert [is_open for *_, is_open in query(store, EMAIL_PROBLEMS)] == [False, True]


def test_a_refused_row_does_not_close_the_problem_of_an_email(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({"mail": "none"}))
    import_text(store, tmp_path, book({"premium": "-1"}))
    assert [(field, is_open) for field, _, is_open in query(store, EMAIL_PROBLEMS)] == [
        ("payer_email", True),
        ("premium", True),
    ]


def test_another_person_under_the_same_policy_does_not_get_the_address(
    store: Database, tmp_path: Path
) -> None:
    columns = {name: source for name, source in MAPPING.fields.items() if name != "payer_key"}
    keyless = replace(MAPPING, fields=columns)
    import_text(store, tmp_path, book({}), mapping=keyless)
    import_text(store, tmp_path, book({"name": "Bob Roe", "mail": "none"}), mapping=keyless)
    assert query(store, LAST_EMAIL) == [("",)]


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{7*7}} {% raw %}", "{{7*7}} {% raw %}"),
        ("\u202enimaJ\u202c", "\u202enimaJ\u202c"),
        ("N" * 10_000, "N" * 500),
        ("Jose\u0301\u00a0", "Jos\u00e9"),
        ("A\0B", "A B"),
        ("\\.", "\\."),
        ('"O\'Neil ""Jr"""', 'O\'Neil "Jr"'),
        ("'; drop table payer; --", "'; drop table payer; --"),
    ],
)
def test_a_name_is_kept_as_it_stands_within_what_can_be_printed(
    store: Database, tmp_path: Path, name: str, stored: str
) -> None:
    import_text(store, tmp_path, book({"name": name}))
    ((content,),) = query(store, "select content from payer_version")
    assert json.loads(content)["name"] == stored


@given(
    text=st.lists(
        st.sampled_from([*GOOD, '"', "\r", "\n", "\0", "\ufeff", "\u2028", "\udcff", "\x85", "é", "\x1a"]),
        max_size=12,
    ),
    place=st.integers(0, len(GOOD)),
    form=st.sampled_from(
        [BookFormat(), LATIN, BookFormat(encoding="utf-16"), BookFormat(quote=""), BookFormat(encoding="gbk")]
    ),
)
def test_whatever_stands_in_a_file_is_refused_or_becomes_rows(
    text: list[str], place: int, form: BookFormat
) -> None:
    content = (GOOD[:place] + "".join(text) + GOOD[place:]).encode(errors="surrogateescape")
    file = PolicyFile(name="book.csv", content=content, content_sha256="")
    mapping = replace(MAPPING, format=form)
    try:
        raw = PolicyFiles().read(file, mapping).frame
    except BillingError:
        return
    rows = checked_rows(raw, mapping, {"monthly"}, None)
    assert rows.height == raw.height > 0
    assert rows["status"].is_in(["accepted", "duplicate", "problem"]).all()
