"""What a hold says: read from texts, every fault named, and the days that it covers."""

from datetime import UTC, date, datetime

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import (
    Hold,
    HoldClock,
    HoldTerms,
    hold_faults,
    hold_from,
    hold_texts,
    hold_unknown,
    is_of_place,
    stopped,
)

STORM = {
    "clocks": "send, bill",
    "place_codes": "US-FL\nUS-GA, US-FL",
    "product_codes": "private motor, home",
    "from_date": "2025-09-28",
    "until_date": "2025-10-31",
}
FIRST, LAST = date(2025, 9, 28), date(2025, 10, 31)
AT = datetime(2025, 9, 28, 7, tzinfo=UTC)


def test_a_hold_is_read_from_texts_and_written_as_them() -> None:
    storm = hold_from(STORM)
    assert storm.clocks == (HoldClock.BILL, HoldClock.SEND)
    assert storm.place_codes == ("US-FL", "US-GA")
    assert storm.product_codes == ("private motor", "home")
    assert (storm.from_date, storm.until_date) == (FIRST, LAST)
    assert hold_from(hold_texts(storm)) == storm


def test_a_hold_of_everything_has_no_codes_and_may_have_no_end() -> None:
    everywhere = hold_from({"clocks": "bill", "from_date": "2025-09-28"})
    assert (everywhere.place_codes, everywhere.product_codes, everywhere.until_date) == ((), (), None)
    assert everywhere.covers(date(2999, 1, 1))


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("clocks", "", "is missing; choose from bill, send"),
        ("clocks", "bill, coffee", "'coffee' is no clock"),
        ("place_codes", "US-FL Narnia", "is no place"),
        ("place_codes", "us-fl", "is no place"),
        ("product_codes", "p" * 101, "is too long"),
        ("product_codes", ",".join(f"p{number}" for number in range(201)), "names more than 200"),
        ("from_date", "", "is missing; write a date"),
        ("from_date", "28.9.2025", "is no date"),
        ("until_date", "2025-02-30", "is no date"),
        ("from_date", "0001-01-01", "lies before 1950-01-01"),
        ("until_date", "9999-12-31", "or after 2199-12-31"),
        ("until_date", "2025-09-27", "lies before the first day"),
        ("until", "2025-10-01", "there is no such field"),
    ],
)
def test_what_is_wrong_is_told_by_field(field: str, text: str, words: str) -> None:
    [fault] = hold_faults({**STORM, field: text})
    assert fault.field == field
    assert words in fault.words
    with pytest.raises(BillingError, match=field) as refused:
        hold_from({**STORM, field: text})
    assert refused.value.code == "hold_invalid"


def test_every_fault_is_told_at_once() -> None:
    assert [fault.field for fault in hold_faults({"clocks": "x", "from_date": "y", "until_date": "z"})] == [
        "clocks",
        "from_date",
        "until_date",
    ]


@pytest.mark.parametrize(
    ("day", "is_stopped"),
    [
        (date(2025, 9, 27), False),
        (FIRST, True),
        (LAST, True),
        (date(2025, 11, 1), False),
    ],
)
def test_both_ends_are_days_of_the_hold(day: date, is_stopped: bool) -> None:
    storm = hold_from(STORM)
    assert storm.covers(day) is is_stopped
    hold = Hold(hold_id=1, terms=storm, reason="storm", set_by="ana", set_at=AT)
    assert hold.stops(HoldClock.BILL, [day]) is is_stopped


def test_it_stops_its_own_clocks_on_any_of_the_days_until_it_is_lifted() -> None:
    terms = HoldTerms(clocks=(HoldClock.SEND,), from_date=FIRST)
    hold = Hold(hold_id=1, terms=terms, reason="storm", set_by="ana", set_at=AT)
    assert hold.stops(HoldClock.SEND, [date(2025, 1, 1), FIRST])
    assert not hold.stops(HoldClock.BILL, [FIRST])
    assert not hold.stops(HoldClock.SEND, [])
    lifted = Hold(
        hold_id=1, terms=terms, reason="storm", set_by="ana", set_at=AT, lifted_at=AT, lifted_by="bea"
    )
    assert not lifted.stops(HoldClock.SEND, [FIRST])


def test_only_those_that_stop_the_clock_are_asked() -> None:
    storm = hold_from(STORM)
    hold = Hold(hold_id=1, terms=storm, reason="storm", set_by="ana", set_at=AT)
    assert stopped(HoldClock.BILL, [hold], [FIRST]) == (storm,)
    assert stopped(HoldClock.BILL, [hold], [date(2025, 1, 1)]) == ()


def test_a_state_lies_in_its_country_and_not_in_one_whose_code_begins_alike() -> None:
    assert is_of_place("US-FL", "US")
    assert not is_of_place("US-FL", "US-F")
    assert not is_of_place("US", "US-FL")


def test_an_unknown_hold_says_where_they_are_listed() -> None:
    assert hold_unknown(9).code == "hold_unknown"
    assert "billing holds list" in hold_unknown(9).todo
