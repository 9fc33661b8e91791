"""What a schedule may say: every wrong field is named at once, and texts go there and back."""

import pytest

from billing_assets.domain.activity_schedules import (
    ActivitySchedule,
    require_code,
    schedule_from,
    schedule_texts,
    schedule_unknown,
)
from billing_assets.domain.errors import BillingError

NIGHTLY = {
    "name": "Nightly run",
    "activity": "invoice_run",
    "frequency_code": "daily",
    "anchor_date": "2025-01-01",
    "at_times": "06:00",
    "time_zone": "Europe/Madrid",
    "owner": "billing operations",
}
FULL = {
    **NIGHTLY,
    "frequency_code": "own_rule",
    "pattern": "FREQ=MONTHLY;BYDAY=2TU",
    "until_date": "2030-12-31",
    "at_times": "18:30 06:00",
    "calendar_code": "target+ES",
    "roll": "modified_following",
    "lead_days": "3",
    "lead_unit": "business",
}


@pytest.mark.parametrize("texts", [NIGHTLY, FULL])
def test_a_schedule_written_as_texts_is_read_back_as_it_was(texts: dict[str, str]) -> None:
    schedule = schedule_from(texts)
    assert schedule_from(schedule_texts(schedule)) == schedule
    assert set(schedule_texts(schedule)) == set(ActivitySchedule.__slots__)


def test_times_of_day_stand_in_order_and_once() -> None:
    assert (
        schedule_texts(schedule_from({**NIGHTLY, "at_times": "18:30,06:00 06:00"}))["at_times"]
        == "06:00 18:30"
    )


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("name", "", "name: is missing"),
        ("owner", "x" * 101, "at most 100 characters"),
        ("activity", "coffee", "choose from invoice_run"),
        ("frequency_code", "sometimes", "choose from one_off"),
        ("anchor_date", "1 May", "write a date as 2025-01-31"),
        ("at_times", "25:00", "as 06:00 18:30"),
        ("at_times", "06:00 " * 97, "from 1 to 96"),
        ("time_zone", "Mars/North", "Europe/Madrid"),
        ("calendar_code", "ZZ9", "is no calendar"),
        ("roll", "sideways", "choose from none"),
        ("lead_days", "61", "from 0 to 60"),
        ("lead_days", "-1", "from 0 to 60"),
        ("roll", "following", "a roll needs the calendar"),
        ("lead_unit", "business", "business days need a calendar"),
        ("until_date", "2024-12-31", "lies before the anchor date"),
        ("pattern", "FREQ=DAILY", "belongs to own_rule and own_dates only"),
        ("frequency_code", "own_dates", "write the rule or the dates"),
        ("colour", "blue", "there is no such field"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_should_be(field: str, text: str, words: str) -> None:
    with pytest.raises(BillingError) as raised:
        schedule_from({**NIGHTLY, field: text})
    assert raised.value.code == "schedule_invalid"
    assert words in raised.value.found


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(BillingError) as raised:
        schedule_from({**NIGHTLY, "activity": "x", "at_times": "y", "owner": ""})
    assert all(f"{name}: " in raised.value.found for name in ("activity", "at_times", "owner"))


def test_a_schedule_that_fires_once_has_no_lead() -> None:
    with pytest.raises(BillingError, match="fires once"):
        schedule_from({**NIGHTLY, "frequency_code": "one_off", "lead_days": "2"})


def test_a_code_is_a_word_of_small_letters() -> None:
    assert require_code("nightly-2") == "nightly-2"
    for code in ("", "Nightly", "2nd", "a b", "x" * 41):
        with pytest.raises(BillingError, match="no code of a schedule"):
            require_code(code)


def test_an_unknown_code_is_told() -> None:
    assert schedule_unknown("x").code == "schedule_unknown"


def test_a_selection_is_of_an_invoice_run_alone_and_older_contents_have_none() -> None:
    selected = schedule_from({**NIGHTLY, "product_codes": "motor, home", "place_codes": "GB,ES"})
    assert selected.selection.words() == "product home, motor; place ES, GB"
    assert schedule_texts(selected)["product_codes"] == "home, motor"
    assert schedule_from(schedule_texts(selected)) == selected
    assert schedule_from(NIGHTLY).selection.is_everything
    with pytest.raises(BillingError, match="payer_groups: belongs to invoice_run only"):
        schedule_from({**NIGHTLY, "activity": "invariant_check", "payer_groups": "fleet"})
    with pytest.raises(BillingError, match="place_codes: 'Atlantis' there is no place"):
        schedule_from({**NIGHTLY, "place_codes": "Atlantis"})
