"""A file of requests comes in whole, or is refused with every row that cannot be read."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import InboxEntry
from billing_assets.feeds.inbox_files import read_inbox_file

WANTED = (
    InboxEntry(request_key="a", policy_number="P-1"),
    InboxEntry(request_key="b", policy_number="P-2", until=date(2025, 1, 31)),
)


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", "request_key,policy_number,until\na,P-1,\nb,P-2,2025-01-31\n"),
        ("r.csv", "\ufeffpolicy_number,request_key,until\r\nP-1,a,\r\nP-2,b,2025-01-31\r\n"),
        (
            "r.jsonl",
            (
                '{"request_key": "a", "policy_number": "P-1"}\n\n{"request_key": "b", '
                '"policy_number": "P-2", "until": "2025-01-31"}\n'
            ),
        ),
    ],
)
def test_csv_and_json_lines_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    assert read_inbox_file(written(tmp_path, name, content)) == WANTED


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("r.csv", "request_key,policy_number\na,P-1\n,P-2\n", "r.csv: row 2: 'request_key' is empty"),
        ("r.csv", "request_key,policy_number,until\na,P-1,31.1.25\n", "'until' is '31.1.25'"),
        ("r.csv", "request_key,policy_number,amount\na,P-1,5\n", "'amount' is no field"),
        ("r.csv", "request_key,policy_number\na,P-1,5\n", "'None' is no field"),
        ("r.jsonl", '{"request_key": "a"}\n', "'policy_number' is empty"),
        ("r.jsonl", "[]\n", "r.jsonl: row 1: it is no JSON object"),
        ("r.jsonl", "a,b\n", "r.jsonl: row 1: it is no JSON"),
        ("r.jsonl", '"it is a text"\n', "r.jsonl: row 1: it is no JSON object"),
        ("r.csv", "request_key,policy_number\na,\x00\n", "row 1: "),
    ],
)
def test_a_row_that_cannot_be_read_refuses_the_file(tmp_path: Path, name: str, row: str, said: str) -> None:
    with pytest.raises(BillingError) as caught:
        read_inbox_file(written(tmp_path, name, row))
    assert caught.value.code == "inbox_row_invalid"
    assert said in caught.value.found


def test_every_bad_row_is_named_with_its_field_and_all_are_counted(tmp_path: Path) -> None:
    rows = "request_key,policy_number,until\na,P-1,\n,P-2,\nc,P-3,soon\nd,,\n"
    with pytest.raises(BillingError) as caught:
        read_inbox_file(written(tmp_path, "r.csv", rows))
    found = caught.value.found
    assert found.startswith("r.csv: row 2: 'request_key' is empty")
    assert "row 3: 'until' is 'soon'" in found
    assert "row 4: 'policy_number' is empty" in found
    assert "row 1" not in found
    with pytest.raises(BillingError, match="and 50 more"):
        read_inbox_file(written(tmp_path, "many.jsonl", "[]\n" * 150))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("request_key,policy_number\né,P-1\n".encode("latin-1"))
    with pytest.raises(BillingError, match="not UTF-8"):
        read_inbox_file(path)
