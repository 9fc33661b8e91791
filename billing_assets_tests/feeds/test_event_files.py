"""Files of events are taken whole, numbers as they are written, or refused with every bad row named."""

import io
import json
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_events import EventKind
from billing_assets.feeds.event_files import read_event_file

HEAD = {"event_key": "e1", "event_kind": "policy", "version": 7}


def test_json_lines_and_csv_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps(HEAD)[:-1] + ', "policy_number": "P-1", "premium": 1200.10, "payer_email": null}'
    json_lines, table = tmp_path / "events.ndjson", tmp_path / "events.csv"
    json_lines.write_text(f"\n{line}\n", encoding="utf-8")
    table.write_text(
        "event_key,event_kind,version,policy_number,premium,method\ne1,policy,7,P-1,1200.10,\n",
        encoding="utf-8",
    )
    (event,) = read_event_file(json_lines)
    assert (event.event_kind, event.version) == (EventKind.POLICY, 7)
    assert event.body == {"policy_number": "P-1", "premium": "1200.10"}
    assert read_event_file(table) == (event,)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json_lines.read_bytes())))
    assert read_event_file(Path("-")) == (event,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"event_key": ""}, "'event_key' is empty"),
        ({"event_kind": "payer"}, "neither policy nor change"),
        ({"version": 0}, "'version' is '0'"),
        ({"version": "9" * 30}, "no whole number"),
        ({"premum": "1"}, "'premum' is no field"),
        ({"change_number": "1"}, "'change_number' is no field"),
        ({"premium": {"amount": 1}}, "'premium' is neither text nor a number"),
        ({"payer_name": "a" * 100_001}, "too long"),
        ({"payer_name": '"' * 50_000}, "too long"),
        ({"payer_name": "\ud800"}, "'payer_name' is neither text"),
        ({"version": "0" * 19 + "1" + "0" * 9}, "no whole number"),
    ],
)
def test_what_is_no_event_is_named_with_its_row(fields: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in (HEAD, {**HEAD, **fields}, HEAD)), encoding="utf-8")
    with pytest.raises(BillingError, match="event_row_invalid") as caught:
        read_event_file(path)
    assert "row 2: " in caught.value.found
    assert said in caught.value.found
    assert "row 1" not in caught.value.found


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"a": 1}\n{', "row 2: it is no JSON"), (b'{}\n["x"]', "no JSON object"), (b"\xff{}", "not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(content)
    with pytest.raises(BillingError, match=said):
        read_event_file(path)


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("premium,premium", "1,2", "'premium' twice"),
        ("premium,payer_name", "1", "row 1: it has fewer fields"),
    ],
)
def test_a_table_with_a_column_twice_or_a_row_cut_off_is_refused(
    header: str, row: str, said: str, tmp_path: Path
) -> None:
    """The last of two premiums would win, and what a cut off row says would be taken as all there is."""
    path = tmp_path / "events.csv"
    path.write_text(f"event_key,event_kind,version,{header}\ne1,policy,7,{row}\n", encoding="utf-8")
    with pytest.raises(BillingError, match=said):
        read_event_file(path)


def test_a_line_ends_where_json_lines_end_it(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    said = {**HEAD, "payer_name": "Ann\u2028Lee"}
    path.write_text(json.dumps(said, ensure_ascii=False) + "\r\n", encoding="utf-8", newline="")
    assert read_event_file(path)[0].body == {"payer_name": "Ann\u2028Lee"}
