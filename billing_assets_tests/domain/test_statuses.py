"""Events as CloudEvents: one id for one thing, nothing of a person, amounts in minor units and as text."""

from dataclasses import replace

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.statuses import SAMPLE, FactKind, StatusKind, cloud_event, event_id, kinds_of


def test_the_id_follows_from_the_thing_and_from_nothing_that_telling_adds() -> None:
    told_again = replace(SAMPLE, event_number=99, open_minor=5, told_at=SAMPLE.told_at.replace(year=2030))
    assert event_id("demo", told_again) == event_id("demo", SAMPLE)
    others = [
        replace(SAMPLE, fact_id=13),
        replace(SAMPLE, fact_turn=1),
        replace(SAMPLE, fact_kind=FactKind.DUE),
        replace(SAMPLE, event_kind=StatusKind.PART_PAID),
    ]
    ids = {event_id("demo", event) for event in (SAMPLE, *others)} | {event_id("other", SAMPLE)}
    assert len(ids) == 6


@pytest.mark.parametrize(("currency", "text"), [("EUR", "123.45"), ("JPY", "12345"), ("KWD", "12.345")])
def test_amounts_have_the_point_of_their_currency(currency: str, text: str) -> None:
    data = cloud_event("demo", replace(SAMPLE, currency=currency))["data"]
    assert (data["total_minor"], data["total"]) == (12345, text)


def test_sequences_sort_as_texts_as_numbers_do() -> None:
    texts = [
        cloud_event("demo", replace(SAMPLE, event_number=number))["sequence"] for number in (9, 10, 2**62)
    ]
    assert texts == sorted(texts)


def test_kinds_are_named_shortly_or_in_full_and_none_means_all() -> None:
    assert kinds_of([]) == tuple(StatusKind)
    with pytest.raises(BillingError, match="no status 'lost'"):
        kinds_of(["paid", "lost"])
