"""Events read as the rows of a file, each with its own words and its own fault."""

from pathlib import Path

from billing_assets.domain.policy_events import EventKind, OpenEvent
from billing_assets.steps.event_rows import (
    EVENT_MAPPING,
    EventBook,
    EventChanges,
    with_one_word_of_each_payer,
)

PATH = Path("policy events")


def event(number: int, kind: EventKind = EventKind.POLICY, **fields: object) -> OpenEvent:
    return OpenEvent(event_id=number, event_kind=kind, version=1, fields=fields, original=f"row {number}")


def test_a_payer_without_a_key_has_the_number_of_the_policy_for_it() -> None:
    book = EventBook([event(1, policy_number="P-1"), event(2, policy_number="P-2", payer_key="K")])
    frame = book.read(book.open(PATH), EVENT_MAPPING).frame
    assert frame["cell:payer_key"].to_list() == ["P-1", "K"]
    assert frame.select("row_number", "original_row", "row_fault").rows() == [
        (1, "row 1", None),
        (2, "row 2", None),
    ]


def test_a_row_has_the_fault_of_its_event() -> None:
    changes = EventChanges([event(1, EventKind.CHANGE, policy_number="P-1", payer="x")])
    (row,) = changes.read(changes.open(PATH))
    assert (row.row_fault, row.cells["policy_number"], row.cells["method"]) == ("event_malformed", "P-1", "")


def test_two_batches_that_say_the_same_are_no_repeat() -> None:
    first, second = (EventBook([event(number, policy_number="P-1")]).open(PATH) for number in (1, 2))
    assert first.content_sha256 != second.content_sha256


def test_an_event_that_is_refused_anyway_says_nothing_of_its_payer() -> None:
    bad = event(1, payer_key="K", payer_name="x", premum="1")
    good = event(2, payer_key="K", payer_name="Ann")
    assert with_one_word_of_each_payer([bad, good]) == [bad, good]
